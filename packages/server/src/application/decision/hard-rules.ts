/**
 * What no policy can permit: rules that are code, so that no policy version can take them away.
 *
 * Promise: an identity that is suspended, retired, expired or without an owner, a person who has left, and a proof that
 * is stale or revoked can do nothing by any path.
 */
import { actions, type PrincipalType, type ResourceType } from '@mayfly/domain'
import type { DenyReason } from './decision.ts'
import { type Facts, maxChainLength, type RoleFacts } from './facts.ts'

export function hardDenials(facts: Facts): DenyReason[] {
  return [
    ...shapeDenials(facts),
    ...principalDenials(facts),
    ...attestationDenials(facts),
    ...(facts.action === 'token.issue' && facts.resource.type === 'TrustProvider' && facts.resource.retired
      ? [reason('trust_provider_retired', `the trust provider \`${facts.resource.name}\` is retired`)]
      : []),
    ...rolesAsked(facts).flatMap(roleDenials),
    ...taskDenials(facts),
    ...delegationDenials(facts),
    ...declaringDenials(facts),
  ]
}

function reason(code: DenyReason['code'], detail: string): DenyReason {
  return { code, detail }
}

/** The schema says who may ask what of what; a question outside it has no answer but no. */
function shapeDenials(facts: Facts): DenyReason[] {
  const { action, principal, resource, declaring } = facts
  const kind = actions[action]
  const principalType: PrincipalType = principal.kind === 'person' ? 'Person' : 'Identity'
  const resourceType: ResourceType = declaring === undefined ? resource.type : 'Role'
  const fits =
    (kind.principals as readonly PrincipalType[]).includes(principalType) &&
    (kind.resources as readonly ResourceType[]).includes(resourceType) &&
    (action === 'task.declare') === (declaring !== undefined) &&
    (action !== 'token.exchange' || facts.exchangedRole !== undefined) &&
    (declaring === undefined || resource.type === 'Identity')
  const asked = `${principal.kind === 'person' ? 'a person' : 'an identity'} cannot ask \`${action}\` of a \`${resourceType}\``
  return fits ? [] : [reason('principal_not_allowed', asked)]
}

function principalDenials({ principal, now }: Facts): DenyReason[] {
  if (principal.kind === 'person') {
    return principal.state === 'active' ? [] : [reason('person_left', 'the person has left')]
  }
  const denials: DenyReason[] = []
  const { name, state, expiresAt, owner } = principal
  if (state === 'suspended') denials.push(reason('identity_suspended', `the identity \`${name}\` is suspended`))
  if (state === 'retired') denials.push(reason('identity_retired', `the identity \`${name}\` is retired`))
  if (expiresAt <= now) {
    denials.push(reason('identity_expired', `the identity \`${name}\` expired at ${expiresAt.toISOString()}`))
  }
  if (!owner.answers) {
    const detail = `nobody answers for the identity \`${name}\`: the people of its owner \`${owner.name}\` have left`
    denials.push(reason('identity_ownerless', detail))
  }
  return denials
}

function attestationDenials({ attestation, now }: Facts): DenyReason[] {
  if (attestation.state === 'revoked') return [reason('attestation_revoked', 'the proof has been revoked')]
  if (attestation.state === 'lapsed' || attestation.freshUntil <= now) {
    return [
      reason('attestation_stale', `the proof was fresh until ${attestation.freshUntil.toISOString()}: prove again`),
    ]
  }
  return []
}

function asksForCredential({ action }: Facts): boolean {
  return action === 'credential.issue' || action === 'credential.renew'
}

function rolesAsked(facts: Facts): readonly RoleFacts[] {
  if (facts.declaring !== undefined) return facts.declaring.roles
  return asksForCredential(facts) && facts.resource.type === 'Role' ? [facts.resource] : []
}

function roleDenials({ name, retired, target }: RoleFacts): DenyReason[] {
  const denials: DenyReason[] = []
  if (retired) denials.push(reason('role_retired', `the role \`${name}\` is retired`))
  if (target.retired) denials.push(reason('resource_retired', `the resource \`${target.name}\` is retired`))
  if (target.delivery !== 'direct') {
    const detail = `the resource \`${target.name}\` wants its credentials delivered by \`${target.delivery}\`, which nothing offers yet`
    denials.push(reason('delivery_not_offered', detail))
  }
  return denials
}

function taskDenials(facts: Facts): DenyReason[] {
  const { task, principal, resource, now } = facts
  if (task === undefined || !asksForCredential(facts)) return []
  const denials: DenyReason[] = []
  if (task.state !== 'active' || task.deadline <= now) {
    const ended = task.state === 'active' ? 'is past its deadline' : `is \`${task.state}\``
    denials.push(reason('task_not_active', `the task \`${task.taskId}\` ${ended}`))
  }
  if (principal.kind !== 'identity' || task.identity.identityId !== principal.identityId) {
    denials.push(reason('task_of_another', `the task \`${task.taskId}\` is another identity's`))
  }
  if (resource.type === 'Role' && !task.roleIds.includes(resource.roleId)) {
    denials.push(reason('role_not_in_task', `the task \`${task.taskId}\` does not name the role \`${resource.name}\``))
  }
  return denials
}

/** Whoever acts for another has no more life than that one has. */
function delegationDenials({ action, onBehalfOf, chainLength, principal, now, ...facts }: Facts): DenyReason[] {
  if (onBehalfOf === undefined) {
    return action === 'token.exchange' ? [reason('subject_not_allowed', 'it is not said who is acted for')] : []
  }
  const { subject, attestation } = onBehalfOf
  const denials = [
    ...principalDenials({ ...facts, action, chainLength, now, principal: subject, attestation }),
    ...attestationDenials({ ...facts, action, chainLength, now, principal: subject, attestation }),
  ]
  if (chainLength < 1 || chainLength > maxChainLength) {
    const detail = `the request went through ${chainLength} parties; at most ${maxChainLength} are allowed`
    denials.push(reason('chain_too_long', detail))
  }
  return principal.kind === 'identity'
    ? denials
    : [...denials, reason('subject_not_allowed', 'a person acts for nobody')]
}

/** Whoever declares a task for a dead identity would give it work. */
function declaringDenials(facts: Facts): DenyReason[] {
  const { declaring, resource, principal, now } = facts
  if (declaring === undefined || resource.type !== 'Identity') return []
  const denials: DenyReason[] = []
  if (declaring.deadline <= now) {
    denials.push(reason('deadline_passed', `the deadline ${declaring.deadline.toISOString()} has passed`))
  }
  const itself = principal.kind === 'identity' && principal.identityId === resource.identity.identityId
  return itself ? denials : [...denials, ...principalDenials({ ...facts, principal: resource.identity })]
}
