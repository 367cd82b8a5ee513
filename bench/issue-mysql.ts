/** How many accounts a second are made on MariaDB, against raw CREATE USER, GRANT and SET DEFAULT ROLE. */
import { randomBytes } from 'node:crypto'
import { newId } from '@mayfly/domain'
import { mysqlProvider } from '@mayfly/provider-mysql'
import mysql from 'mysql2/promise'
import { type Bench, rateResult } from './bench.ts'
import { measureRawMysqlIssue } from './limits/mysql-issue.ts'
import { type MysqlBenchTarget, role, startMysqlTarget } from './mysql-target.ts'

const rounds = 7
const accountsInRound = 200
const inFlight = 8
const signal = new AbortController().signal

export const issueMysql: Bench = {
  name: 'issue-mysql',
  about: `accounts made on MariaDB, ${inFlight} in flight, against raw CREATE USER, GRANT and SET DEFAULT ROLE`,
  async run(say) {
    const bench = await startMysqlTarget(inFlight)
    try {
      const [ours, limit]: [number[], number[]] = [[], []]
      await measureProvider(bench)
      await dropAll(bench)
      for (let round = 0; round < rounds; round += 1) {
        const raw = Array.from({ length: accountsInRound }, () => ({
          name: mysqlProvider.plan(newId()).accountName,
          password: randomBytes(32).toString('base64url'),
        }))
        limit.push(await measureRawMysqlIssue(bench.administrator, raw, role, inFlight))
        await dropAll(bench)
        ours.push(await measureProvider(bench))
        await dropAll(bench)
        say(`round ${round + 1} of ${rounds}`)
      }
      return [
        rateResult(
          'issue-mysql',
          'accounts/s',
          ours,
          limit,
          'raw CREATE USER + GRANT + SET DEFAULT ROLE on MariaDB by an administrator, password kept from the log',
        ),
      ]
    } finally {
      await bench.close()
    }
  },
}

async function measureProvider({ target }: MysqlBenchTarget): Promise<number> {
  const waiting = Array.from({ length: accountsInRound }, () => mysqlProvider.plan(newId())).values()
  const startMs = performance.now()
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      for (const handle of waiting) {
        await target.issue(
          handle,
          {
            permission: { role },
            parameters: {},
            expiresAt: new Date(Date.now() + 3_600_000),
            createDeadlineAt: new Date(Date.now() + 30_000),
          },
          signal,
        )
      }
    }),
  )
  return (accountsInRound * 1_000) / (performance.now() - startMs)
}

/** So that every round begins with the same number of accounts. */
async function dropAll({ administrator }: MysqlBenchTarget): Promise<void> {
  const connection = await mysql.createConnection(administrator)
  const [rows] = await connection.query<mysql.RowDataPacket[]>(
    `select User as name from mysql.global_priv where User like 'mf\\_%'`,
  )
  if (rows.length > 0) await connection.query(`drop user ${rows.map(({ name }) => String(name)).join(', ')}`)
  await connection.end()
}
