export { type GuideInput, mariadbGuide, mysql8Guide } from './mysql-guide.ts'
export { type MysqlPermission, mysqlPermission } from './mysql-permission.ts'
export { mysqlProvider, type MysqlTarget } from './mysql-provider.ts'
export { type MysqlSecret, mysqlSecret, type MysqlSettings, mysqlSettings } from './mysql-settings.ts'
