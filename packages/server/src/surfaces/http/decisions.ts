/** Decisions: why something was permitted or denied. */
import type { DecisionId, IdentityId, PolicyVersionId, TaskId } from '@mayfly/domain'
import { z } from 'zod'
import type { AuthorityDeps } from '../../application/decision/authority-deps.ts'
import { explainDecision } from '../../application/decision/explain-decision.ts'
import type { ResourceRef } from '../../application/decision/facts.ts'
import { withAuthority } from '../../application/decision/with-authority.ts'
import { getDecision } from '../../store/decision-rows.ts'
import { defineSelfGatedRoute, type Route } from './define-route.ts'
import type { HttpDeps } from './http-deps.ts'
import { denyReason, duties } from './policies.ts'
import { id, timestamp } from './wire.ts'

type Deps = AuthorityDeps & HttpDeps

const facts = z.record(z.string(), z.json())

const decision = z
  .object({
    decision_id: id<DecisionId>(),
    action: z.string(),
    outcome: z.enum(['permit', 'deny']),
    decided_at: timestamp,
    principal: facts,
    resource: facts,
    context: facts,
    identity_id: id<IdentityId>().nullable(),
    task_id: id<TaskId>().nullable(),
    reasons: z.array(denyReason),
    duties,
    policy_version: z.object({ policy_version_id: id<PolicyVersionId>(), number: z.int() }).nullable(),
    policies: z
      .array(
        z.object({ id: z.string(), effect: z.enum(['permit', 'forbid']), description: z.string(), text: z.string() }),
      )
      .meta({ description: 'Every policy that determined it or that a reason names, as it was then' }),
  })
  .meta({ id: 'Decision', description: 'One recorded answer, with its reasons' })

export const decisionRoutes: readonly Route<Deps>[] = [
  defineSelfGatedRoute({
    method: 'GET',
    path: '/v1/decisions/{id}',
    name: 'explainDecision',
    summary: 'read why something was decided so',
    description: 'Judged on the identity that the decision is about, so that an identity can read its own.',
    action: 'decision.read',
    params: z.strictObject({ id: id<DecisionId>() }),
    response: decision,
    handle: async (deps: Deps, ctx, { params }) => {
      // Only whom it is about is read before the gate, and told to nobody.
      const about = await deps.database.transaction(ctx.tenantId, (tx) => getDecision(tx, params.id))
      const resource: ResourceRef =
        about.identity_id === null ? { type: 'Tenant' } : { type: 'Identity', id: about.identity_id }
      const explained = await withAuthority(deps, ctx, { action: 'decision.read', resource, readOnly: true }, (tx) =>
        explainDecision(deps.policies, tx, params.id),
      )
      return {
        decision_id: explained.decisionId,
        action: explained.action,
        outcome: explained.outcome,
        decided_at: explained.decidedAt,
        principal: explained.principal as z.output<typeof facts>,
        resource: explained.resource as z.output<typeof facts>,
        context: explained.context as z.output<typeof facts>,
        identity_id: explained.identityId,
        task_id: explained.taskId,
        reasons: explained.reasons as unknown as z.output<typeof denyReason>[],
        duties: explained.duties,
        policy_version: explained.policyVersion && {
          policy_version_id: explained.policyVersion.policyVersionId,
          number: explained.policyVersion.number,
        },
        policies: [...explained.policies],
      }
    },
  }),
]
