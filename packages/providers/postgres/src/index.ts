export { hostBasedRules } from './host-based-rules.ts'
export {
  type CertificateGuideInput,
  certificateGuide,
  type CreateroleGuideInput,
  createroleGuide,
  type GuideInput,
  functionsGuide,
  type RotationGuideInput,
  rotationGuide,
} from './postgres-guide.ts'
export { type PostgresPermission, postgresPermission } from './postgres-permission.ts'
export { type PostgresTarget, postgresProvider } from './postgres-provider.ts'
export { type PostgresSecret, type PostgresSettings, postgresSecret, postgresSettings } from './postgres-settings.ts'
