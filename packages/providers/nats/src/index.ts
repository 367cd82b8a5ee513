export { natsGuide, systemRights } from './nats-guide.ts'
export { type NatsPermission, natsPermission } from './nats-permission.ts'
export { type NatsTarget, natsProvider } from './nats-provider.ts'
export { type NatsSecret, type NatsSettings, natsSecret, natsSettings } from './nats-settings.ts'
