export { type X509Permission, x509Permission } from './x509-permission.ts'
export { type X509Target, x509Provider } from './x509-provider.ts'
export { type X509Secret, x509Secret, type X509Settings, x509Settings } from './x509-settings.ts'
