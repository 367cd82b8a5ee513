export { staticProvider, type StaticProvider, type StaticTarget } from './static-provider.ts'
export type { StaticPermission, StaticSecret, StaticSettings } from './static-settings.ts'
export type { StaticSystem } from './static-system.ts'
