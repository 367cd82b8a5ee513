/** Findings: something wrong that a person must know of. One open finding for one thing; finding it again changes nothing. */
import { newId, type ResourceId } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import { closeOpenFinding, insertFinding } from '../../store/finding-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { Actor } from '../context.ts'

export interface Finding {
  /** Lower case with underscores, e.g. `revocation_overdue`. */
  readonly kind: string
  /** What it is about, e.g. `resource:<id>`. */
  readonly subject: string
  readonly severity: 'low' | 'medium' | 'high' | 'critical'
  /** For people: no secret, at most 1,000 characters. */
  readonly detail: string
}

/** How the subject of a finding names a resource. */
export const resourceSubject = (resourceId: ResourceId) => `resource:${resourceId}`

/** @returns false where the same is open already */
export async function raiseFinding(tx: Tx, finding: Finding, by: Actor, now: Date): Promise<boolean> {
  const row = await insertFinding(tx, { ...finding, finding_id: newId(), opened_at: now })
  if (row === undefined) return false
  await appendAudit(tx, {
    action: 'finding.opened',
    at: now,
    actor: by,
    body: { finding_id: row.finding_id, kind: row.kind, subject: row.subject, severity: row.severity },
  })
  return true
}

/** @param openedBefore one that was opened later stays open. @returns false where none was open */
export async function closeFinding(
  tx: Tx,
  finding: Pick<Finding, 'kind' | 'subject'>,
  by: Actor,
  now: Date,
  openedBefore = now,
): Promise<boolean> {
  const row = await closeOpenFinding(tx, finding.kind, finding.subject, now, openedBefore)
  if (row === undefined) return false
  await appendAudit(tx, {
    action: 'finding.closed',
    at: now,
    actor: by,
    body: { finding_id: row.finding_id, kind: row.kind, subject: row.subject },
  })
  return true
}
