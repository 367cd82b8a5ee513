import { redisProvider } from '@mayfly/provider-redis'
import type { Provider } from '../../packages/server/src/adapters/targets/targets.ts'
import { newRedisClient } from '../../test/support/servers/run-redis.ts'
import { logsInRaw, openRawRedis } from '../limits/redis-raw.ts'
import { type BenchRedis, permission, startBenchRedis } from '../redis-target.ts'
import { type DeadTarget, type Fields, textOf } from './dead-target.ts'

export async function startDeadRedis(): Promise<DeadTarget & { readonly access: BenchRedis['access'] }> {
  const bench = await startBenchRedis()
  const admin = newRedisClient(bench.access, 'default', bench.access.password)
  await admin.connect()
  const loginOf = (fields: Fields) => [bench.access, textOf(fields, 'username'), textOf(fields, 'password')] as const
  return {
    kind: 'redis',
    access: bench.access,
    provider: redisProvider as unknown as Provider,
    resource: { ...bench.place, permission },
    logIn: (fields) => logsInRaw(...loginOf(fields)),
    async hold(fields) {
      const session = await openRawRedis(...loginOf(fields))
      return { ended: session.ended, close: () => session.close() }
    },
    async present(handles) {
      const users = new Set((await admin.sendCommand(['ACL', 'USERS'])) as unknown as readonly string[])
      return new Set(handles.map(({ accountName }) => accountName).filter((name) => users.has(name)))
    },
    async close() {
      admin.destroy()
      await bench.close()
    },
  }
}
