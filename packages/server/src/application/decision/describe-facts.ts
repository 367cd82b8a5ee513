/** What a decision was made on, as it stands in its row: ids, names and plain values; no secret, no person's name. */
import type { JsonObject, JsonValue } from '@mayfly/domain'
import type { Facts, PrincipalFacts, ResourceFacts } from './facts.ts'

export function describePrincipal({ principal, attestation }: Facts): JsonObject {
  const proof = {
    attestation_id: attestation.attestationId,
    strength: attestation.strength,
    trust_provider: attestation.trustProviderName,
    fresh_until: attestation.freshUntil.toISOString(),
  }
  return principal.kind === 'person'
    ? { type: 'Person', id: principal.personId, roles: [...principal.roles], ...proof }
    : {
        type: 'Identity',
        id: principal.identityId,
        name: principal.name,
        kind: principal.identityKind,
        environment: principal.environment,
        owner: principal.owner.name,
        ...proof,
      }
}

export function describeResource({ resource, declaring }: Facts): JsonObject {
  const described: JsonObject = { type: resource.type, id: resourceId(resource), name: resourceName(resource) }
  if (declaring !== undefined) return { ...described, roles: declaring.roles.map((role) => role.name) }
  if (resource.type !== 'Role' && resource.type !== 'Resource') return described
  const { environment, reach, dataClass, exposure } = resource.target
  return { ...described, environment, reach, data_class: dataClass, exposure }
}

export function describeContext(facts: Facts): JsonObject {
  const { task, declaring, now, sourceAddress, ttlSeconds, asked } = facts
  const described: Record<string, JsonValue> = {
    now: now.toISOString(),
    delivery: facts.delivery,
    risk: facts.risk,
    chain_length: facts.chainLength,
  }
  if (sourceAddress !== undefined) described['source_address'] = sourceAddress
  if (ttlSeconds !== undefined) described['ttl_seconds'] = ttlSeconds
  if (facts.binding !== undefined) described['binding'] = facts.binding
  if (task !== undefined) {
    described['task'] = {
      id: task.taskId,
      kind: task.kind,
      deadline: task.deadline.toISOString(),
      declared_by: declarer(task.declaredBy),
    }
  }
  if (declaring !== undefined) {
    described['task'] = { kind: declaring.kind, deadline: declaring.deadline.toISOString() }
  }
  const { onBehalfOf, exchangedRole } = facts
  if (onBehalfOf !== undefined) {
    described['on_behalf_of'] = {
      ...declarer(onBehalfOf.subject),
      attestation_id: onBehalfOf.attestation.attestationId,
    }
  }
  if (exchangedRole !== undefined) described['role'] = exchangedRole.name
  if (Object.keys(asked).length > 0) described['asked'] = asked
  return described
}

export function resourceName(resource: ResourceFacts): string {
  switch (resource.type) {
    case 'Tenant':
      return 'tenant'
    case 'Owner':
      return resource.owner.name
    case 'Identity':
      return resource.identity.name
    case 'Resource':
      return resource.target.name
    case 'Role':
    case 'TrustProvider':
      return resource.name
    case 'Task':
    case 'Credential':
    case 'PolicyVersion':
    case 'Person':
      return resourceId(resource)
  }
}

function resourceId(resource: ResourceFacts): string {
  switch (resource.type) {
    case 'Tenant':
      return resource.tenantId
    case 'Owner':
      return resource.owner.ownerId
    case 'Identity':
      return resource.identity.identityId
    case 'Resource':
      return resource.target.resourceId
    case 'Role':
      return resource.roleId
    case 'Task':
      return resource.task.taskId
    case 'Credential':
      return resource.credentialId
    case 'TrustProvider':
      return resource.trustProviderId
    case 'PolicyVersion':
      return resource.policyVersionId
    case 'Person':
      return resource.person.personId
  }
}

function declarer(principal: PrincipalFacts): JsonObject {
  return principal.kind === 'person'
    ? { type: 'Person', id: principal.personId }
    : { type: 'Identity', id: principal.identityId, name: principal.name }
}
