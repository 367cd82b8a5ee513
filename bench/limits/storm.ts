/**
 * The limit of ending very many accounts: as many made in bulk at the same PostgreSQL and Redis, and ended at both at once by
 * the best raw procedures that we know, by whoever may do everything: 1,000 roles at a time over two connections, cut as in
 * `postgres-revoke.ts` (NOLOGIN, sessions ended, looked for again) and dropped; ACL DELUSER with 500 names a command, which
 * ends sessions too. Nothing is read from a store before, and nothing written down after.
 */
import pg from 'pg'
import { measureRawRevoke } from './postgres-revoke.ts'
import type { RawRedis } from './redis-raw.ts'

const rolesAtOnce = 1_000
const usersAtOnce = 500

/** @returns accounts that are cut and absent a second, both together */
export async function measureRawStorm(
  superuser: string,
  group: string,
  redis: RawRedis,
  each: number,
): Promise<number> {
  const names = Array.from({ length: each }, (_, at) => `raw_${at}`)
  const clients = [new pg.Client(superuser), new pg.Client(superuser)] as const
  await Promise.all(clients.map((client) => client.connect()))
  try {
    for (const some of batches(names, rolesAtOnce)) {
      await clients[0].query(some.map((name) => `create role ${name} login in role ${group}`).join('; '))
      await Promise.all(some.map((name) => redis.send(['ACL', 'SETUSER', name, 'reset', 'on', '+@read', '~orders:*'])))
    }
    const startMs = performance.now()
    const roles = batches(names, rolesAtOnce).values()
    await Promise.all([
      ...clients.map(async (client) => {
        for (const some of roles) await measureRawRevoke(client, some)
      }),
      (async () => {
        for (const some of batches(names, usersAtOnce)) await redis.send(['ACL', 'DELUSER', ...some])
      })(),
    ])
    return (each * 2 * 1_000) / (performance.now() - startMs)
  } finally {
    await Promise.all(clients.map((client) => client.end()))
  }
}

function batches(names: readonly string[], size: number): readonly (readonly string[])[] {
  const result: (readonly string[])[] = []
  for (let at = 0; at < names.length; at += size) result.push(names.slice(at, at + size))
  return result
}
