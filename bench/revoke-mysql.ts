/**
 * How long it takes to end 1,000 accounts with 200 open sessions on MariaDB, against the best raw procedure; and one
 * account with one session.
 */
import { newId } from '@mayfly/domain'
import { type AccountHandle, type IssuedAccount, Secret } from '@mayfly/provider-kit'
import { mysqlProvider } from '@mayfly/provider-mysql'
import mysql from 'mysql2/promise'
import { type Bench, median, rounded, timeResult } from './bench.ts'
import { measureRawMysqlRevoke } from './limits/mysql-revoke.ts'
import type { RevokeTimes } from './limits/postgres-revoke.ts'
import { type MysqlBenchTarget, role, startMysqlTarget } from './mysql-target.ts'

const rounds = 5
const signal = new AbortController().signal
const sizes = [
  { accounts: 1, sessions: 1 },
  { accounts: 1_000, sessions: 200 },
] as const

export const revokeMysql: Bench = {
  name: 'revoke-mysql',
  about: '1,000 accounts with 200 open sessions ended on MariaDB, against the best raw procedure; and one with one',
  async run(say) {
    const bench = await startMysqlTarget(8)
    try {
      const results = []
      for (const { accounts, sessions } of sizes) {
        const [ours, limit]: [RevokeTimes[], RevokeTimes[]] = [[], []]
        for (let round = 0; round < rounds; round += 1) {
          limit.push(await withAccounts(bench, accounts, sessions, (handles) => revokeRaw(bench, handles)))
          ours.push(await withAccounts(bench, accounts, sessions, (handles) => revokeOurs(bench, handles)))
          say(`${accounts} accounts: round ${round + 1} of ${rounds}`)
        }
        const seconds = (times: readonly RevokeTimes[], which: keyof RevokeTimes) =>
          times.map((time) => time[which] / 1_000)
        results.push(
          timeResult(
            accounts === 1 ? 'revoke-mysql-one' : 'revoke-mysql',
            'seconds until absent',
            seconds(ours, 'absentMs'),
            seconds(limit, 'absentMs'),
            'raw ACCOUNT LOCK, KILL, DROP USER on MariaDB by an administrator',
            {
              'seconds until cut': rounded(median(seconds(ours, 'cutMs'))),
              'slowest cut': rounded(Math.max(...seconds(ours, 'cutMs'))),
              'limit until cut': rounded(median(seconds(limit, 'cutMs'))),
            },
          ),
        )
      }
      return results
    } finally {
      await bench.close()
    }
  },
}

/** Half of the sessions are in a transaction. */
async function withAccounts(
  bench: MysqlBenchTarget,
  accounts: number,
  sessions: number,
  measure: (handles: readonly AccountHandle[]) => Promise<RevokeTimes>,
): Promise<RevokeTimes> {
  const handles = Array.from({ length: accounts }, () => mysqlProvider.plan(newId()))
  const issued: IssuedAccount[] = []
  const waiting = handles.values()
  const inAnHour = new Date(Date.now() + 3_600_000)
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (const handle of waiting) {
        issued.push(
          await bench.target.issue(
            handle,
            { permission: { role }, parameters: {}, expiresAt: inAnHour, createDeadlineAt: inAnHour },
            signal,
          ),
        )
      }
    }),
  )
  const open: mysql.Connection[] = []
  for (const { fields } of issued.slice(0, sessions)) {
    const { username, password } = fields
    const connection = await mysql.createConnection({
      host: bench.host,
      port: bench.port,
      user: String(username),
      password: password instanceof Secret ? password.reveal() : '',
    })
    connection.on('error', () => undefined)
    if (open.length % 2 === 0) await connection.query('start transaction')
    open.push(connection)
  }
  const times = await measure(handles)
  for (const connection of open) connection.destroy()
  return times
}

async function revokeRaw(bench: MysqlBenchTarget, handles: readonly AccountHandle[]): Promise<RevokeTimes> {
  const administrator = await mysql.createConnection(bench.administrator)
  const times = await measureRawMysqlRevoke(
    administrator,
    handles.map((handle) => handle.accountName),
  )
  await administrator.end()
  return times
}

async function revokeOurs(bench: MysqlBenchTarget, handles: readonly AccountHandle[]): Promise<RevokeTimes> {
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
  if (removed !== handles.length) throw new Error('an account is left')
  return { cutMs, absentMs }
}
