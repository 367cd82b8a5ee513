/**
 * Facts: everything that a decision is made from, read from the primary in one transaction (law 13).
 *
 * Plain data, so that `decide` is pure, a decision can be explained later, and a hot path may fill them from its own
 * batched reads. Not here: how they are read (`load-facts.ts`) and what they mean (`hard-rules.ts`, the policies).
 */
import type {
  ActionName,
  AttestationId,
  AttestationState,
  BoundTo,
  CredentialId,
  CredentialState,
  DataClass,
  Delivery,
  Environment,
  Exposure,
  IdentityId,
  IdentityKind,
  IdentityState,
  JsonValue,
  OwnerId,
  PersonId,
  PersonRole,
  PersonState,
  PolicyVersionId,
  Reach,
  ResourceId,
  ResourceType,
  RoleId,
  Strength,
  TaskId,
  TaskKind,
  TaskState,
  TenantId,
  TrustProviderId,
} from '@mayfly/domain'

/** What is asked about. `id` is the id or the name (of a role `resource/role`); people, tasks and credentials have no name. */
export type ResourceRef =
  | { readonly type: 'Tenant' }
  | { readonly type: Exclude<ResourceType, 'Tenant'>; readonly id: string }

/** The task that `task.declare` asks for. */
export interface TaskRequest {
  readonly kind: TaskKind
  readonly deadline: Date
  /** Ids, or names as `resource/role`; at least one. All of them must be permitted. */
  readonly roles: readonly string[]
}

/** What is asked of the gate. */
export interface AuthorityRequest {
  readonly action: ActionName
  /** For `task.declare`: the identity that will do the task. */
  readonly resource: ResourceRef
  /** Recorded with the decision. Policies see of it only what the schema knows. */
  readonly context?: Readonly<Record<string, JsonValue>>
  /** A read that is permitted leaves no decision row; one that is denied does. */
  readonly readOnly?: boolean
  /** `credential.issue` and `credential.renew`: the task that it is for. */
  readonly taskId?: TaskId
  /** `credential.issue` and `credential.renew`: the life asked for. */
  readonly ttlSeconds?: number
  /** `task.declare` only. */
  readonly task?: TaskRequest
  /** `credential.issue`: for whom the principal acts. Then the subject is asked about too. */
  readonly onBehalfOf?: DelegationRequest
  /** `credential.issue`: whether the holder shows a key of its own, to which the credential can be bound. */
  readonly holdsKey?: boolean
  /** `credential.renew`: what the credential is bound to. */
  readonly boundTo?: BoundTo
}

/** Whom the principal acts for (RFC 8693 section 1.1). Its token has been checked; its rows are read here. */
export interface DelegationRequest {
  readonly subject:
    | { readonly kind: 'person'; readonly personId: PersonId }
    | { readonly kind: 'identity'; readonly identityId: IdentityId }
  readonly attestationId: AttestationId
  /** The task within which the subject got what it handed over. */
  readonly taskId?: TaskId
  /** Parties besides the principal, the subject among them: 1 to `maxChainLength`. */
  readonly chainLength: number
}

/** A row that was decided on, at the version that was read. */
export interface RowVersion {
  readonly table: VersionedTable
  readonly id: string
  readonly version: number
}

export type VersionedTable =
  | 'person'
  | 'identity'
  | 'owner'
  | 'attestation'
  | 'resource'
  | 'role'
  | 'task'
  | 'trust_provider'
  | 'policy_version'

export interface OwnerFacts {
  readonly ownerId: OwnerId
  readonly name: string
  /** False when the owner has departed, or neither its primary nor its deputy is active. */
  readonly answers: boolean
  readonly version: number
}

export interface PersonFacts {
  readonly kind: 'person'
  readonly personId: PersonId
  readonly state: PersonState
  readonly roles: readonly PersonRole[]
  /** Names of the owners for which the person is primary or deputy. */
  readonly answersFor: readonly string[]
  /** Names of further owners that they are in by their groups: they see and act, and do not answer. Absent: none. */
  readonly memberOf?: readonly string[]
  readonly version: number
}

export interface IdentityFacts {
  readonly kind: 'identity'
  readonly identityId: IdentityId
  readonly name: string
  readonly identityKind: IdentityKind
  readonly environment: Environment
  readonly state: IdentityState
  readonly expiresAt: Date
  /** Only values that are strings are seen by policies. */
  readonly attributes: Readonly<Record<string, unknown>>
  readonly owner: OwnerFacts
  readonly version: number
}

export type PrincipalFacts = PersonFacts | IdentityFacts

export interface AttestationFacts {
  readonly attestationId: AttestationId
  readonly state: AttestationState
  readonly strength: Strength
  readonly acceptedAt: Date
  readonly freshUntil: Date
  readonly trustProviderName: string
  /** Which kind of proof it was. */
  readonly trustProviderKind: string
  /** What of the proof policies may speak of. */
  readonly claims: Readonly<Record<string, string>>
  /** What the access token is bound to, beside possession. */
  readonly tokenBoundTo: 'key' | 'certificate' | 'none'
  /** As of when the trust material was that the proof was judged with; absent: asked for at that moment. */
  readonly trustMadeAt?: Date | undefined
  readonly version: number
}

export interface TargetFacts {
  readonly resourceId: ResourceId
  readonly name: string
  readonly environment: Environment
  readonly reach: Reach
  readonly dataClass: DataClass
  readonly exposure: Exposure
  /** How the resource wants its credentials delivered. */
  readonly delivery: Delivery
  readonly providerKind: string
  /** What the provider can bind a credential to, with the settings of this resource. */
  readonly offeredBindings: readonly BoundTo[]
  readonly attributes: Readonly<Record<string, unknown>>
  readonly ownerName: string
  readonly retired: boolean
  readonly version: number
}

export interface RoleFacts {
  readonly type: 'Role'
  readonly roleId: RoleId
  /** `resource/role`. */
  readonly name: string
  readonly retired: boolean
  readonly target: TargetFacts
  readonly version: number
}

export interface TaskFacts {
  readonly taskId: TaskId
  readonly kind: TaskKind
  readonly state: TaskState
  readonly deadline: Date
  readonly environment: Environment
  /** Who does it. */
  readonly identity: IdentityFacts
  readonly declaredBy: PrincipalFacts
  readonly roleIds: readonly RoleId[]
  readonly version: number
}

/** The thing asked about, by type. */
export type ResourceFacts =
  | { readonly type: 'Tenant'; readonly tenantId: TenantId }
  | { readonly type: 'Owner'; readonly owner: OwnerFacts }
  | { readonly type: 'Identity'; readonly identity: IdentityFacts }
  | { readonly type: 'Resource'; readonly target: TargetFacts }
  | RoleFacts
  | { readonly type: 'Task'; readonly task: TaskFacts }
  | {
      readonly type: 'Credential'
      readonly credentialId: CredentialId
      readonly state: CredentialState
      readonly environment: Environment
      readonly identity: IdentityFacts
      /** `resource/role`. */
      readonly roleName: string
      readonly resourceName: string
    }
  | {
      readonly type: 'TrustProvider'
      readonly trustProviderId: TrustProviderId
      readonly name: string
      readonly retired: boolean
      readonly version: number
    }
  | { readonly type: 'PolicyVersion'; readonly policyVersionId: PolicyVersionId }
  | { readonly type: 'Person'; readonly person: PersonFacts }

/** Whom the principal acts for. */
export interface DelegationFacts {
  readonly subject: PrincipalFacts
  readonly attestation: AttestationFacts
  readonly task?: TaskFacts
}

/** One who acts for another for another …: so many parties besides the principal, and no more. */
export const maxChainLength = 4

export interface Facts {
  readonly tenantId: TenantId
  readonly now: Date
  readonly action: ActionName
  readonly principal: PrincipalFacts
  /** Where a proof is about to be accepted (`token.issue`): what it would be. */
  readonly attestation: AttestationFacts
  readonly resource: ResourceFacts
  /** `credential.issue`, `credential.renew`: the task that it is for. */
  readonly task?: TaskFacts
  /** `task.declare`: what is to be declared. `resource` is then the identity that will do it. */
  readonly declaring?: { readonly kind: TaskKind; readonly deadline: Date; readonly roles: readonly RoleFacts[] }
  readonly ttlSeconds?: number
  /** `credential.issue`, `credential.renew`: the strongest that the credential can be bound to, or is bound to. */
  readonly binding?: BoundTo
  readonly sourceAddress?: string
  /** 0 to 100. No detector feeds it yet: 0. */
  readonly risk: number
  /** How many parties the request went through besides the principal; 0 where it acts for itself. */
  readonly chainLength: number
  /** Present where it acts for another. */
  readonly onBehalfOf?: DelegationFacts
  /** `token.exchange`: the role that it is about. `resource` is then whom the principal acts for. */
  readonly exchangedRole?: RoleFacts
  /** How the credential would reach its user. Nothing but `direct` is offered yet. */
  readonly delivery: Delivery
  readonly asked: Readonly<Record<string, JsonValue>>
  /** The active policy version; absent when none is active, which denies. */
  readonly policy?: { readonly policyVersionId: PolicyVersionId; readonly digest: string }
  /** Every row read that gives or takes authority, for `factsUnchanged`. */
  readonly versions: readonly RowVersion[]
}
