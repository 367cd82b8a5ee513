import { redisProvider } from '@mayfly/provider-redis'
import type { Provider } from '../../packages/server/src/adapters/targets/targets.ts'
import { newRedisClient } from '../../test/support/servers/run-redis.ts'
import { openRawRedis } from '../limits/redis-raw.ts'
import { permission, startBenchRedis } from '../redis-target.ts'
import { type DeadTarget, type Fields, textOf } from './dead-target.ts'

export async function startDeadRedis(): Promise<DeadTarget> {
  const bench = await startBenchRedis()
  const admin = newRedisClient(bench.access, 'default', bench.access.password)
  await admin.connect()
  const connect = (fields: Fields) => openRawRedis(bench.access, textOf(fields, 'username'), textOf(fields, 'password'))
  return {
    kind: 'redis',
    provider: redisProvider as unknown as Provider,
    resource: { ...bench.place, permission },
    async logIn(fields) {
      try {
        const login = await connect(fields)
        login.close()
        return true
      } catch (error) {
        // `closed`: ended by the server while it logged in.
        if (error instanceof Error && /^-WRONGPASS|^closed$/.test(error.message)) return false
        throw error
      }
    },
    async hold(fields) {
      const session = await connect(fields)
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
