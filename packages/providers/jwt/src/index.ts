export { jwtProvider } from './jwt-provider.ts'
export { type JwtPermission, jwtPermission } from './jwt-permission.ts'
export { type JwtSettings, jwtSettings } from './jwt-settings.ts'
