/**
 * How many logins a second are made on PostgreSQL, against raw CREATE ROLE and GRANT.
 *
 * `issue-postgres` is the provider at the target. `issue-postgres-whole` is all of an issue but HTTP: decide, row with
 * its entry (durable), account at the target, activation with its entry (durable), while the log is sequenced once a
 * second; store, target and Mayfly share the machine, so it cannot come near a limit that has the machine for itself.
 */
import { randomBytes } from 'node:crypto'
import { newId } from '@mayfly/domain'
import { postgresProvider, type PostgresTarget } from '@mayfly/provider-postgres'
import pg from 'pg'
import { issueCredential } from '../packages/server/src/application/credential/issue-credential.ts'
import { type Bench, type BenchResult, median, rateResult, rounded } from './bench.ts'
import { type BenchLifecycle, benchRole, startBenchLifecycle } from './lifecycle-store.ts'
import { measureRawIssue } from './limits/postgres-issue.ts'
import { type BenchTarget, group, startBenchTarget, targetVersions } from './postgres-target.ts'

const rounds = 5
const loginsInRound = 240
const inFlight = 8
const signal = new AbortController().signal

export const issuePostgres: Bench = {
  name: 'issue-postgres',
  about: `logins made at a target of release 15 and 18, ${inFlight} in flight, against raw CREATE ROLE and GRANT`,
  async run(say) {
    const results: BenchResult[] = []
    const whole: BenchResult[] = []
    for (const version of targetVersions) {
      const bench = await startBenchTarget(version, { pool_size: inFlight })
      const mayfly = await startBenchLifecycle({ ...bench.place, poolSize: inFlight }, group)
      try {
        const [ours, limit, plain, provider]: [number[], number[], number[], number[]] = [[], [], [], []]
        await measureProvider(bench.target, loginsInRound)
        await measureIssue(mayfly, loginsInRound)
        await dropAll(bench)
        for (let round = 0; round < rounds; round += 1) {
          limit.push(await measureRawIssue(bench.superuser, rawLogins(), group, inFlight, 'verifier'))
          await dropAll(bench)
          plain.push(await measureRawIssue(bench.superuser, rawLogins(), group, inFlight, 'plain'))
          await dropAll(bench)
          ours.push(await measureIssue(mayfly, loginsInRound))
          await dropAll(bench)
          provider.push(await measureProvider(bench.target, loginsInRound))
          await dropAll(bench)
          say(`PostgreSQL ${version}: round ${round + 1} of ${rounds}`)
        }
        const raw = `raw CREATE ROLE + GRANT on PostgreSQL ${version}, same SCRAM iterations, password kept from the server's log`
        whole.push(
          rateResult('issue-postgres-whole', 'credentials/s', ours, limit, raw, {
            release: version,
            of: 'decide, row, account, activation; two durable commits in a store on the same machine',
          }),
        )
        results.push(
          rateResult('issue-postgres', 'logins/s', provider, limit, raw, {
            release: version,
            'raw with the password in the statement': rounded(median(plain)),
            'ratio to that': rounded(median(provider) / median(plain)),
          }),
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

async function measureIssue(mayfly: BenchLifecycle, count: number): Promise<number> {
  const call = await mayfly.newCaller()
  const waiting = Array.from({ length: count }).values()
  const startMs = performance.now()
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      for (const _one of waiting) await issueCredential(mayfly.life.deps, call, { role: benchRole })
    }),
  )
  return (count * 1_000) / (performance.now() - startMs)
}

async function measureProvider(target: PostgresTarget, count: number): Promise<number> {
  const waiting = Array.from({ length: count }, () => postgresProvider.plan(newId())).values()
  const startMs = performance.now()
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      for (const handle of waiting) {
        await target.issue(
          handle,
          {
            permission: { member_of: [group] },
            parameters: {},
            expiresAt: new Date(Date.now() + 3_600_000),
            createDeadlineAt: new Date(Date.now() + 10_000),
          },
          signal,
        )
      }
    }),
  )
  return (count * 1_000) / (performance.now() - startMs)
}

function rawLogins() {
  return Array.from({ length: loginsInRound }, () => ({
    name: postgresProvider.plan(newId()).accountName,
    password: randomBytes(32).toString('base64url'),
  }))
}

/** So that every round begins with the same number of roles. */
async function dropAll(bench: BenchTarget): Promise<void> {
  const client = new pg.Client(bench.superuser)
  await client.connect()
  const { rows } = await client.query<{ name: string }>(
    `select rolname as name from pg_roles where rolname ~ '^mayfly_'`,
  )
  if (rows.length > 0) await client.query(`drop role ${rows.map((row) => row.name).join(', ')}`)
  await client.end()
}
