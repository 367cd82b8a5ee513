export { canLogIn } from './can-log-in.ts'
export { clusterUrl, withClient } from './cluster-access.ts'
export { createTargetDatabase, type TargetDatabase, type TargetLogin } from './create-target-database.ts'
export { createTestDatabase, type TestDatabase } from './create-test-database.ts'
export { findFreePort } from '../../packages/server/src/adapters/embedded-postgres/find-free-port.ts'
export type { ClusterAccess, StoreAccess } from './provided.ts'
export {
  giveToServer,
  startDurableCluster,
  type DurableCluster,
  type DurableClusterOptions,
} from './start-durable-cluster.ts'
export { newRedisClient, runRedis } from './servers/run-redis.ts'
export { type RedisAccess, type RedisServer, startRedis } from './servers/start-redis.ts'
export { startRedisCluster } from './servers/start-redis-cluster.ts'
export { useServer } from './servers/use-server.ts'
export { makeTempDir } from './temp-dir.ts'
export { until } from './until.ts'
