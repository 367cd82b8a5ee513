export { UsageError } from '@mayfly/client/login'
