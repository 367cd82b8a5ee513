/**
 * Declares a task: a piece of work with a purpose, the roles that it needs, and a deadline.
 *
 * Promise: who declares is authenticated (law 14), and policy has permitted every role of it for that declarer, that
 * identity and that deadline (action `task.declare`).
 */
import { type IdentityId, MayflyError, newId, type RoleId, type TaskId, type TaskKind } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import { getIdentity } from '../../store/identity-rows.ts'
import { getRole } from '../../store/role-rows.ts'
import { insertTask, type TaskRow } from '../../store/task-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { AuditReceipt } from '../audit/audit-entry.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { RequestContext } from '../context.ts'
import type { AuthorityDeps } from '../decision/authority-deps.ts'
import type { PermitDecision } from '../decision/decision.ts'
import { withAuthority } from '../decision/with-authority.ts'

export interface TaskDeclaration {
  /** The identity that will do it, by id or name. */
  readonly identity: string
  /** `running_instance`: a service's task is its running instance; it ends when its proof lapses. */
  readonly kind: TaskKind
  readonly purpose: string
  /** By id, or as `resource/role`; at least one. */
  readonly roles: readonly string[]
  readonly deadline: Date
}

/** @throws MayflyError `policy_denied`, `request_invalid`, `resource_not_found` */
export async function declareTask(
  deps: AuthorityDeps,
  ctx: RequestContext,
  declaration: TaskDeclaration,
): Promise<{ taskId: TaskId; receipt: AuditReceipt }> {
  const { identity, kind, deadline, roles } = declaration
  const now = deps.clock.now()
  refusePastDeadline(deadline, now)
  return withAuthority(
    deps,
    ctx,
    { action: 'task.declare', resource: { type: 'Identity', id: identity }, task: { kind, deadline, roles } },
    (tx, decision) => recordTask(tx, ctx, declaration, decision, now),
  )
}

async function recordTask(
  tx: Tx,
  ctx: RequestContext,
  declaration: TaskDeclaration,
  decision: PermitDecision,
  now: Date,
): Promise<{ taskId: TaskId; receipt: AuditReceipt }> {
  const identity = await getIdentity(tx, declaration.identity)
  const roleIds = new Set<RoleId>()
  for (const ref of declaration.roles) roleIds.add((await getRole(tx, ref)).role_id)
  const { task, roles } = await insertTask(
    tx,
    {
      task_id: newId<TaskId>(),
      kind: declaration.kind,
      identity_id: identity.identity_id,
      ...declarerOf(ctx),
      attestation_id: instanceOf(ctx, declaration.kind, identity.identity_id),
      purpose: declaration.purpose,
      environment: identity.environment,
      deadline: declaration.deadline,
      decision_id: decision.decisionId,
      declared_at: now,
    },
    [...roleIds],
  )
  const receipt = await appendAudit(tx, {
    action: 'task.declared',
    at: now,
    actor: ctx.actor,
    identityId: task.identity_id,
    taskId: task.task_id,
    attestationId: task.attestation_id ?? undefined,
    decisionId: task.decision_id,
    rows: [statedRow('task', task), ...roles.map((row) => statedRow('task_role', row))],
    body: bodyOf(task, [...roleIds], ctx.requestId),
  })
  return { taskId: task.task_id, receipt }
}

function declarerOf({ actor }: RequestContext): Pick<TaskRow, 'declared_by_person' | 'declared_by_identity'> {
  switch (actor.kind) {
    case 'person':
      return { declared_by_person: actor.personId, declared_by_identity: null }
    case 'identity':
      return { declared_by_person: null, declared_by_identity: actor.identityId }
    case 'system':
      throw new MayflyError('internal', { log: 'Mayfly itself declares no task' })
  }
}

/** A running instance is the one that proved itself: only it can say so of itself. */
function instanceOf({ actor }: RequestContext, kind: TaskKind, identityId: IdentityId): TaskRow['attestation_id'] {
  if (kind === 'declared') return null
  if (actor.kind === 'identity' && actor.identityId === identityId) return actor.attestationId
  throw new MayflyError('request_invalid', {
    publicDetail: 'a running instance is declared by the identity that runs',
    hint: 'declare it with the access token of that identity, or declare a task of kind `declared`',
    fields: [{ pointer: '/kind', detail: 'only the identity itself may declare `running_instance`' }],
  })
}

function refusePastDeadline(deadline: Date, now: Date): void {
  if (deadline > now) return
  throw new MayflyError('request_invalid', {
    publicDetail: 'the deadline has passed',
    fields: [{ pointer: '/deadline', detail: `must be later than now, \`${now.toISOString()}\`` }],
  })
}

function bodyOf(task: TaskRow, roleIds: readonly RoleId[], requestId: string) {
  return {
    kind: task.kind,
    purpose: task.purpose,
    role_ids: roleIds,
    deadline: task.deadline.toISOString(),
    request_id: requestId,
  }
}
