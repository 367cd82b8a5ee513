/**
 * Tells host agents, by way of whichever server they are connected to, that something of theirs has changed. Only a
 * wake-up: whoever was not listening asks again (`GET /v1/trust-bundles`).
 */
import { sql } from 'kysely'
import type { Tx } from './database.ts'

export const hostEventChannel = 'mayfly_host'

export type HostEvent =
  | { readonly event: 'bundle_changed'; readonly trust_domain: string; readonly sequence: number }
  /** What they hold is not to be believed any more: new SVIDs are to be fetched now. */
  | { readonly event: 'reissue'; readonly reason: string }

/** Heard when the transaction commits, with the tenant before it: `<tenant id> <JSON>`. */
export async function notifyHosts(tx: Tx, event: HostEvent): Promise<void> {
  await sql`select pg_notify(${hostEventChannel}, ${`${tx.tenantId} ${JSON.stringify(event)}`})`.execute(tx.query)
}
