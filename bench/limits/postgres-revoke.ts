/**
 * The limit of ending many logins on PostgreSQL at once: the best raw procedure that we know, by a superuser over one
 * open connection. NOLOGIN for all in one message and one transaction, one statement that ends every session, looking
 * until none is left, then one DROP ROLE with all names. It keeps no list of logins under way, locks nothing with a
 * timeout and clears up nothing: those are ours to do in the time that is left.
 */
import type pg from 'pg'

export interface RevokeTimes {
  /** Until no login and no session is left. */
  readonly cutMs: number
  /** Until all are absent. */
  readonly absentMs: number
}

export async function measureRawRevoke(superuser: pg.Client, names: readonly string[]): Promise<RevokeTimes> {
  const startMs = performance.now()
  await superuser.query(names.map((name) => `alter role ${name} nologin valid until '-infinity'`).join('; '))
  for (;;) {
    const { rowCount } = await superuser.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where usename = any ($1)',
      [names],
    )
    if (rowCount === 0) break
  }
  const cutMs = performance.now() - startMs
  await superuser.query(`drop role ${names.join(', ')}`)
  const { rowCount } = await superuser.query('select from pg_roles where rolname = any ($1)', [names])
  if (rowCount !== 0) throw new Error('a role is left')
  return { cutMs, absentMs: performance.now() - startMs }
}
