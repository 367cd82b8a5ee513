/** A removal that does not come about within a minute is something that a person must know of (law 4). */
import type { ResourceId, TenantId } from '@mayfly/domain'
import { hasOpenFinding } from '../../store/finding-rows.ts'
import { countOverdue } from '../../store/removal-rows.ts'
import type { CoreDeps } from '../context.ts'
import { removalActor } from './record-removal.ts'
import { closeFinding, raiseFinding, resourceSubject } from './raise-finding.ts'

const kind = 'revocation_overdue'
const overdueAfterMs = 60_000

export async function reportOverdue(
  deps: CoreDeps,
  tenantId: TenantId,
  resourceId: ResourceId,
  now: Date,
): Promise<void> {
  await deps.database.transaction(tenantId, async (tx) => {
    const overdue = await countOverdue(tx, resourceId, new Date(now.getTime() - overdueAfterMs))
    if (overdue === 0) return
    await raiseFinding(
      tx,
      {
        kind,
        subject: resourceSubject(resourceId),
        severity: 'high',
        detail: `${overdue} revoked accounts are not yet absent at this resource after a minute; removal goes on`,
      },
      removalActor,
      now,
    )
  })
}

/** Closes the finding when nothing is overdue any more. */
export async function closeOverdueFinding(
  deps: CoreDeps,
  tenantId: TenantId,
  resourceId: ResourceId,
  now: Date,
): Promise<void> {
  await deps.database.transaction(tenantId, async (tx) => {
    if (!(await hasOpenFinding(tx, kind, resourceSubject(resourceId)))) return
    if ((await countOverdue(tx, resourceId, new Date(now.getTime() - overdueAfterMs))) > 0) return
    await closeFinding(tx, { kind, subject: resourceSubject(resourceId) }, removalActor, now)
  })
}
