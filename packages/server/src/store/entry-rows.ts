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

export const entryColumns = [
  'entry_id',
  'stream',
  'action',
  'recorded_at',
  'identity_id',
  'task_id',
  'attestation_id',
  'decision_id',
  'credential_id',
  'revocation_id',
  'data',
  'leaf_hash',
] as const

/** In the order of `entryColumns`, for a statement that writes an entry along with its change. */
export function entryValues(row: EntryRow): unknown[] {
  return [
    row.entryId,
    row.stream,
    row.action,
    row.recordedAt,
    row.identityId,
    row.taskId,
    row.attestationId,
    row.decisionId,
    row.credentialId,
    row.revocationId,
    asBuffer(row.data),
    asBuffer(row.leafHash),
  ]
}

/** One statement for any number of entries: a round trip each would cost more than the rows. */
const insertStatement = `
  insert into entry (${entryColumns.join()})
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

/** The bytes of the entries with the leaf indexes from `first` on; fewer than `count` where one is missing. */
export async function readEntryData(tx: Tx, first: number, count: number): Promise<Uint8Array[]> {
  const { rows } = await tx.query.executeQuery<{ data: Buffer }>(
    CompiledQuery.raw('select data from entry where leaf_index >= $1 and leaf_index < $2 order by leaf_index', [
      first,
      first + count,
    ]),
  )
  return rows.map(({ data }) => data)
}

/** The bytes of committed entries that are not in the log yet. */
export async function readUnsequencedData(tx: Tx, limit: number): Promise<Uint8Array[]> {
  const { rows } = await tx.query.executeQuery<{ data: Buffer }>(
    CompiledQuery.raw('select data from entry where leaf_index is null order by recorded_at, entry_id limit $1', [
      limit,
    ]),
  )
  return rows.map(({ data }) => data)
}

export async function findLeafOf(
  tx: Tx,
  entryId: EntryId,
): Promise<{ leafIndex: number | null; leafHash: Uint8Array } | undefined> {
  const { rows } = await tx.query.executeQuery<{ leafIndex: number | null; leafHash: Buffer }>(
    CompiledQuery.raw('select leaf_index as "leafIndex", leaf_hash as "leafHash" from entry where entry_id = $1', [
      entryId,
    ]),
  )
  return rows[0]
}

// pg writes a Buffer inside an array as bytea; a plain Uint8Array there would become text.
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
