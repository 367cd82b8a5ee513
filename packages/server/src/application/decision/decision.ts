/**
 * A decision: permit with its duties, or deny with its reasons. Denied is a value.
 */
import type { ActionName, BoundTo, DecisionId, IdentityId, JsonObject, PolicyVersionId, TaskId } from '@mayfly/domain'
import type { Duties } from './duties.ts'
import type { RowVersion } from './facts.ts'

export type { AuthorityRequest, ResourceRef, RowVersion } from './facts.ts'

/** Why something was denied. Each is a class of its own, so that a client can react without reading prose. */
export type DenyCode =
  // Before any policy, by code
  | 'person_left'
  | 'identity_suspended'
  | 'identity_retired'
  | 'identity_expired'
  | 'identity_ownerless'
  | 'attestation_stale'
  | 'attestation_revoked'
  | 'principal_not_allowed'
  | 'role_retired'
  | 'resource_retired'
  | 'trust_provider_retired'
  | 'task_not_active'
  | 'task_of_another'
  | 'role_not_in_task'
  | 'deadline_passed'
  | 'delivery_not_offered'
  | 'subject_not_allowed'
  | 'chain_too_long'
  // By the policies
  | 'policy_missing'
  | 'policy_forbids'
  | 'no_policy_permits'
  | 'condition_not_met'
  | 'policy_error'
  | 'engine_failed'
  // By a duty
  | 'task_required'
  | 'approval_not_available'
  | 'binding_not_offered'
  | 'policy_ended'
  | 'end_date_required'

export interface DenyReason {
  readonly code: DenyCode
  /** For people: lower case, no full stop, input in backticks. */
  readonly detail: string
  /** The `@id` of the policy that it comes from. */
  readonly policyId?: string
}

interface DecisionBase {
  readonly decisionId: DecisionId
  readonly action: ActionName
  readonly decidedAt: Date
  /** The policy version asked; absent when none is active. */
  readonly policyVersionId?: PolicyVersionId
  /** `@id`s of the policies that determined the answer. */
  readonly determining: readonly string[]
  /** What it was decided on, fit for a row: ids and names, no secret. */
  readonly principal: JsonObject
  readonly resource: JsonObject
  readonly context: JsonObject
  /** The identity and the task that it is about, where there are such. */
  readonly identityId?: IdentityId
  readonly taskId?: TaskId
  /** Of a credential: what it is to be bound to at least, as it was decided on. */
  readonly binding?: BoundTo
  /** Every row decided on; give them to `factsUnchanged` in the transaction that acts on the decision. */
  readonly versions: readonly RowVersion[]
}

export interface PermitDecision extends DecisionBase {
  readonly outcome: 'permit'
  readonly policyVersionId: PolicyVersionId
  readonly duties: Duties
  /** Where one acts for another: what else was asked, and permitted. Recorded with it. */
  readonly alongside?: readonly PermitDecision[]
}

export interface DenyDecision extends DecisionBase {
  readonly outcome: 'deny'
  /** At least one; the first is the most telling. */
  readonly reasons: readonly DenyReason[]
}

export type Decision = PermitDecision | DenyDecision
