import type { DecisionId, IdentityId, JsonObject, PolicyVersionId, TaskId } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import { getDecision } from '../../store/decision-rows.ts'
import { getPolicyVersion } from '../../store/policy-rows.ts'
import type { PolicyEngine } from '../../adapters/cedar/policy-engine.ts'

export interface DecidingPolicy {
  readonly id: string
  readonly effect: 'permit' | 'forbid'
  readonly description: string
  readonly text: string
}

export interface ExplainedDecision {
  readonly decisionId: DecisionId
  readonly action: string
  readonly outcome: 'permit' | 'deny'
  readonly decidedAt: Date
  readonly principal: JsonObject
  readonly resource: JsonObject
  readonly context: JsonObject
  readonly identityId: IdentityId | null
  readonly taskId: TaskId | null
  readonly reasons: readonly JsonObject[]
  readonly duties: JsonObject
  readonly policyVersion: { readonly policyVersionId: PolicyVersionId; readonly number: number } | null
  /** The text of every policy that determined it or that a reason names, as it was then. */
  readonly policies: readonly DecidingPolicy[]
}

/**
 * Everything that is known of why it was decided so, from the row and the version that was in force.
 *
 * @throws MayflyError `resource_not_found`
 */
export async function explainDecision(engine: PolicyEngine, tx: Tx, decisionId: string): Promise<ExplainedDecision> {
  const row = await getDecision(tx, decisionId)
  const version = row.policy_version_id === null ? undefined : await getPolicyVersion(tx, row.policy_version_id)
  const compiled = version && (await engine.load(version.digest, version.policy_text))
  const reasons = row.reasons as readonly JsonObject[]
  const named = new Set([...row.determining, ...reasons.map((reason) => reason['policy'])])
  return {
    decisionId: row.decision_id,
    action: row.action,
    // The check constraint of the table.
    outcome: row.outcome as 'permit' | 'deny',
    decidedAt: row.decided_at,
    principal: row.principal as JsonObject,
    resource: row.resource as JsonObject,
    context: row.context as JsonObject,
    identityId: row.identity_id,
    taskId: row.task_id,
    reasons,
    duties: row.duties as JsonObject,
    policyVersion:
      version === undefined ? null : { policyVersionId: version.policy_version_id, number: version.number },
    policies: (compiled?.policies ?? [])
      .filter(({ id }) => named.has(id))
      .map(({ id, effect, description, text }) => ({ id, effect, description, text })),
  }
}
