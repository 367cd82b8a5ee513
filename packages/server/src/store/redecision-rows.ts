/** The SQL of what must be decided again (law 11). A row stands until its work is done, so nothing is forgotten. */
import { newId } from '@mayfly/domain'
import { type Selectable, sql } from 'kysely'
import type { Tx } from './database.ts'
import type { RedecisionTable } from './schema.gen.ts'
import { wakeWorkers } from './wake-workers.ts'

/** Of `policy` the id is `<old version>..<new version>`: what concerns it is the difference of the two. */
export type RedecisionSelectorKind =
  | 'task'
  | 'attestation'
  | 'identity'
  | 'owner'
  | 'role'
  | 'resource'
  | 'trust_provider'
  | 'environment'
  | 'policy'
  | 'person'

export interface RedecisionRequest {
  readonly selectorKind: RedecisionSelectorKind
  readonly selectorId: string
  /** What changed, in words fit for the reason of a revocation. */
  readonly why: string
  readonly requestedBy: Readonly<Record<string, string>>
  readonly now: Date
}

export type RedecisionRow = Selectable<RedecisionTable>

/** In the transaction of the change: whoever holds something because of what changed is decided again. */
export async function requestRedecision(tx: Tx, request: RedecisionRequest): Promise<void> {
  await tx.query
    .insertInto('redecision')
    .values({
      redecision_id: newId<string>(request.now.getTime()),
      selector_kind: request.selectorKind,
      selector_id: request.selectorId,
      why: request.why.slice(0, 200),
      requested_by: JSON.stringify(request.requestedBy),
      requested_at: request.now,
      next_attempt_at: request.now,
    })
    .execute()
  await wakeWorkers(tx, 'redecision')
}

/** Takes the one due longest, until `leaseUntil`: whoever dies over it leaves it to the next. */
export async function claimRedecision(tx: Tx, now: Date, leaseUntil: Date): Promise<RedecisionRow | undefined> {
  const { rows } = await sql<RedecisionRow>`
    update redecision set next_attempt_at = ${leaseUntil}, attempts = attempts + 1
    where redecision_id = (
      select redecision_id from redecision where next_attempt_at <= ${now}
      order by next_attempt_at limit 1 for update skip locked)
    returning *`.execute(tx.query)
  return rows[0]
}

export async function extendRedecision(tx: Tx, redecisionId: string, leaseUntil: Date): Promise<void> {
  await tx.query
    .updateTable('redecision')
    .set({ next_attempt_at: leaseUntil })
    .where('redecision_id', '=', redecisionId)
    .execute()
}

export async function deferRedecision(tx: Tx, redecisionId: string, until: Date, error: string): Promise<void> {
  await tx.query
    .updateTable('redecision')
    .set({ next_attempt_at: until, last_error: error.slice(0, 1000) })
    .where('redecision_id', '=', redecisionId)
    .execute()
}

export async function deleteRedecision(tx: Tx, redecisionId: string): Promise<void> {
  await tx.query.deleteFrom('redecision').where('redecision_id', '=', redecisionId).execute()
}
