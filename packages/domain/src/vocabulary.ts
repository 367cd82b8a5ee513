/**
 * The closed sets of words. The database holds the same sets as check constraints; the Cedar schema and the OpenAPI
 * document are made from these.
 */
export const environments = ['development', 'staging', 'production'] as const
export type Environment = (typeof environments)[number]

export const identityKinds = [
  'service',
  'job',
  'pipeline',
  'agent',
  'service_account',
  'device',
  'third_party',
] as const
export type IdentityKind = (typeof identityKinds)[number]

export const identityStates = ['active', 'suspended', 'retired'] as const
export type IdentityState = (typeof identityStates)[number]

/** What a resource's credentials can do to it: read and write data, change who may, change what runs. */
export const reaches = ['data', 'admin', 'deploy'] as const
export type Reach = (typeof reaches)[number]

export const dataClasses = ['public', 'internal', 'confidential', 'restricted'] as const
export type DataClass = (typeof dataClasses)[number]

export const exposures = ['internal', 'partner', 'internet'] as const
export type Exposure = (typeof exposures)[number]

/** How a credential reaches its user: handed over, or held by a gateway that uses it on the agent's behalf. */
export const deliveries = ['direct', 'gateway'] as const
export type Delivery = (typeof deliveries)[number]

/**
 * How much a proof is worth, weakest first; the position is the rank (by analogy to the assurance levels of
 * NIST SP 800-63). `platform` is a token that the platform signs for this one workload; `hardware` is a key that
 * cannot leave its device.
 */
export const strengths = ['bootstrap', 'bound_key', 'platform', 'hardware'] as const
export type Strength = (typeof strengths)[number]

export function strengthRank(strength: Strength): number {
  return strengths.indexOf(strength)
}

export const trustProviderKinds = [
  'oidc',
  'kubernetes',
  'spiffe',
  'x509',
  'bound_key',
  'host_agent',
  'sign_in',
  'join_token',
] as const
export type TrustProviderKind = (typeof trustProviderKinds)[number]

export const taskKinds = ['declared', 'running_instance'] as const
export type TaskKind = (typeof taskKinds)[number]

export const taskStates = ['active', 'completed', 'failed', 'expired', 'revoked'] as const
export type TaskState = (typeof taskStates)[number]

export const credentialStates = ['requested', 'active', 'revoking', 'revoked', 'abandoned'] as const
export type CredentialState = (typeof credentialStates)[number]

/** What besides possession a credential needs to be used. */
export const bindings = ['key', 'address', 'none'] as const
export type BoundTo = (typeof bindings)[number]

/** Why a credential ended. One list for every way out, so that an audit reads the same whatever the cause. */
export const revocationCauses = [
  'expired',
  'task_completed',
  'task_failed',
  'task_expired',
  'attestation_lapsed',
  'identity_expired',
  'identity_suspended',
  'identity_retired',
  'owner_departed',
  'no_longer_permitted',
  'policy_violation',
  'anomaly',
  'rotation',
  'scale_down',
  'issue_failed',
  'issue_interrupted',
  'requested_by_holder',
  'requested_by_operator',
  'resource_retired',
  'role_retired',
  'trust_provider_retired',
  'clone_detected',
  'session_ended',
  'person_left',
  'key_compromised',
] as const
export type RevocationCause = (typeof revocationCauses)[number]

export const selectorKinds = [
  'credential',
  'task',
  'attestation',
  'identity',
  'owner',
  'role',
  'resource',
  'trust_provider',
  'host',
  'environment',
  'policy',
  'svid',
  'svid_authority',
  'person',
] as const
export type SelectorKind = (typeof selectorKinds)[number]

export const attestationStates = ['fresh', 'succeeded', 'lapsed', 'revoked'] as const
export type AttestationState = (typeof attestationStates)[number]

export const ownerStates = ['active', 'departed'] as const
export type OwnerState = (typeof ownerStates)[number]

export const personStates = ['active', 'left'] as const
export type PersonState = (typeof personStates)[number]

/** What a person may be asked to do; policies give these words their meaning. */
export const personRoles = ['administrator', 'operator', 'approver', 'auditor', 'owner'] as const
export type PersonRole = (typeof personRoles)[number]
