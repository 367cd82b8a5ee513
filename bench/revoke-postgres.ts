/**
 * How long it takes to end one identity with 1,000 logins and 200 open sessions, against the best raw procedure.
 *
 * `revoke-postgres` is the provider at the target. `revoke-postgres-whole` begins with the request: one transaction ends
 * the authority, a worker claims, cuts and removes, and 3,000 entries are written on the way; seen from outside, at the
 * target.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { newId } from '@mayfly/domain'
import { type AccountHandle, type IssuedAccount, Secret } from '@mayfly/provider-kit'
import { postgresProvider } from '@mayfly/provider-postgres'
import pg from 'pg'
import { issueCredential } from '../packages/server/src/application/credential/issue-credential.ts'
import { type Bench, type BenchResult, median, rounded, timeResult } from './bench.ts'
import { type BenchLifecycle, benchRole, startBenchLifecycle } from './lifecycle-store.ts'
import { measureRawRevoke, type RevokeTimes } from './limits/postgres-revoke.ts'
import { type BenchTarget, group, startBenchTarget, targetVersions } from './postgres-target.ts'

const rounds = 3
const logins = 1_000
const sessions = 200
/** Whoever looks without pause takes the processor from what it looks at. */
const lookEveryMs = 25
const signal = new AbortController().signal

export const revokePostgres: Bench = {
  name: 'revoke-postgres',
  about: `${logins} logins with ${sessions} open sessions, ended at a target of release 15 and 18, against the best raw procedure`,
  async run(say) {
    const results: BenchResult[] = []
    const whole: BenchResult[] = []
    for (const version of targetVersions) {
      // Few iterations: making the logins is not what is measured here.
      const bench = await startBenchTarget(version, { scram_iterations: 16 })
      const mayfly = await startBenchLifecycle({ ...bench.place, scramIterations: 16 }, group)
      try {
        const [ours, limit, all]: [RevokeTimes[], RevokeTimes[], RevokeTimes[]] = [[], [], []]
        for (let round = 0; round < rounds; round += 1) {
          limit.push(await withLogins(bench, (handles) => revokeRaw(bench, handles)))
          ours.push(await withLogins(bench, (handles) => revokeOurs(bench, handles)))
          all.push(await revokeWhole(bench, mayfly))
          say(`PostgreSQL ${version}: round ${round + 1} of ${rounds}`)
        }
        const seconds = (times: readonly RevokeTimes[], which: keyof RevokeTimes) =>
          times.map((time) => time[which] / 1_000)
        whole.push(
          timeResult(
            'revoke-postgres-whole',
            'seconds until cut',
            seconds(all, 'cutMs'),
            seconds(limit, 'cutMs'),
            `raw NOLOGIN and terminate on PostgreSQL ${version}`,
            {
              release: version,
              'slowest cut': rounded(Math.max(...seconds(all, 'cutMs'))),
              'seconds until absent': rounded(median(seconds(all, 'absentMs'))),
              'limit until absent': rounded(median(seconds(limit, 'absentMs'))),
            },
          ),
        )
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
        await mayfly.close()
        await bench.close()
      }
    }
    // The headline is the worse of the two.
    return [...whole, ...results.toSorted((a, b) => b.ratio - a.ratio)]
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
  const open = await openSessions(issued.slice(0, sessions).map((account) => account.fields))
  const times = await measure(handles)
  await Promise.all(open.map((client) => client.end()))
  return times
}

/** Half of them in a transaction. */
async function openSessions(accounts: readonly IssuedAccount['fields'][]): Promise<pg.Client[]> {
  const open: pg.Client[] = []
  for (const fields of accounts) {
    const url = fields['connection_url']
    const client = new pg.Client(url instanceof Secret ? url.reveal() : '')
    client.on('error', () => undefined)
    await client.connect()
    if (open.length % 2 === 0) await client.query('begin; select 1')
    open.push(client)
  }
  return open
}

/** One identity, ended by one request; watched from outside until no login and no session is left, then until none is there. */
async function revokeWhole(bench: BenchTarget, mayfly: BenchLifecycle): Promise<RevokeTimes> {
  const { life } = mayfly
  const call = await mayfly.newCaller()
  const { actor } = call
  if (actor.kind !== 'identity') throw new Error('a caller is an identity')
  const names: string[] = []
  const accounts: IssuedAccount['fields'][] = []
  const waiting = Array.from({ length: logins }).values()
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (const _one of waiting) {
        const { row, fields } = await issueCredential(life.deps, call, { role: benchRole })
        names.push(row.account_name)
        accounts.push(fields ?? {})
      }
    }),
  )
  const open = await openSessions(accounts.slice(0, sessions))
  const superuser = new pg.Client(bench.superuser)
  await superuser.connect()
  const startMs = performance.now()
  await life.revoke({ kind: 'identity', id: actor.identityId })
  const none = async (statement: string) => (await superuser.query(statement, [names])).rowCount === 0
  while (
    !(await none(`select from pg_roles where rolname = any ($1) and rolcanlogin
      union all select from pg_stat_activity where usename = any ($1)`))
  ) {
    await pause(lookEveryMs)
  }
  const cutMs = performance.now() - startMs
  while (!(await none('select from pg_roles where rolname = any ($1)'))) await pause(lookEveryMs)
  const absentMs = performance.now() - startMs
  await superuser.end()
  await Promise.all(open.map((client) => client.end()))
  return { cutMs, absentMs }
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
