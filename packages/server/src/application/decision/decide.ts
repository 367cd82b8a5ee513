/**
 * Decides: facts in, decision out. Reads nothing and writes nothing; the same facts give the same answer.
 *
 * Law 8: deny is the default. No matching policy, an engine that fails, any evaluation error, a stale proof, a duty that
 * cannot be discharged: deny, with the reason.
 */
import { type DecisionId, type IdentityId, newId, type TaskId } from '@mayfly/domain'
import type { CompiledPolicy } from '../../adapters/cedar/compiled-policy.ts'
import type { Answer, PolicyEngine } from '../../adapters/cedar/policy-engine.ts'
import { buildQuestions } from './build-question.ts'
import type { Decision, DenyReason } from './decision.ts'
import { describeContext, describePrincipal, describeResource, resourceName } from './describe-facts.ts'
import type { Facts } from './facts.ts'
import { hardDenials } from './hard-rules.ts'
import { mergeDuties } from './merge-duties.ts'

/** A person can use a few hints; a list of a hundred policies is none. */
const maxNearReasons = 5

export function decide(engine: PolicyEngine, facts: Facts): Decision {
  const base = {
    decisionId: newId<DecisionId>(),
    action: facts.action,
    decidedAt: facts.now,
    principal: describePrincipal(facts),
    resource: describeResource(facts),
    context: describeContext(facts),
    versions: facts.versions,
    ...(facts.binding === undefined ? {} : { binding: facts.binding }),
    ...subjectOf(facts),
  }
  const policyVersionId = facts.policy?.policyVersionId
  const deny = (reasons: readonly DenyReason[], determining: readonly string[] = []): Decision => ({
    ...base,
    outcome: 'deny',
    reasons,
    determining,
    ...(policyVersionId === undefined ? {} : { policyVersionId }),
  })

  const hard = hardDenials(facts)
  if (hard.length > 0) return deny(hard)
  if (facts.policy === undefined || policyVersionId === undefined) {
    return deny([{ code: 'policy_missing', detail: 'no policy version is active' }])
  }
  const set = engine.find(facts.policy.digest)
  if (set === undefined) {
    return deny([{ code: 'engine_failed', detail: 'the active policy version cannot be used' }])
  }

  const permits = new Set<CompiledPolicy>()
  const forbids = new Set<string>()
  const reasons: DenyReason[] = []
  for (const question of buildQuestions(facts)) {
    const answer = engine.ask(set, question)
    if (answer.outcome === 'permit') for (const policy of answer.determining) permits.add(policy)
    else {
      if (answer.outcome === 'forbid') for (const policy of answer.determining) forbids.add(policy.id)
      reasons.push(...reasonsOf(answer, facts, question.resource.id))
    }
  }
  if (reasons.length > 0) return deny(reasons, [...forbids])

  const { duties, undischarged } = mergeDuties([...permits], facts)
  const determining = [...permits].map((policy) => policy.id)
  if (undischarged.length > 0) return deny(undischarged, determining)
  return { ...base, outcome: 'permit', policyVersionId, determining, duties }
}

function reasonsOf(answer: Exclude<Answer, { outcome: 'permit' }>, facts: Facts, resourceId: string): DenyReason[] {
  switch (answer.outcome) {
    case 'forbid':
      return answer.determining.map((policy) => ({
        code: 'policy_forbids',
        policyId: policy.id,
        detail: policy.description || `\`${policy.id}\` forbids it`,
      }))
    case 'no_match': {
      const asked = facts.declaring === undefined ? resourceName(facts.resource) : resourceId
      return [
        { code: 'no_policy_permits', detail: `no policy permits \`${facts.action}\` on \`${asked}\`` },
        ...answer.near.slice(0, maxNearReasons).map((policy): DenyReason => ({
          code: 'condition_not_met',
          policyId: policy.id,
          detail: `the conditions of \`${policy.id}\` are not met${policy.description && `: ${policy.description}`}`,
        })),
      ]
    }
    case 'error':
      return answer.errors.map(({ policyId, message }) => ({
        code: 'policy_error',
        policyId,
        detail: `the policy \`${policyId}\` could not be evaluated, so nothing is permitted: ${message}`,
      }))
    case 'failed':
      return [{ code: 'engine_failed', detail: 'the policy engine failed, so nothing is permitted' }]
  }
}

/** Whom a decision is about, for the index of the trace. */
function subjectOf({ principal, resource, task }: Facts): { identityId?: IdentityId; taskId?: TaskId } {
  const about =
    principal.kind === 'identity'
      ? principal.identityId
      : resource.type === 'Identity'
        ? resource.identity.identityId
        : resource.type === 'Credential'
          ? resource.identity.identityId
          : resource.type === 'Task'
            ? resource.task.identity.identityId
            : undefined
  const taskId = task?.taskId ?? (resource.type === 'Task' ? resource.task.taskId : undefined)
  return { ...(about === undefined ? {} : { identityId: about }), ...(taskId === undefined ? {} : { taskId }) }
}
