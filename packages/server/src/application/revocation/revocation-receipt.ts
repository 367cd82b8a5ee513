/**
 * The receipt of a revocation: each credential with its moments, and the entries that say so in the log.
 *
 * A leaf index says that an entry is in the log; whoever wants not to believe Mayfly asks for the entry's proof
 * (`GET /v1/audit/entries/{id}/proof`) and verifies it against a checkpoint of its own.
 */
import type { RevocationId } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import type { PageRequest } from '../../store/page.ts'
import { listReceiptCredentials, listReceiptEntries, type ReceiptCredentialRow } from '../../store/receipt-rows.ts'

export interface ReceiptEntry {
  readonly entryId: string
  readonly action: string
  readonly recordedAt: Date
  readonly leafHash: Uint8Array
  /** Undefined until the log has it: at most the merge delay. */
  readonly leafIndex: number | undefined
}

export interface ReceiptLine {
  readonly credential: ReceiptCredentialRow
  readonly entries: readonly ReceiptEntry[]
}

export async function listReceiptLines(
  tx: Tx,
  revocationId: RevocationId,
  page: PageRequest,
): Promise<readonly ReceiptLine[]> {
  const credentials = await listReceiptCredentials(tx, revocationId, page)
  const entries = await listReceiptEntries(
    tx,
    credentials.map((row) => row.credential_id),
  )
  const byCredential = Map.groupBy(entries, (entry) => entry.credential_id)
  return credentials.map((credential) => ({
    credential,
    entries: (byCredential.get(credential.credential_id) ?? []).map((entry) => ({
      entryId: entry.entry_id,
      action: entry.action,
      recordedAt: entry.recorded_at,
      leafHash: entry.leaf_hash,
      leafIndex: entry.leaf_index ?? undefined,
    })),
  }))
}
