/** How long it takes to end 1,000 logins with 200 open sessions, against the best raw procedure. */
import { newId } from '@mayfly/domain'
import { type AccountHandle, type IssuedAccount, Secret } from '@mayfly/provider-kit'
import { postgresProvider } from '@mayfly/provider-postgres'
import pg from 'pg'
import { type Bench, type BenchResult, median, rounded, timeResult } from './bench.ts'
import { measureRawRevoke, type RevokeTimes } from './limits/postgres-revoke.ts'
import { type BenchTarget, group, startBenchTarget, targetVersions } from './postgres-target.ts'

const rounds = 3
const logins = 1_000
const sessions = 200
const signal = new AbortController().signal

export const revokePostgres: Bench = {
  name: 'revoke-postgres',
  about: `${logins} logins with ${sessions} open sessions, ended at a target of release 15 and 18, against the best raw procedure`,
  async run(say) {
    const results: BenchResult[] = []
    for (const version of targetVersions) {
      // Few iterations: making the logins is not what is measured here.
      const bench = await startBenchTarget(version, { scram_iterations: 16 })
      try {
        const [ours, limit]: [RevokeTimes[], RevokeTimes[]] = [[], []]
        for (let round = 0; round < rounds; round += 1) {
          limit.push(await withLogins(bench, (handles) => revokeRaw(bench, handles)))
          ours.push(await withLogins(bench, (handles) => revokeOurs(bench, handles)))
          say(`PostgreSQL ${version}: round ${round + 1} of ${rounds}`)
        }
        const seconds = (times: readonly RevokeTimes[], which: keyof RevokeTimes) =>
          times.map((time) => time[which] / 1_000)
        results.push(
          timeResult(
            'revoke-postgres',
            'seconds until absent',
            seconds(ours, 'absentMs'),
            seconds(limit, 'absentMs'),
            `raw NOLOGIN, terminate, DROP ROLE on PostgreSQL ${version}`,
            {
              release: version,
              'seconds until cut': rounded(median(seconds(ours, 'cutMs'))),
              'slowest cut': rounded(Math.max(...seconds(ours, 'cutMs'))),
              'limit until cut': rounded(median(seconds(limit, 'cutMs'))),
            },
          ),
        )
      } finally {
        await bench.close()
      }
    }
    // The headline is the worse of the two.
    return results.toSorted((a, b) => b.ratio - a.ratio)
  },
}

/** Logins, 200 of which have an open session, half of these in a transaction. */
async function withLogins(
  bench: BenchTarget,
  measure: (handles: readonly AccountHandle[]) => Promise<RevokeTimes>,
): Promise<RevokeTimes> {
  const handles = Array.from({ length: logins }, () => postgresProvider.plan(newId()))
  const issued: IssuedAccount[] = []
  const waiting = handles.values()
  const expiresAt = new Date(Date.now() + 3_600_000)
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (const handle of waiting) {
        issued.push(
          await bench.target.issue(
            handle,
            { permission: { member_of: [group] }, parameters: {}, expiresAt, createDeadlineAt: expiresAt },
            signal,
          ),
        )
      }
    }),
  )
  const open: pg.Client[] = []
  for (const account of issued.slice(0, sessions)) {
    const url = account.fields['connection_url']
    const client = new pg.Client(url instanceof Secret ? url.reveal() : '')
    client.on('error', () => undefined)
    await client.connect()
    if (open.length % 2 === 0) await client.query('begin; select 1')
    open.push(client)
  }
  const times = await measure(handles)
  await Promise.all(open.map((client) => client.end()))
  return times
}

async function revokeRaw(bench: BenchTarget, handles: readonly AccountHandle[]): Promise<RevokeTimes> {
  const superuser = new pg.Client(bench.superuser)
  await superuser.connect()
  const times = await measureRawRevoke(
    superuser,
    handles.map((handle) => handle.accountName),
  )
  await superuser.end()
  return times
}

async function revokeOurs(bench: BenchTarget, handles: readonly AccountHandle[]): Promise<RevokeTimes> {
  const startMs = performance.now()
  let [cutMs, absentMs, removed] = [0, 0, 0]
  await bench.target.revoke(
    handles,
    {
      cut: async () => {
        cutMs = performance.now() - startMs
      },
      removed: async (some) => {
        removed += some.length
        absentMs = performance.now() - startMs
      },
      pending: async (_handle, reason) => {
        throw new Error(reason)
      },
    },
    signal,
  )
  if (removed !== handles.length) throw new Error('a login is left')
  return { cutMs, absentMs }
}
