import type { IdentityId } from '@mayfly/domain'
import { sql } from 'kysely'
import type { Tx } from './database.ts'
import { hostChannel } from './host-event-rows.ts'

/** Tells the host agents that vouched for these proofs, when the transaction commits, that they have ended. */
export async function wakeHostsOf(
  tx: Tx,
  ended: readonly { readonly host_identity_id: IdentityId | null }[],
): Promise<void> {
  const hosts = [...new Set(ended.flatMap((row) => row.host_identity_id ?? []))]
  if (hosts.length === 0) return
  await sql`select pg_notify(${hostChannel}, ${`${tx.tenantId}:`} || host) from unnest(${hosts}::text[]) as of (host)`.execute(
    tx.query,
  )
}
