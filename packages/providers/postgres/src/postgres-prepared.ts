import { MayflyError } from '@mayfly/domain'
import { describeBlocked } from './describe-blocked.ts'
import { eachAlone } from './each-alone.ts'
import type { Sessions } from './postgres-session.ts'
import type { PostgresWay, PreparedTransaction } from './postgres-way.ts'
import { quoteIdentifier } from './quote-identifier.ts'
import { quoteLiteral } from './quote-literal.ts'

/**
 * Rolls back the transactions that these accounts prepared: they outlive their sessions, hold locks on the account, and
 * what they hold back would take effect whenever someone commits them. Only their owner can, in their database.
 *
 * @returns why, for the accounts where one is left
 */
export async function rollBackPrepared(
  sessions: Sessions,
  way: PostgresWay,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const failed = new Map<string, string>()
  const prepared = await way.listPrepared(names, signal)
  if (prepared.length === 0) return failed
  const owners = [...new Set(prepared.map((transaction) => transaction.accountName))]
  for (const one of await eachAlone(owners, signal, (some) => way.adopt(some, signal))) {
    failed.set(one.accountName, describeBlocked(one, undefined))
  }
  for (const transaction of prepared) {
    if (failed.has(transaction.accountName)) continue
    try {
      await rollBack(sessions, transaction, signal)
    } catch (error) {
      if (signal.aborted || !(error instanceof MayflyError)) throw error
      failed.set(
        transaction.accountName,
        `a prepared transaction in database \`${transaction.databaseName}\` cannot be rolled back (${error.code})`,
      )
    }
  }
  return failed
}

async function rollBack(sessions: Sessions, transaction: PreparedTransaction, signal: AbortSignal): Promise<void> {
  await sessions.run(
    'roll back prepared',
    signal,
    async (session) => {
      // Not in a transaction block, so the role is set for the session, and given back whatever happens.
      await session.query(`set role ${quoteIdentifier(transaction.ownerName)}`)
      try {
        await session.query(`rollback prepared ${quoteLiteral(transaction.gid)}`)
      } finally {
        await session.query('reset role')
      }
    },
    transaction.databaseName,
  )
}
