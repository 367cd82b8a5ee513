/**
 * The limit of ending many accounts on MariaDB at once: the best raw procedure that we know, by an administrator over one
 * open connection. In batches of 200: ACCOUNT LOCK for all of a batch in one statement, KILL for each session that one
 * look finds; then looking until none is left, then DROP USER with the names of a batch. It takes the names for granted,
 * sees no session that hides in a routine, and looks at nothing after the drop.
 */
import type mysql from 'mysql2/promise'
import type { RevokeTimes } from './postgres-revoke.ts'

const batchSize = 200

export async function measureRawMysqlRevoke(
  administrator: mysql.Connection,
  names: readonly string[],
): Promise<RevokeTimes> {
  const batches = Array.from({ length: Math.ceil(names.length / batchSize) }, (_, at) =>
    names.slice(at * batchSize, (at + 1) * batchSize),
  )
  const startMs = performance.now()
  for (const batch of batches) await administrator.query(`alter user ${batch.join(', ')} account lock`)
  for (;;) {
    const [rows] = await administrator.query<mysql.RowDataPacket[]>(
      'select id from information_schema.PROCESSLIST where user in (?)',
      [names],
    )
    if (rows.length === 0) break
    // KILL of one that has ended in the meantime is an error, and ends the message.
    for (const { id } of rows) await administrator.query(`kill ${Number(id)}`).catch(() => undefined)
  }
  const cutMs = performance.now() - startMs
  for (const batch of batches) await administrator.query(`drop user ${batch.join(', ')}`)
  const [left] = await administrator.query<mysql.RowDataPacket[]>(
    'select user from mysql.global_priv where user in (?)',
    [names],
  )
  if (left.length > 0) throw new Error('an account is left')
  return { cutMs, absentMs: performance.now() - startMs }
}
