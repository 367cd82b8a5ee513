/** Writes a decision down, in the transaction that acts on it. */
import type { AuditReceipt } from '../audit/audit-entry.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { Actor } from '../context.ts'
import { insertDecisions, type NewDecisionRow } from '../../store/decision-rows.ts'
import type { Tx } from '../../store/database.ts'
import type { Decision, DenyDecision } from './decision.ts'

/** A permit's entry is the one of the change that it permits; it names the decision. */
export async function recordDecision(tx: Tx, decision: Decision): Promise<void> {
  const alongside = decision.outcome === 'permit' ? (decision.alongside ?? []) : []
  await insertDecisions(tx, [decision, ...alongside].map(decisionRowOf))
}

/** A denial changes nothing else, so it has an entry of its own. */
export async function recordDenial(
  tx: Tx,
  actor: Actor,
  decision: DenyDecision,
  requestId: string,
): Promise<AuditReceipt> {
  await recordDecision(tx, decision)
  return appendAudit(tx, {
    action: 'decision.denied',
    at: decision.decidedAt,
    actor,
    decisionId: decision.decisionId,
    identityId: decision.identityId,
    taskId: decision.taskId,
    body: {
      action: decision.action,
      resource: decision.resource,
      reasons: decision.reasons.map(({ code, policyId }) =>
        policyId === undefined ? { code } : { code, policy: policyId },
      ),
      ...(decision.policyVersionId === undefined ? {} : { policy_version_id: decision.policyVersionId }),
      request_id: requestId,
    },
  })
}

/** For a hot path that writes many rows in one statement. */
export function decisionRowOf(decision: Decision): NewDecisionRow {
  return {
    decision_id: decision.decisionId,
    action: decision.action,
    principal: JSON.stringify(decision.principal),
    resource: JSON.stringify(decision.resource),
    identity_id: decision.identityId ?? null,
    task_id: decision.taskId ?? null,
    outcome: decision.outcome,
    reasons: JSON.stringify(decision.outcome === 'deny' ? decision.reasons.map(reasonJson) : []),
    determining: [...decision.determining],
    duties: JSON.stringify(decision.outcome === 'permit' ? dutiesJson(decision.duties) : {}),
    context: JSON.stringify(decision.context),
    policy_version_id: decision.policyVersionId ?? null,
    decided_at: decision.decidedAt,
  }
}

/** A reason as it stands on the wire and in rows. */
export function reasonJson({ code, detail, policyId }: DenyDecision['reasons'][number]) {
  return { code, detail, ...(policyId === undefined ? {} : { policy: policyId }) }
}

export function dutiesJson(duties: Extract<Decision, { outcome: 'permit' }>['duties']) {
  return {
    max_ttl_seconds: duties.maxTtlSeconds,
    ...(duties.requireTask === undefined ? {} : { require_task: true }),
    ...(duties.requireApproval === undefined ? {} : { require_approval: true }),
    ...(duties.requireBinding === undefined ? {} : { require_binding: duties.requireBinding }),
    ...(duties.untilTaskDeadlineSeconds === undefined ? {} : { until_task_deadline: duties.untilTaskDeadlineSeconds }),
  }
}
