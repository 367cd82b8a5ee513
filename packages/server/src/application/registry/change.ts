/**
 * What every change of the registry is given and gives back.
 *
 * Promise: one change, one entry, in the caller's transaction (law 5); a change that changes nothing leaves no entry.
 * Not here: whether the caller may. The surface asks the gate before.
 */
import type { DecisionId } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import type { AuditReceipt } from '../audit/audit-entry.ts'
import type { Actor } from '../context.ts'
import type { FieldChange } from './diff-fields.ts'

export interface Change {
  readonly tx: Tx
  readonly actor: Actor
  /** By the injected clock: every time that the change decides on or records. */
  readonly now: Date
  readonly requestId: string
  /** The permit under which it happens. */
  readonly decisionId?: DecisionId
  /** Told how many credentials a step of the change has ended. */
  readonly onEnded?: (total: number) => void
}

export interface Changed<Row> {
  /** As it is after the change. */
  readonly row: Row
  /** Null where nothing had to be changed. */
  readonly receipt: AuditReceipt | null
  readonly outcome: 'created' | 'updated' | 'unchanged'
  /** Field by field; for a new row all that was set. Never a secret. */
  readonly changes: readonly FieldChange[]
}

/** What a PATCH may carry beside its fields: the version that the caller has seen. */
export interface SeenVersion {
  readonly version?: number | undefined
}
