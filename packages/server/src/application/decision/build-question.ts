/**
 * From facts to what Cedar is asked. Mirrors the published schema (adapters/cedar/cedar-schema.ts) member by member; a
 * test validates each built question against it.
 */
import { strengthRank } from '@mayfly/domain'
import type { EntityUid } from '../../adapters/cedar/entity-uid.ts'
import type { CedarEntity, CedarValue, Question } from '../../adapters/cedar/question.ts'
import type {
  AttestationFacts,
  Facts,
  IdentityFacts,
  PrincipalFacts,
  ResourceFacts,
  RoleFacts,
  TargetFacts,
  TaskFacts,
} from './facts.ts'

/** `task.declare` is one question a role; everything else is one question. */
export function buildQuestions(facts: Facts): Question[] {
  const { declaring, resource } = facts
  if (declaring === undefined) return [questionOf(facts, resource)]
  return declaring.roles.map((role) => questionOf(facts, role))
}

function questionOf(facts: Facts, resource: ResourceFacts): Question {
  const entities = new Map<string, CedarEntity>()
  const add = (entity: CedarEntity): EntityUid => {
    // The first stays: the principal, with what its own proof gives it, may be the declarer or the resource too.
    const name = `${entity.uid.type} ${entity.uid.id}`
    if (!entities.has(name)) entities.set(name, entity)
    return entity.uid
  }
  const principal = add(principalEntity(facts.principal))
  return {
    principal,
    action: facts.action,
    resource: add(resourceEntity(resource, add)),
    context: contextOf(facts, add),
    entities: [...entities.values()],
  }
}

type Add = (entity: CedarEntity) => EntityUid

function contextOf(facts: Facts, add: Add): Record<string, CedarValue> {
  const { attestation, now } = facts
  return {
    now: { __extn: { fn: 'datetime', arg: now.toISOString() } },
    attestation: attestationValue(attestation, now, add),
    ...(facts.sourceAddress === undefined
      ? {}
      : { source_address: { __extn: { fn: 'ip', arg: plainAddress(facts.sourceAddress) } } }),
    risk: facts.risk,
    chain_length: facts.chainLength,
    ...delegationContext(facts, add),
    ...taskContext(facts, add),
    ...(facts.action === 'credential.issue' || facts.action === 'credential.renew'
      ? {
          delivery: facts.delivery,
          binding: facts.binding ?? 'none',
          ...(facts.ttlSeconds === undefined ? {} : { ttl_seconds: facts.ttlSeconds }),
        }
      : {}),
  }
}

function attestationValue(attestation: AttestationFacts, now: Date, add: Add): CedarValue {
  return {
    age_seconds: Math.max(0, secondsBetween(attestation.acceptedAt, now)),
    strength: attestation.strength,
    strength_rank: strengthRank(attestation.strength),
    trust_provider: entityValue({ type: 'TrustProvider', id: attestation.trustProviderName }),
    kind: attestation.trustProviderKind,
    bound_to: attestation.tokenBoundTo,
    trust_age_seconds:
      attestation.trustMadeAt === undefined ? 0 : Math.max(0, secondsBetween(attestation.trustMadeAt, now)),
    proof: entityValue(
      add({ uid: { type: 'Proof', id: attestation.attestationId }, attrs: {}, parents: [], tags: attestation.claims }),
    ),
  }
}

function delegationContext({ onBehalfOf, exchangedRole, now }: Facts, add: Add): Record<string, CedarValue> {
  if (onBehalfOf === undefined) return {}
  const { subject, attestation } = onBehalfOf
  const who = entityValue(add(principalEntity(subject)))
  return {
    on_behalf_of: {
      ...(subject.kind === 'person' ? { person: who } : { identity: who }),
      attestation: attestationValue(attestation, now, add),
    },
    ...(exchangedRole === undefined ? {} : { role: entityValue(add(roleEntity(exchangedRole))) }),
  }
}

function taskContext(facts: Facts, add: Add): Record<string, CedarValue> {
  const { declaring, resource, task, principal, now } = facts
  if (declaring !== undefined && resource.type === 'Identity') {
    const { identity } = resource
    return {
      task: {
        identity: entityValue(add(identityEntity(identity))),
        kind: declaring.kind,
        seconds: secondsBetween(now, declaring.deadline),
        declared_by_self: principal.kind === 'identity' && principal.identityId === identity.identityId,
      },
    }
  }
  if (task === undefined || facts.action === 'token.exchange') return {}
  const declarer = entityValue(add(principalEntity(task.declaredBy)))
  return {
    task: {
      id: entityValue(add(taskEntity(task, add))),
      kind: task.kind,
      seconds_left: secondsBetween(now, task.deadline),
      declared_by_self: task.declaredBy.kind === 'identity' && task.declaredBy.identityId === task.identity.identityId,
      ...(task.declaredBy.kind === 'person' ? { declared_by_person: declarer } : { declared_by_identity: declarer }),
    },
  }
}

function resourceEntity(resource: ResourceFacts, add: Add): CedarEntity {
  switch (resource.type) {
    case 'Tenant':
      return bare('Tenant', resource.tenantId)
    case 'Owner':
      return bare('Owner', resource.owner.name)
    case 'Identity':
      return identityEntity(resource.identity)
    case 'Resource':
      return {
        uid: { type: 'Resource', id: resource.target.name },
        attrs: targetAttributes(resource.target),
        parents: [ownerUid(resource.target.ownerName)],
        tags: tagsOf(resource.target.attributes),
      }
    case 'Role':
      return roleEntity(resource)
    case 'Task':
      add(principalEntity(resource.task.declaredBy))
      return taskEntity(resource.task, add)
    case 'Credential': {
      const identity = add(identityEntity(resource.identity))
      const owner = ownerUid(resource.identity.owner.name)
      return {
        uid: { type: 'Credential', id: resource.credentialId },
        attrs: { environment: resource.environment, identity: entityValue(identity), owner: entityValue(owner) },
        parents: [
          identity,
          owner,
          { type: 'Role', id: resource.roleName },
          { type: 'Resource', id: resource.resourceName },
        ],
      }
    }
    case 'TrustProvider':
      return bare('TrustProvider', resource.name)
    case 'PolicyVersion':
      return bare('PolicyVersion', resource.policyVersionId)
    case 'Person':
      return principalEntity(resource.person)
  }
}

function principalEntity(principal: PrincipalFacts): CedarEntity {
  if (principal.kind === 'identity') return identityEntity(principal)
  return {
    uid: { type: 'Person', id: principal.personId },
    attrs: { roles: principal.roles },
    parents: [...new Set([...principal.answersFor, ...(principal.memberOf ?? [])])].map(ownerUid),
  }
}

function identityEntity({ name, identityKind, environment, attributes, owner }: IdentityFacts): CedarEntity {
  return {
    uid: { type: 'Identity', id: name },
    attrs: { kind: identityKind, environment, owner: entityValue(ownerUid(owner.name)) },
    parents: [ownerUid(owner.name)],
    tags: tagsOf(attributes),
  }
}

function roleEntity({ name, target }: RoleFacts): CedarEntity {
  return {
    uid: { type: 'Role', id: name },
    attrs: targetAttributes(target),
    parents: [{ type: 'Resource', id: target.name }, ownerUid(target.ownerName)],
    tags: tagsOf(target.attributes),
  }
}

function taskEntity({ taskId, kind, environment, identity, declaredBy }: TaskFacts, add: Add): CedarEntity {
  const owner = ownerUid(identity.owner.name)
  const doer = add(identityEntity(identity))
  const declarer = entityValue(principalEntity(declaredBy).uid)
  return {
    uid: { type: 'Task', id: taskId },
    attrs: {
      kind,
      environment,
      identity: entityValue(doer),
      owner: entityValue(owner),
      ...(declaredBy.kind === 'person' ? { declared_by_person: declarer } : { declared_by_identity: declarer }),
    },
    parents: [doer, owner],
  }
}

function targetAttributes(target: TargetFacts): Record<string, CedarValue> {
  return {
    environment: target.environment,
    reach: target.reach,
    data_class: target.dataClass,
    exposure: target.exposure,
    provider: target.providerKind,
    bindings: [...target.offeredBindings],
    owner: entityValue(ownerUid(target.ownerName)),
  }
}

function bare(type: string, id: string): CedarEntity {
  return { uid: { type, id }, attrs: {}, parents: [] }
}

function ownerUid(name: string): EntityUid {
  return { type: 'Owner', id: name }
}

function entityValue(uid: EntityUid): CedarValue {
  return { __entity: uid }
}

function tagsOf(attributes: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(attributes).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

function secondsBetween(from: Date, to: Date): number {
  return Math.floor((to.getTime() - from.getTime()) / 1000)
}

/** An IPv4 peer on a dual-stack socket shows as `::ffff:10.0.0.1`; policies speak of `10.0.0.1`. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}
