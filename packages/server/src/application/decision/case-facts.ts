/** From a case in words to facts, with what it leaves out filled in so that only the policies judge. */
import {
  type AttestationId,
  bindings,
  type CredentialId,
  defaultTenantId,
  type IdentityId,
  newId,
  type OwnerId,
  type PersonId,
  type PolicyVersionId,
  type ResourceId,
  type RoleId,
  type TaskId,
  type TrustProviderId,
} from '@mayfly/domain'
import type { Facts, IdentityFacts, PersonFacts, PrincipalFacts, ResourceFacts, RoleFacts, TaskFacts } from './facts.ts'
import type { CaseIdentity, CasePerson, CaseTarget, PolicyCase } from './policy-case.ts'

/** Ids are made of names, so that one name is one thing within a case. */
type Ids = Map<string, string>

export function caseFacts(asked: PolicyCase, digest: string): Facts {
  const ids: Ids = new Map()
  const now = asked.now === undefined ? new Date() : new Date(asked.now)
  const principal = principalOf(ids, asked.principal, now)
  const { declares, task, proof } = asked
  const resource = resourceOf(ids, asked, now)
  const role = resource.type === 'Role' ? resource : undefined
  const doer = declares?.for === undefined ? principal : identityOf(ids, declares.for, now)
  const declaring = declares !== undefined && role !== undefined && doer.kind === 'identity'
  const subject = asked.on_behalf_of === undefined ? undefined : principalOf(ids, asked.on_behalf_of, now)
  return {
    tenantId: defaultTenantId,
    now,
    action: asked.action,
    principal,
    attestation: attestationOf(ids, 'proof', proof, now),
    resource: declaring ? { type: 'Identity', identity: doer } : resource,
    ...(declaring
      ? { declaring: { kind: declares.kind, deadline: secondsFrom(now, declares.seconds), roles: [role] } }
      : {}),
    ...(task === undefined || principal.kind !== 'identity'
      ? {}
      : { task: taskOf(ids, principal, task, role === undefined ? [] : [role.roleId], now) }),
    ...(asked.ttl_seconds === undefined ? {} : { ttlSeconds: asked.ttl_seconds }),
    ...(asked.source_address === undefined ? {} : { sourceAddress: asked.source_address }),
    risk: 0,
    chainLength: subject === undefined ? 0 : 1,
    ...(subject === undefined
      ? {}
      : { onBehalfOf: { subject, attestation: attestationOf(ids, 'proof of the subject', proof, now) } }),
    ...(asked.for_role === undefined ? {} : { exchangedRole: roleOf(ids, asked.for_role) }),
    delivery: 'direct',
    ...bindingOf(asked),
    asked: {},
    policy: { policyVersionId: idOf<PolicyVersionId>(ids, 'policy'), digest },
    versions: [],
  }
}

function attestationOf(ids: Ids, key: string, proof: PolicyCase['proof'], now: Date): Facts['attestation'] {
  return {
    attestationId: idOf<AttestationId>(ids, key),
    state: 'fresh',
    strength: proof.strength,
    acceptedAt: secondsFrom(now, -proof.age_seconds),
    freshUntil: secondsFrom(now, 3_600),
    trustProviderName: proof.trust_provider,
    trustProviderKind: proof.kind,
    claims: proof.claims,
    tokenBoundTo: proof.bound_to,
    ...(proof.trust_age_seconds === 0 ? {} : { trustMadeAt: secondsFrom(now, -proof.trust_age_seconds) }),
    version: 1,
  }
}

function resourceOf(ids: Ids, { resource }: PolicyCase, now: Date): ResourceFacts {
  if (resource === 'tenant') return { type: 'Tenant', tenantId: defaultTenantId }
  if ('credential_of' in resource) {
    const identity = identityOf(ids, resource.credential_of, now)
    const [resourceName = ''] = resource.role.split('/')
    return {
      type: 'Credential',
      credentialId: idOf<CredentialId>(ids, 'credential'),
      state: 'active',
      environment: identity.environment,
      identity,
      roleName: resource.role,
      resourceName,
    }
  }
  if ('role' in resource) return roleOf(ids, resource)
  if ('resource' in resource) return { type: 'Resource', target: targetOf(ids, resource.resource, resource) }
  if ('identity' in resource) return { type: 'Identity', identity: identityOf(ids, resource, now) }
  if ('trust_provider' in resource) {
    const trustProviderId = idOf<TrustProviderId>(ids, `trust_provider ${resource.trust_provider}`)
    return { type: 'TrustProvider', trustProviderId, name: resource.trust_provider, retired: false, version: 1 }
  }
  if ('policy_version' in resource) {
    return { type: 'PolicyVersion', policyVersionId: idOf<PolicyVersionId>(ids, resource.policy_version) }
  }
  if ('person' in resource) return { type: 'Person', person: personOf(ids, resource) }
  if ('task_of' in resource) {
    const identity = identityOf(ids, resource.task_of, now)
    const task = { kind: 'declared', seconds_left: 3_600, declared_by: resource.declared_by } as const
    return { type: 'Task', task: taskOf(ids, identity, task, [], now) }
  }
  return { type: 'Owner', owner: ownerOf(ids, resource.owner) }
}

function bindingOf({ action, binding, resource }: PolicyCase): Pick<Facts, 'binding'> {
  if (action !== 'credential.issue' && action !== 'credential.renew') return {}
  const offered = typeof resource === 'object' && 'role' in resource && 'offered_bindings' in resource
  return {
    binding:
      binding ?? (offered ? bindings.find((one) => resource.offered_bindings.includes(one)) : undefined) ?? 'none',
  }
}

function principalOf(ids: Ids, principal: CasePerson | CaseIdentity, now: Date): PrincipalFacts {
  return 'person' in principal ? personOf(ids, principal) : identityOf(ids, principal, now)
}

function personOf(ids: Ids, { person, roles, answers_for: answersFor, member_of: memberOf }: CasePerson): PersonFacts {
  return {
    kind: 'person',
    personId: idOf<PersonId>(ids, `person ${person}`),
    state: 'active',
    roles,
    answersFor,
    memberOf,
    version: 1,
  }
}

function identityOf(ids: Ids, of: CaseIdentity, now: Date): IdentityFacts {
  return {
    kind: 'identity',
    identityId: idOf<IdentityId>(ids, `identity ${of.identity}`),
    name: of.identity,
    identityKind: of.kind,
    environment: of.environment,
    state: 'active',
    expiresAt: secondsFrom(now, 31_536_000),
    attributes: of.attributes,
    owner: ownerOf(ids, of.owner),
    version: 1,
  }
}

function ownerOf(ids: Ids, name: string): IdentityFacts['owner'] {
  return { ownerId: idOf<OwnerId>(ids, `owner ${name}`), name, answers: true, version: 1 }
}

function roleOf(ids: Ids, of: CaseTarget): RoleFacts {
  const [resourceName = ''] = of.role.split('/')
  return {
    type: 'Role',
    roleId: idOf<RoleId>(ids, `role ${of.role}`),
    name: of.role,
    retired: false,
    target: targetOf(ids, resourceName, of),
    version: 1,
  }
}

function targetOf(ids: Ids, name: string, of: Omit<CaseTarget, 'role'>): RoleFacts['target'] {
  return {
    resourceId: idOf<ResourceId>(ids, `resource ${name}`),
    name,
    environment: of.environment,
    reach: of.reach,
    dataClass: of.data_class,
    exposure: of.exposure,
    delivery: of.delivery,
    providerKind: of.provider,
    offeredBindings: of.offered_bindings,
    attributes: of.attributes,
    ownerName: of.owner,
    retired: false,
    version: 1,
  }
}

function taskOf(
  ids: Ids,
  identity: IdentityFacts,
  task: NonNullable<PolicyCase['task']>,
  roleIds: readonly RoleId[],
  now: Date,
): TaskFacts {
  return {
    taskId: idOf<TaskId>(ids, 'task'),
    kind: task.kind,
    state: 'active',
    deadline: secondsFrom(now, task.seconds_left),
    environment: identity.environment,
    identity,
    declaredBy: task.declared_by === undefined ? identity : principalOf(ids, task.declared_by, now),
    roleIds,
    version: 1,
  }
}

function idOf<T extends string>(ids: Ids, key: string): T {
  const id = ids.get(key) ?? newId<T>()
  ids.set(key, id)
  return id as T
}

function secondsFrom(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1_000)
}
