/** The SQL of sweeps: which accounts a credential explains, and which live credentials there are. */
import type { CredentialId, CredentialState, ResourceId } from '@mayfly/domain'
import { sql } from 'kysely'
import type { CredentialRow } from './credential-rows.ts'
import type { Tx } from './database.ts'

/** Of these account names those that a credential of the resource explains, each with its state. */
export async function listExplained(
  tx: Tx,
  of: { readonly resourceId: ResourceId; readonly providerKind: string },
  accountNames: readonly string[],
): Promise<ReadonlyMap<string, CredentialState>> {
  const { rows } = await sql<{ account_name: string; state: CredentialState }>`
    select account_name, state from credential
    where resource_id = ${of.resourceId} and provider_kind = ${of.providerKind}
      and account_name = any(${accountNames}::text[])`.execute(tx.query)
  return new Map(rows.map((row) => [row.account_name, row.state]))
}

/** Live credentials of a resource that were active before `before`, a page at a time in the order of ids. */
export async function listLiveOn(
  tx: Tx,
  of: { readonly resourceId: ResourceId; readonly before: Date; readonly after: CredentialId | undefined; readonly limit: number },
): Promise<readonly CredentialRow[]> {
  let query = tx.query
    .selectFrom('credential')
    .selectAll()
    .where('resource_id', '=', of.resourceId)
    .where('state', '=', 'active')
    .where('active_at', '<', of.before)
  if (of.after !== undefined) query = query.where('credential_id', '>', of.after)
  return query.orderBy('credential_id').limit(of.limit).execute()
}
