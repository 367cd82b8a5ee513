/** From the JSON of a fact to its typed form; notes each row's version on the way. */
import type { BoundTo, PolicyVersionId } from '@mayfly/domain'
import type {
  ActivePolicyJson,
  AttestationJson,
  IdentityJson,
  OwnerJson,
  PersonJson,
  RoleJson,
  TargetJson,
  TaskJson,
} from '../../store/facts-rows.ts'
import type {
  AttestationFacts,
  IdentityFacts,
  OwnerFacts,
  PersonFacts,
  RoleFacts,
  RowVersion,
  TargetFacts,
  TaskFacts,
  VersionedTable,
} from './facts.ts'

export interface FactReader {
  /** Grows as rows are read. */
  readonly versions: RowVersion[]
  readonly offeredBindings: (providerKind: string, settings: unknown) => readonly BoundTo[]
}

export function noteVersion(reader: FactReader, table: VersionedTable, id: string, version: number): number {
  if (!reader.versions.some((row) => row.table === table && row.id === id)) reader.versions.push({ table, id, version })
  return version
}

export function ownerFacts(reader: FactReader, row: OwnerJson): OwnerFacts {
  return {
    ownerId: row.owner_id,
    name: row.name,
    answers: row.answers,
    version: noteVersion(reader, 'owner', row.owner_id, row.version),
  }
}

/**
 * A person who has left holds nothing any more, as whoever asks or as whoever declared.
 *
 * @param through of a principal the name of the trust provider that accepted its proof: what groups give counts for whoever
 *   signed in there, and not for another proof of the same person. Absent: what all of them said last
 */
export function personFacts(reader: FactReader, row: PersonJson, through?: string): PersonFacts {
  const here = row.state === 'active'
  const grants = row.grants.filter((grant) => through === undefined || grant.trust_provider === through)
  return {
    kind: 'person',
    personId: row.person_id,
    state: row.state,
    roles: here ? distinct([...row.roles, ...grants.flatMap((grant) => grant.roles)]) : [],
    answersFor: here ? row.answers_for : [],
    memberOf: here ? distinct(grants.flatMap((grant) => grant.member_of)) : [],
    version: noteVersion(reader, 'person', row.person_id, row.version),
  }
}

export function identityFacts(reader: FactReader, row: IdentityJson): IdentityFacts {
  return {
    kind: 'identity',
    identityId: row.identity_id,
    name: row.name,
    identityKind: row.kind,
    environment: row.environment,
    state: row.state,
    expiresAt: new Date(row.expires_at),
    attributes: row.attributes,
    owner: ownerFacts(reader, row.owner),
    version: noteVersion(reader, 'identity', row.identity_id, row.version),
  }
}

export function attestationFacts(reader: FactReader, row: AttestationJson): AttestationFacts {
  return {
    attestationId: row.attestation_id,
    state: row.state,
    strength: row.strength,
    acceptedAt: new Date(row.accepted_at),
    freshUntil: new Date(row.fresh_until),
    trustProviderName: row.trust_provider_name,
    trustProviderKind: row.trust_provider_kind,
    claims: row.policy_claims,
    tokenBoundTo: boundToOf(row.token_binding),
    trustMadeAt: row.trust_made_at === null ? undefined : new Date(row.trust_made_at),
    version: noteVersion(reader, 'attestation', row.attestation_id, row.version),
  }
}

/** From the text of a row: `jkt:…` or `x5t#S256:…`. */
export function boundToOf(tokenBinding: string | null): AttestationFacts['tokenBoundTo'] {
  if (tokenBinding === null) return 'none'
  return tokenBinding.startsWith('jkt:') ? 'key' : 'certificate'
}

export function targetFacts(reader: FactReader, row: TargetJson): TargetFacts {
  return {
    resourceId: row.resource_id,
    name: row.name,
    environment: row.environment,
    reach: row.reach,
    dataClass: row.data_class,
    exposure: row.exposure,
    delivery: row.delivery,
    providerKind: row.provider_kind,
    offeredBindings: reader.offeredBindings(row.provider_kind, row.settings),
    attributes: row.attributes,
    ownerName: row.owner_name,
    retired: row.state !== 'active',
    version: noteVersion(reader, 'resource', row.resource_id, row.version),
  }
}

export function roleFacts(reader: FactReader, row: RoleJson): RoleFacts {
  return {
    type: 'Role',
    roleId: row.role_id,
    name: row.name,
    retired: row.state !== 'active',
    target: targetFacts(reader, row.target),
    version: noteVersion(reader, 'role', row.role_id, row.version),
  }
}

export function taskFacts(reader: FactReader, row: TaskJson): TaskFacts {
  const identity = identityFacts(reader, row.identity)
  return {
    taskId: row.task_id,
    kind: row.kind,
    state: row.state,
    deadline: new Date(row.deadline),
    environment: row.environment,
    identity,
    declaredBy:
      row.declared_by_person !== null
        ? personFacts(reader, row.declared_by_person)
        : row.declared_by_identity !== null
          ? identityFacts(reader, row.declared_by_identity)
          : identity,
    roleIds: row.role_ids,
    version: noteVersion(reader, 'task', row.task_id, row.version),
  }
}

export function policyFacts(
  reader: FactReader,
  row: ActivePolicyJson,
): { readonly policyVersionId: PolicyVersionId; readonly digest: string } {
  noteVersion(reader, 'policy_version', row.policy_version_id, row.version)
  return { policyVersionId: row.policy_version_id, digest: row.digest }
}

function distinct<T extends string>(words: readonly T[]): readonly T[] {
  return [...new Set(words)].toSorted()
}
