/**
 * Removal: after the cut, until the target says that the role is absent.
 *
 * Promise: nothing that the login made stays behind with its rights or with anyone's: it is dropped, never reassigned
 * (a SECURITY DEFINER function or a view would run with the rights of its new owner). What cannot be dropped loses every
 * right first, is reported with the target's own list of what is in the way, and stays due.
 */
import { MayflyError } from '@mayfly/domain'
import { describeBlocked } from './describe-blocked.ts'
import { dropOwnedAs } from './drop-owned-as.ts'
import { eachAlone } from './each-alone.ts'
import { rollBackPrepared } from './postgres-prepared.ts'
import type { Sessions } from './postgres-session.ts'
import type { Blocked, PostgresWay } from './postgres-way.ts'

export interface RemoveOutcome {
  readonly removed: readonly string[]
  readonly pending: ReadonlyMap<string, string>
}

export async function removeAccounts(
  sessions: Sessions,
  way: PostgresWay,
  names: readonly string[],
  signal: AbortSignal,
): Promise<RemoveOutcome> {
  const why = new Map<string, string>()
  const owning = await listDatabasesOf(sessions, names, signal)
  const prepared = await rollBackPrepared(sessions, way, names, signal)
  for (const [name, reason] of prepared) why.set(name, reason)

  for (const [databaseName, owners] of owning) {
    const blocked =
      databaseName === sessions.settings.database || databaseName === ''
        ? await way.dropOwned(owners, signal)
        : await dropOwnedElsewhere(sessions, way, databaseName, owners, signal)
    for (const one of blocked) {
      why.set(one.accountName, describeBlocked(one, databaseName || sessions.settings.database))
    }
  }
  for (const one of await way.dropRoles(names, signal)) {
    why.set(one.accountName, why.get(one.accountName) ?? describeBlocked(one, undefined))
  }

  // Not what the calls said, but what the target says afterwards.
  const present = new Set(await listPresent(sessions, names, signal))
  const stuck = names.filter((name) => present.has(name))
  const pending = new Map(stuck.map((name) => [name, why.get(name) ?? 'the target still has the account']))
  for (const one of await eachAlone(stuck, signal, (some) => way.strip(some, signal))) {
    pending.set(one.accountName, `${pending.get(one.accountName)}; its memberships could not be taken away yet`)
  }
  return { removed: names.filter((name) => !present.has(name)), pending }
}

/** Which of the accounts own or were given something, by database; `''` for what belongs to the whole cluster. */
async function listDatabasesOf(
  sessions: Sessions,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await sessions.run('remove', signal, (session) =>
    session.query(
      `select coalesce(d.datname, '')::text as database_name, array_agg(distinct r.rolname::text) as owners
         from pg_roles as r
         join pg_shdepend as s on s.refclassid = 'pg_authid'::regclass and s.refobjid = r.oid
         left join pg_database as d on d.oid = s.dbid
        where r.rolname = any ($1)
        group by 1 order by 1`,
      [names],
    ),
  )
  return new Map(rows.map((row) => [String(row['database_name']), row['owners'] as string[]]))
}

async function listPresent(sessions: Sessions, names: readonly string[], signal: AbortSignal) {
  const rows = await sessions.run('observe', signal, (session) =>
    session.query('select rolname::text as name from pg_roles where rolname = any ($1)', [names]),
  )
  return rows.map((row) => String(row['name']))
}

/** Mayfly's functions are installed in one database only; in the others it becomes the account and drops its things. */
async function dropOwnedElsewhere(
  sessions: Sessions,
  way: PostgresWay,
  databaseName: string,
  owners: readonly string[],
  signal: AbortSignal,
): Promise<readonly Blocked[]> {
  const blocked = await eachAlone(owners, signal, (some) => way.adopt(some, signal))
  const adopted = owners.filter((owner) => !blocked.some((one) => one.accountName === owner))
  try {
    const left = await sessions.run('remove', signal, (session) => dropOwnedAs(session, adopted), databaseName)
    return [...blocked, ...left]
  } catch (error) {
    if (signal.aborted || !(error instanceof MayflyError)) throw error
    // One database that cannot be reached must not hold up what lies in the others.
    return owners.map((accountName) => ({ accountName, state: error.code, reason: '' }))
  }
}
