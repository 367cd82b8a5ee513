import { RedisClient } from '@redis/client'
import type { RedisAccess } from './start-redis.ts'

const make = RedisClient.factory({ RESP: 2 })

/** `createClient` makes its class anew for each password, which takes longer than all the rest. */
export function newRedisClient(
  { host, port, caPem }: Pick<RedisAccess, 'host' | 'port' | 'caPem'>,
  username: string,
  password: string,
) {
  const options = {
    RESP: 2 as const,
    socket: {
      host,
      port,
      reconnectStrategy: false as const,
      ...(caPem === undefined ? {} : { tls: true as const, ca: caPem }),
    },
    disableClientInfo: true,
    maintNotifications: 'disabled' as const,
    username,
    password,
  }
  const client = make(options)
  // The server ends it in many tests; unheard, that would end the process.
  client.on('error', () => undefined)
  return client
}

/** One command as the user `default`; the answer as text. */
export async function runRedis(access: RedisAccess, ...command: readonly string[]): Promise<string> {
  const client = newRedisClient(access, 'default', access.password)
  await client.connect()
  try {
    const reply: unknown = await client.sendCommand([...command])
    return Array.isArray(reply) ? reply.join(',') : String(reply)
  } finally {
    client.destroy()
  }
}
