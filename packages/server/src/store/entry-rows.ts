/** The SQL of audit entries. */
import type { AttestationId, CredentialId, DecisionId, EntryId, IdentityId, RevocationId, TaskId } from '@mayfly/domain'
import { CompiledQuery } from 'kysely'
import type { Tx } from './database.ts'

export interface EntryRow {
  readonly entryId: EntryId
  readonly stream: string
  readonly action: string
  readonly recordedAt: Date
  readonly identityId: IdentityId | null
  readonly taskId: TaskId | null
  readonly attestationId: AttestationId | null
  readonly decisionId: DecisionId | null
  readonly credentialId: CredentialId | null
  readonly revocationId: RevocationId | null
  /** Canonical JSON. */
  readonly data: Uint8Array
  readonly leafHash: Uint8Array
}

/** One statement for any number of entries: a round trip each would cost more than the rows. */
const insertStatement = `
  insert into entry (entry_id, stream, action, recorded_at, identity_id, task_id, attestation_id, decision_id,
                     credential_id, revocation_id, data, leaf_hash)
  select * from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::uuid[], $6::uuid[], $7::uuid[],
                       $8::uuid[], $9::uuid[], $10::uuid[], $11::bytea[], $12::bytea[])`

/** The statement and its values, for a hot path that runs it on a raw connection inside its own transaction. */
export function insertEntriesQuery(rows: readonly EntryRow[]): { text: string; values: unknown[] } {
  return {
    text: insertStatement,
    values: [
      rows.map((row) => row.entryId),
      rows.map((row) => row.stream),
      rows.map((row) => row.action),
      rows.map((row) => row.recordedAt),
      rows.map((row) => row.identityId),
      rows.map((row) => row.taskId),
      rows.map((row) => row.attestationId),
      rows.map((row) => row.decisionId),
      rows.map((row) => row.credentialId),
      rows.map((row) => row.revocationId),
      rows.map((row) => asBuffer(row.data)),
      rows.map((row) => asBuffer(row.leafHash)),
    ],
  }
}

export async function insertEntries(tx: Tx, rows: readonly EntryRow[]): Promise<void> {
  const { text, values } = insertEntriesQuery(rows)
  await tx.query.executeQuery(CompiledQuery.raw(text, values))
}

// pg writes a Buffer inside an array as bytea; a plain Uint8Array there would become text.
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
