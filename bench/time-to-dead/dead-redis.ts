import { redisProvider } from '@mayfly/provider-redis'
import { ErrorReply } from '@redis/client'
import type { Provider } from '../../packages/server/src/adapters/targets/targets.ts'
import { newRedisClient } from '../../test/support/servers/run-redis.ts'
import { permission, startBenchRedis } from '../redis-target.ts'
import { type DeadTarget, type Fields, textOf } from './dead-target.ts'

export async function startDeadRedis(): Promise<DeadTarget> {
  const bench = await startBenchRedis()
  const admin = newRedisClient(bench.access, 'default', bench.access.password)
  await admin.connect()
  const connect = async (fields: Fields) => {
    const client = newRedisClient(bench.access, textOf(fields, 'username'), textOf(fields, 'password'))
    await client.connect()
    return client
  }
  return {
    kind: 'redis',
    provider: redisProvider as unknown as Provider,
    resource: { ...bench.place, permission },
    async logIn(fields) {
      try {
        const client = await connect(fields)
        client.destroy()
        return true
      } catch (error) {
        if (error instanceof ErrorReply && /WRONGPASS/.test(error.message)) return false
        throw error
      }
    },
    async hold(fields) {
      const client = await connect(fields)
      return {
        ended: new Promise((resolve) => {
          client.once('error', () => resolve())
          client.once('end', () => resolve())
        }),
        close: () => {
          if (client.isOpen) client.destroy()
        },
      }
    },
    async present(handles) {
      const names = handles.map(({ accountName }) => accountName)
      const users = new Set((await admin.sendCommand(['ACL', 'USERS'])) as unknown as readonly string[])
      return new Set(names.filter((name) => users.has(name)))
    },
    async close() {
      admin.destroy()
      await bench.close()
    },
  }
}
