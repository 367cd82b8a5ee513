import { sql } from 'kysely'
import type { Tx } from './database.ts'

export const workChannel = 'mayfly_work'

/** Kinds of due work; each has its worker, which also looks by itself once a second (a notice may be lost). */
export type WorkKind = 'revocation' | 'redecision' | 'lapse' | 'deadline' | 'sequence'

/** Wakes the workers of every server when the transaction commits. Not for hot paths: NOTIFY serialises commits. */
export async function wakeWorkers(tx: Tx, kind: WorkKind): Promise<void> {
  await sql`select pg_notify(${workChannel}, ${`${tx.tenantId}:${kind}`})`.execute(tx.query)
}
