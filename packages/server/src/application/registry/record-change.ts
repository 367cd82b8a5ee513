import type { AuditAction } from '../audit/audit-stream.ts'
import type { AuditReceipt, AuditSubject } from '../audit/audit-entry.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { StatedRow } from '../audit/stated-rows.ts'
import { type FieldChange, changesForLog } from './diff-fields.ts'
import type { Change } from './change.ts'

/** The one entry of one change of the registry, under the decision that permitted it. */
export async function recordChange(
  change: Change,
  entry: {
    readonly action: AuditAction
    readonly rows: readonly StatedRow[]
    readonly changes: readonly FieldChange[]
    /** The fields whose values the entry shows. */
    readonly shown: readonly string[]
    readonly subject?: AuditSubject
  },
): Promise<AuditReceipt> {
  return appendAudit(change.tx, {
    action: entry.action,
    at: change.now,
    actor: change.actor,
    ...entry.subject,
    ...(change.decisionId === undefined ? {} : { decisionId: change.decisionId }),
    rows: entry.rows,
    body: { request_id: change.requestId, fields: changesForLog(entry.changes, entry.shown) },
  })
}
