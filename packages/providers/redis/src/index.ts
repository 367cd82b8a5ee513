export { adminKeys, adminRights, redisGuide } from './redis-guide.ts'
export { permittedCategories, type RedisPermission, redisPermission } from './redis-permission.ts'
export { type RedisTarget, redisProvider } from './redis-provider.ts'
export { type RedisSecret, type RedisSettings, redisSecret, redisSettings } from './redis-settings.ts'
