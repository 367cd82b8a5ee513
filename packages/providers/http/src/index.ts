export { type HttpPermission, httpPermission } from './http-permission.ts'
export { type HttpTarget, httpProvider } from './http-provider.ts'
export { type HttpSecret, httpSecret, type HttpSettings, httpSettings } from './http-settings.ts'
