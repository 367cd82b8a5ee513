import type { AccountHandle, Observation } from '@mayfly/provider-kit'
import type { Sessions } from './postgres-session.ts'

/**
 * Asks the target about accounts. `usable`: LOGIN and not past VALID UNTIL, by the target's clock.
 *
 * Does NOT see sessions of a role that was dropped by someone else, nor those on a replica.
 */
export async function observeAccounts(
  sessions: Sessions,
  handles: readonly AccountHandle[],
  signal: AbortSignal,
): Promise<readonly Observation[]> {
  const rows = await sessions.run('observe', signal, (session) =>
    session.query(
      `select r.rolname::text as name,
              r.rolcanlogin and (r.rolvaliduntil is null or r.rolvaliduntil > clock_timestamp()) as usable,
              (select count(*) from pg_stat_activity as a where a.usesysid = r.oid)::integer as open_sessions
         from pg_roles as r where r.rolname = any ($1)`,
      [handles.map((handle) => handle.accountName)],
    ),
  )
  const seen = new Map(rows.map((row) => [String(row['name']), row]))
  return handles.map((handle) => {
    const row = seen.get(handle.accountName)
    if (!row) return { handle, state: 'absent', openSessions: 0 }
    return {
      handle,
      state: row['usable'] === true ? 'usable' : 'disabled',
      openSessions: Number(row['open_sessions']),
    }
  })
}

/** The names of all accounts of our pattern, a page at a time, in the order of their names. */
export async function* listAccountNames(sessions: Sessions, signal: AbortSignal): AsyncIterable<string> {
  const pageSize = 1_000
  let after = ''
  for (;;) {
    const rows = await sessions.run('list accounts', signal, (session) =>
      session.query(
        // By its own type, whose order is bytes: the index of names then begins where the last page ended.
        `select rolname::text as name from pg_roles
          where rolname ~ '^mayfly_[0-9a-f]{32}$' and rolname > $1::name and rolname > 'mayfly_' and rolname < 'mayfly_g'
          order by rolname limit ${pageSize}`,
        [after],
      ),
    )
    for (const row of rows) {
      after = String(row['name'])
      yield after
    }
    if (rows.length < pageSize) return
  }
}
