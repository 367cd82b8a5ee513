import { createClient } from '@redis/client'
import type { RedisAccess } from './start-redis.ts'

/** One command as the user `default`; the answer as text. */
export async function runRedis(access: RedisAccess, ...command: readonly string[]): Promise<string> {
  const { host, port, password, caPem } = access
  const client = createClient({
    socket: {
      host,
      port,
      reconnectStrategy: false,
      ...(caPem === undefined ? {} : { tls: true as const, ca: caPem }),
    },
    RESP: 2,
    disableClientInfo: true,
    password,
  })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return String(await client.sendCommand([...command]))
  } finally {
    client.destroy()
  }
}
