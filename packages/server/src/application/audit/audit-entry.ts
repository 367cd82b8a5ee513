/**
 * The audit entry: what is said, and the bytes that say it (docs/formats/entry.md).
 *
 * Promise: the bytes are canonical JSON and never change after they are made; the leaf is their hash.
 * Limit: it cannot know what a string means. The writer keeps secrets and personal data out; what has a type that
 * forbids it (`Secret`) is refused by the canonical form.
 */
import {
  type AttestationId,
  canonicalJson,
  type CredentialId,
  type DecisionId,
  encodeUtf8,
  type EntryId,
  type IdentityId,
  type JsonObject,
  type JsonValue,
  leafHash,
  maxEntrySizeBytes,
  MayflyError,
  newId,
  type RevocationId,
  type TaskId,
  type TenantId,
} from '@mayfly/domain'
import type { EntryRow } from '../../store/entry-rows.ts'
import { type Actor, type ActorRecord, actorRecord } from '../context.ts'
import { type AuditAction, streamOf } from './audit-stream.ts'
import { sha256 } from './sha256.ts'
import type { StatedRow } from './stated-rows.ts'

/** Whom it is about. Each id given is an index of the trace. */
export interface AuditSubject {
  readonly identityId?: IdentityId | undefined
  readonly taskId?: TaskId | undefined
  readonly attestationId?: AttestationId | undefined
  readonly decisionId?: DecisionId | undefined
  readonly credentialId?: CredentialId | undefined
  readonly revocationId?: RevocationId | undefined
}

export interface AuditEntry extends AuditSubject {
  readonly action: AuditAction
  /** When it happened, by the injected clock. */
  readonly at: Date
  /** The actor, or its record where only that is at hand (a row that names who asked). */
  readonly actor: Actor | ActorRecord
  /** Each row that the transaction changed (`statedRow`), as it is afterwards. */
  readonly rows?: readonly StatedRow[]
  /** What else an auditor needs: snake_case, no secret, personal data as salted digests only. */
  readonly body?: JsonObject
}

/** What a writer gets back, and what a promise is made of. */
export interface AuditReceipt {
  readonly entryId: EntryId
  readonly leafHash: Uint8Array
  readonly at: Date
}

/** @throws MayflyError `internal`: the entry is too large, or holds what is not plain JSON */
export function entryRowOf(tenantId: TenantId, entry: AuditEntry): EntryRow {
  const entryId = newId<EntryId>()
  const stream = streamOf(entry.action)
  const data = encodeUtf8(
    canonicalJson({
      v: 1,
      id: entryId,
      tenant: tenantId,
      at: entry.at.toISOString(),
      stream,
      action: entry.action,
      actor: isRecord(entry.actor) ? { ...entry.actor } : actorRecord(entry.actor),
      subject: subjectJson(entry),
      rows: (entry.rows ?? []).map(({ table, id, version, digest }) => ({ table, id, version, digest })),
      body: entry.body ?? {},
    }),
  )
  if (data.length > maxEntrySizeBytes) {
    throw new MayflyError('internal', {
      log: `entry ${entry.action} is ${data.length} bytes, at most ${maxEntrySizeBytes} fit: split it or log a digest`,
    })
  }
  return {
    entryId,
    stream,
    action: entry.action,
    recordedAt: entry.at,
    identityId: entry.identityId ?? null,
    taskId: entry.taskId ?? null,
    attestationId: entry.attestationId ?? null,
    decisionId: entry.decisionId ?? null,
    credentialId: entry.credentialId ?? null,
    revocationId: entry.revocationId ?? null,
    data,
    leafHash: leafHash(sha256, data),
  }
}

export function receiptOf(row: EntryRow): AuditReceipt {
  return { entryId: row.entryId, leafHash: row.leafHash, at: row.recordedAt }
}

function subjectJson(subject: AuditSubject): JsonObject {
  const members: readonly (readonly [string, JsonValue | undefined])[] = [
    ['identity_id', subject.identityId],
    ['task_id', subject.taskId],
    ['attestation_id', subject.attestationId],
    ['decision_id', subject.decisionId],
    ['credential_id', subject.credentialId],
    ['revocation_id', subject.revocationId],
  ]
  return Object.fromEntries(members.filter((member): member is [string, JsonValue] => member[1] !== undefined))
}

function isRecord(actor: Actor | ActorRecord): actor is ActorRecord {
  return 'id' in actor
}
