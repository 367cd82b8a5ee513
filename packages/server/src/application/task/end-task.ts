/**
 * Ends a task: completed, failed, or past its deadline. What was issued for it ends in the same transaction (law 2).
 *
 * Not here: a task that is revoked (request-revocation.ts), and a running instance whose proof lapses: its attestation
 * is revoked, and the task with it.
 */
import { MayflyError, type TaskId, type TenantId } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import { claimOverdueTasks, endIfActive, getTask, type TaskRow } from '../../store/task-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { AuditReceipt } from '../audit/audit-entry.ts'
import { statedRow } from '../audit/stated-rows.ts'
import { type Actor, actorRecord, type CoreDeps, type RequestContext } from '../context.ts'
import { type RequestedRevocation, requestRevocation } from '../revocation/request-revocation.ts'

export interface TaskEnd {
  readonly taskId: TaskId
  readonly outcome: 'completed' | 'failed'
  /** What came of it, for people; at most 1,000 characters. */
  readonly note?: string | undefined
}

export interface EndedTask {
  readonly task: TaskRow
  readonly receipt: AuditReceipt
  /** Absent where nothing was issued that still lived. */
  readonly revocation: RequestedRevocation | undefined
}

const causes = { completed: 'task_completed', failed: 'task_failed', expired: 'task_expired' } as const

/** @throws MayflyError `task_not_active`, `resource_not_found` */
export async function endTask(tx: Tx, ctx: RequestContext, end: TaskEnd, now: Date): Promise<EndedTask> {
  const row = await endIfActive(tx, { taskId: end.taskId, state: end.outcome, note: end.note, now })
  if (row === undefined) {
    const { state } = await getTask(tx, end.taskId)
    throw new MayflyError('task_not_active', {
      publicDetail: `the task is \`${state}\`: it has ended, and stays as it ended`,
    })
  }
  return afterEnd(tx, row, { outcome: end.outcome, actor: ctx.actor, now, requestId: ctx.requestId })
}

const batchSize = 100

/** Ends tasks past their deadline. */
export async function runDeadlines(deps: CoreDeps, tenantId: TenantId): Promise<'idle' | 'more'> {
  const now = deps.clock.now()
  return deps.database.transaction(tenantId, async (tx) => {
    const overdue = await claimOverdueTasks(tx, now, batchSize)
    for (const { task_id: taskId } of overdue) {
      const row = await endIfActive(tx, { taskId, state: 'expired', note: undefined, now })
      const actor: Actor = { kind: 'system', worker: 'run-deadlines' }
      if (row !== undefined) await afterEnd(tx, row, { outcome: 'expired', actor, now })
    }
    return overdue.length === batchSize ? 'more' : 'idle'
  })
}

async function afterEnd(
  tx: Tx,
  task: TaskRow,
  end: { outcome: keyof typeof causes; actor: Actor; now: Date; requestId?: string },
): Promise<EndedTask> {
  const receipt = await appendAudit(tx, {
    action: `task.${end.outcome}`,
    at: end.now,
    actor: end.actor,
    identityId: task.identity_id,
    taskId: task.task_id,
    attestationId: task.attestation_id ?? undefined,
    rows: [statedRow('task', task)],
    body: {
      ...(task.outcome_note === null ? {} : { note: task.outcome_note }),
      ...(end.requestId === undefined ? {} : { request_id: end.requestId }),
    },
  })
  const revocation = await requestRevocation(tx, {
    selector: { kind: 'task', id: task.task_id },
    cause: causes[end.outcome],
    requestedBy: actorRecord(end.actor),
    now: end.now,
    requestId: end.requestId,
  })
  return { task, receipt, revocation }
}
