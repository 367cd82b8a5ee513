export { type CreateroleGuideInput, createroleGuide, type GuideInput, functionsGuide } from './postgres-guide.ts'
export { type PostgresPermission, postgresPermission } from './postgres-permission.ts'
export { type PostgresTarget, postgresProvider } from './postgres-provider.ts'
export { type PostgresSecret, type PostgresSettings, postgresSecret, postgresSettings } from './postgres-settings.ts'
