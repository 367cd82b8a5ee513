/** Tells who follows a revocation that something has moved. Only a wake-up: the truth is in the rows. */
import { sql } from 'kysely'
import type { Tx } from './database.ts'

export const progressChannel = 'mayfly_progress'

/** One notice a transaction and tenant, whatever the number of revocations: equal notices of a transaction are one. */
export async function notifyProgress(tx: Tx): Promise<void> {
  await sql`select pg_notify(${progressChannel}, ${tx.tenantId})`.execute(tx.query)
}
