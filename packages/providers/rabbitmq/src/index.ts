export { patternOf, type RabbitmqPermission, rabbitmqPermission } from './rabbitmq-permission.ts'
export { type RabbitmqTarget, rabbitmqProvider } from './rabbitmq-provider.ts'
export { type RabbitmqSecret, rabbitmqSecret, type RabbitmqSettings, rabbitmqSettings } from './rabbitmq-settings.ts'
