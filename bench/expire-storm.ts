/**
 * 100,000 credentials whose ends all fell within the last minute, half of them at a PostgreSQL and half at a Redis, as a Mayfly
 * finds them that was away for that minute: how many a second are absent, seen at the targets by clients that are not ours,
 * against raw ends of as many. Before they end they are swept, since nothing takes longer than to issue so many. The whole of Mayfly short of HTTP is on the way: the workers, their transactions and entries,
 * the providers.
 */
import { credentialOfAccountName } from '@mayfly/provider-kit'
import pg from 'pg'
import { sql } from 'kysely'
import { setTimeout as pause } from 'node:timers/promises'
import { type Bench, rateResult, rounded } from './bench.ts'
import { newRedisClient } from '../test/support/servers/run-redis.ts'
import { openRawRedis } from './limits/redis-raw.ts'
import { measureRawStorm } from './limits/storm.ts'
import { group } from './postgres-target.ts'
import { measureSweep } from './sweep.ts'
import { fillTargets, type FilledTargets, wantedCredentials } from './storm/fill-targets.ts'

const lookEveryMs = 250
type RedisClient = ReturnType<typeof newRedisClient>

export const expireStorm: Bench = {
  name: 'expire-storm',
  about: 'very many credentials end at once at PostgreSQL and Redis, until absent there, against raw ends of as many',
  async run(say) {
    const count = wantedCredentials(100_000)
    const filled = await fillTargets(count / 2, say)
    const raw = await openRawRedis(filled.redis, 'default', filled.redis.password)
    const superuser = new pg.Client(filled.superuser)
    const redis = newRedisClient(filled.redis, 'default', filled.redis.password)
    await Promise.all([superuser.connect(), redis.connect()])
    try {
      const left = () => countLeft(superuser, redis)
      if ((await left()) !== count) throw new Error('what was issued is not there')
      const swept = await measureSweep(filled, count, say)
      const { absentSeconds, recordedSeconds } = await drain(filled, left, say)
      const limit = await measureRawStorm(filled.superuser, group, raw, count / 2)
      return [
        swept,
        rateResult(
          'expire-storm',
          'absent/s',
          [count / absentSeconds],
          [limit],
          'NOLOGIN, sessions ended, DROP ROLE and ACL DELUSER with many names, both at once',
          { credentials: count, seconds: rounded(absentSeconds), recorded_seconds: rounded(recordedSeconds) },
        ),
      ]
    } finally {
      raw.close()
      redis.destroy()
      await superuser.end()
      await filled.close()
    }
  },
}

/** Accounts of Mayfly's at both targets, as they themselves say. */
async function countLeft(superuser: pg.Client, redis: RedisClient): Promise<number> {
  const { rows } = await superuser.query<{ count: number }>(
    `select count(*)::int as count from pg_roles where rolname ~ '^mayfly_[0-9a-f]{32}$'`,
  )
  const users = (await redis.sendCommand(['ACL', 'USERS'])) as unknown as readonly string[]
  return (rows[0]?.count ?? 0) + users.filter((name) => credentialOfAccountName(name) !== undefined).length
}

async function drain(
  { mayfly: { life } }: FilledTargets,
  left: () => Promise<number>,
  say: (line: string) => void,
): Promise<{ readonly absentSeconds: number; readonly recordedSeconds: number }> {
  await life.stopWorkers()
  await life.inTenant((tx) =>
    sql`update credential set expires_at = now() - random() * interval '1 minute' where state = 'active'`.execute(
      tx.query,
    ),
  )
  say('all are due')
  const startMs = performance.now()
  const seconds = () => (performance.now() - startMs) / 1_000
  await life.startWorkers(1_000)
  let told = 0
  for (let there = await left(); there > 0; there = await left()) {
    if (seconds() - told > 10) {
      told = seconds()
      say(`${there} left after ${Math.round(told)} s`)
    }
    await pause(lookEveryMs)
  }
  const absentSeconds = seconds()
  for (;;) {
    const { rows } = await life.inTenant((tx) =>
      sql<{ waits: boolean }>`select exists (select from credential where state <> 'revoked') as waits`.execute(
        tx.query,
      ),
    )
    if (rows[0]?.waits === false) return { absentSeconds, recordedSeconds: seconds() }
    await pause(lookEveryMs)
  }
}
