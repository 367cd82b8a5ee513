/**
 * A sweep over 50,000 accounts at a PostgreSQL and 50,000 at a Redis, 100 of them nobody's: how long it takes, against reading the same
 * names raw; and what a login at the target takes meanwhile, against before.
 */
import pg from 'pg'
import { setTimeout as pause } from 'node:timers/promises'
import { newId } from '@mayfly/domain'
import { accountNameOf } from '@mayfly/provider-kit'
import { defaultLooks } from '../packages/server/src/application/inventory/look-deps.ts'
import { sweepTargets } from '../packages/server/src/application/inventory/sweep-target.ts'
import { tenantId } from '../test/integration/lifecycle/open-lifecycle.ts'
import { type Bench, type BenchResult, quantile, rounded, timeResult } from './bench.ts'
import { openRawRedis } from './limits/redis-raw.ts'
import { type FilledTargets, fillTargets, wantedCredentials } from './storm/fill-targets.ts'
import type { DeadTarget, Fields } from './time-to-dead/dead-target.ts'

const strangers = 100
const rounds = 3
const signal = new AbortController().signal

export const sweep: Bench = {
  name: 'sweep',
  about:
    'accounts compared with credentials at PostgreSQL and Redis, against reading the names, and what logins take meanwhile',
  async run(say) {
    const count = wantedCredentials(100_000)
    const filled = await fillTargets(count / 2, say)
    try {
      return [await measureSweep(filled, count, say)]
    } finally {
      await filled.close()
    }
  },
}

/** Leaves the targets as they were. */
export async function measureSweep(
  filled: FilledTargets,
  count: number,
  say: (line: string) => void,
): Promise<BenchResult> {
  const { mayfly, targets, samples } = filled
  const raw = await openRawRedis(filled.redis, 'default', filled.redis.password)
  const superuser = new pg.Client(filled.superuser)
  await superuser.connect()
  try {
    const ids = Array.from({ length: strangers }, () => newId<never>())
    const users = ids.map(accountNameOf)
    const roles = ids.map((id) => `mayfly_${String(id).replaceAll('-', '')}`)
    for (const user of users) await raw.send(['ACL', 'SETUSER', user, 'reset', 'on'])
    await superuser.query(roles.map((role) => `create role ${role} login`).join('; '))
    const rawNames = async () => {
      const startMs = performance.now()
      await superuser.query(`select rolname from pg_roles where rolname ~ '^mayfly_[0-9a-f]{32}$'`)
      await raw.send(['ACL', 'USERS'], count / 2 + strangers + 3)
      return (performance.now() - startMs) / 1_000
    }
    const [ours, limit, before, during]: [number[], number[], number[], number[]] = [[], [], [], []]
    for (let round = 0; round < rounds; round += 1) {
      limit.push(await rawNames())
      before.push(...(await loginsWhile(targets, samples, pause(3_000))))
      const startMs = performance.now()
      const swept = (async () => {
        const deps = { ...mayfly.life.deps, looks: defaultLooks }
        while ((await sweepTargets(deps, tenantId, signal)) === 'more');
      })()
      during.push(...(await loginsWhile(targets, samples, swept)))
      ours.push((performance.now() - startMs) / 1_000)
      await mayfly.life.inTenant((tx) =>
        tx.query
          .updateTable('target_look')
          .set({ next_at: new Date(0) })
          .execute(),
      )
      say(`sweep: round ${round + 1} of ${rounds}`)
    }
    const { findings } = await found(filled)
    if (findings !== targets.length) throw new Error('the strangers were not found')
    await raw.send(['ACL', 'DELUSER', ...users])
    await superuser.query(`drop role ${roles.join(', ')}`)
    return timeResult('sweep', 'seconds for both targets', ours, limit, 'reading the names at both, nothing compared', {
      accounts: count + strangers * 2,
      login_p99_before_ms: rounded(quantile(before, 0.99)),
      login_p99_during_ms: rounded(quantile(during, 0.99)),
    })
  } finally {
    raw.close()
    await superuser.end()
  }
}

async function found({ mayfly }: FilledTargets): Promise<{ readonly findings: number }> {
  const rows = await mayfly.life.inTenant((tx) =>
    tx.query.selectFrom('finding').select('finding_id').where('kind', '=', 'account_orphaned').execute(),
  )
  return { findings: rows.length }
}

/** One after the other at each target, until what goes on beside is over. @returns milliseconds of each login */
async function loginsWhile(
  targets: readonly DeadTarget[],
  samples: readonly Fields[],
  beside: Promise<unknown>,
): Promise<readonly number[]> {
  const over = new AbortController()
  const ended = beside.finally(() => over.abort())
  const times: number[] = []
  await Promise.all([
    ended,
    ...targets.map(async (target, at) => {
      const fields = samples[at]
      if (fields === undefined) return
      while (!over.signal.aborted) {
        const startMs = performance.now()
        if (!(await target.logIn(fields))) throw new Error('a live credential is refused')
        times.push(performance.now() - startMs)
        await pause(50)
      }
    }),
  ])
  return times
}
