/** The SQL of a revocation's receipt. */
import type { CredentialId, EntryId, RevocationId } from '@mayfly/domain'
import type { Tx } from './database.ts'
import type { CredentialRow } from './credential-rows.ts'
import type { PageRequest } from './page.ts'

export type ReceiptCredentialRow = Pick<
  CredentialRow,
  | 'credential_id'
  | 'identity_id'
  | 'task_id'
  | 'account_name'
  | 'state'
  | 'requested_at'
  | 'revoking_at'
  | 'cut_at'
  | 'removed_at'
  | 'last_error'
> & { readonly resource_name: string; readonly role_name: string; readonly identity_name: string }

export async function listReceiptCredentials(
  tx: Tx,
  revocationId: RevocationId,
  page: PageRequest,
): Promise<readonly ReceiptCredentialRow[]> {
  let query = tx.query
    .selectFrom('revocation_credential')
    .innerJoin('credential', 'credential.credential_id', 'revocation_credential.credential_id')
    .innerJoin('resource', 'resource.resource_id', 'credential.resource_id')
    .innerJoin('role', 'role.role_id', 'credential.role_id')
    .innerJoin('identity', 'identity.identity_id', 'credential.identity_id')
    .select([
      'credential.credential_id',
      'credential.identity_id',
      'credential.task_id',
      'credential.account_name',
      'credential.state',
      'credential.requested_at',
      'credential.revoking_at',
      'credential.cut_at',
      'credential.removed_at',
      'credential.last_error',
      'resource.name as resource_name',
      'role.name as role_name',
      'identity.name as identity_name',
    ])
    .where('revocation_credential.revocation_id', '=', revocationId)
  if (page.after !== undefined) query = query.where('credential.credential_id', '>', page.after as CredentialId)
  return query.orderBy('credential.credential_id').limit(page.limit).execute()
}

export interface ReceiptEntryRow {
  readonly entry_id: EntryId
  readonly credential_id: CredentialId | null
  readonly action: string
  readonly recorded_at: Date
  readonly leaf_hash: Buffer
  readonly leaf_index: number | null
}

/** The entries about the end of these credentials, in the order in which they were made. */
export async function listReceiptEntries(
  tx: Tx,
  credentialIds: readonly CredentialId[],
): Promise<readonly ReceiptEntryRow[]> {
  if (credentialIds.length === 0) return []
  return tx.query
    .selectFrom('entry')
    .select(['entry_id', 'credential_id', 'action', 'recorded_at', 'leaf_hash', 'leaf_index'])
    .where('credential_id', 'in', credentialIds)
    .where('stream', '=', 'revocation')
    .orderBy('entry_id')
    .execute()
}
