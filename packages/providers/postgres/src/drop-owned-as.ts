import { readError } from './postgres-error.ts'
import type { Session } from './postgres-session.ts'
import type { Blocked } from './postgres-way.ts'
import { quoteIdentifier } from './quote-identifier.ts'

/**
 * Drops what accounts own in the session's database, as the accounts themselves: Mayfly's login must be a member of
 * them (`adopt`). One transaction each, so that one that is blocked does not hold up the others.
 */
export async function dropOwnedAs(session: Session, owners: readonly string[]): Promise<readonly Blocked[]> {
  const blocked: Blocked[] = []
  for (const accountName of owners) {
    const owner = quoteIdentifier(accountName)
    try {
      const planted = await session.query(
        `select p.oid::regprocedure::text as signature
           from pg_proc as p join pg_roles as r on r.oid = p.proowner
          where r.rolname = $1 and p.prorettype = 'trigger'::regtype`,
        [accountName],
      )
      await session.script(
        [
          `set local role ${owner}`,
          `set local lock_timeout = '250ms'`,
          // Only triggers can hang on a function that returns `trigger`, so CASCADE takes nothing else.
          ...planted.map((row) => `drop function ${String(row['signature'])} cascade`),
          `drop owned by ${owner} restrict`,
        ].join('; '),
      )
    } catch (error) {
      const { code, detail } = readError(error)
      if (code === undefined || !/^[0-9A-Z]{5}$/.test(code)) throw error
      blocked.push({ accountName, state: code, reason: detail })
    }
  }
  return blocked
}
