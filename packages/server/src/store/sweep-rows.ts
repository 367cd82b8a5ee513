/** The SQL of sweeps: which accounts a credential explains, and which live credentials there are. */
import type { CredentialId, ResourceId } from '@mayfly/domain'
import { sql } from 'kysely'
import type { CredentialRow } from './credential-rows.ts'
import type { Tx } from './database.ts'

/** Of these credentials those that are known, whatever their resource, each with its state. */
export async function listExplained(
  tx: Tx,
  credentialIds: readonly CredentialId[],
): Promise<ReadonlyMap<CredentialId, Pick<CredentialRow, 'resource_id' | 'state'>>> {
  const { rows } = await sql<Pick<CredentialRow, 'credential_id' | 'resource_id' | 'state'>>`
    select credential_id, resource_id, state from credential
    where credential_id = any(${credentialIds}::uuid[])`.execute(tx.query)
  return new Map(rows.map((row) => [row.credential_id, row]))
}

/** Live credentials of a resource that were active before `before`, a page at a time in the order of ids. */
export async function listLiveOn(
  tx: Tx,
  of: {
    readonly resourceId: ResourceId
    readonly before: Date
    readonly after: CredentialId | undefined
    readonly limit: number
  },
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
