// Made by `npm run generate` from the migrations. Do not edit.
import type { ColumnType, Generated } from 'kysely'
import type { AttestationId, AttestationState, BindingId, BoundTo, CredentialId, CredentialState, DataClass, DecisionId, Delivery, EntryId, Environment, Exposure, IdentityId, IdentityKind, IdentityState, OfflineSiteId, OwnerId, OwnerState, PersonId, PersonState, PolicyVersionId, Reach, ResourceId, RevocationCause, RevocationId, RoleId, StatusListId, Strength, TaskId, TaskKind, TaskState, TenantId, TrustProviderId } from '@mayfly/domain'

/** JSON: read as a value, written as a string (so that an array is not taken for a PostgreSQL array). */
export type Json = ColumnType<unknown, string, string>

export interface AttestationTable {
  tenant_id: Generated<TenantId>
  attestation_id: AttestationId
  identity_id: IdentityId | null
  person_id: PersonId | null
  trust_provider_id: TrustProviderId
  binding_id: BindingId
  instance: Generated<string>
  claims: Json
  strength: Strength
  source_address: string | null
  accepted_at: Date
  fresh_until: Date
  state: Generated<AttestationState>
  token_expires_at: Date
  token_revoked_at: Date | null
  decision_id: DecisionId
  version: Generated<number>
  token_binding: string | null
  vouched_by_attestation_id: AttestationId | null
  trust_made_at: Date | null
}

export interface BindingTable {
  tenant_id: Generated<TenantId>
  binding_id: BindingId
  trust_provider_id: TrustProviderId
  identity_id: IdentityId | null
  person_id: PersonId | null
  subject: string
  claims: ColumnType<unknown, string | undefined, string>
  public_jwk: ColumnType<unknown, string | null, string | null>
  state: Generated<string>
  version: Generated<number>
  created_at: Generated<Date>
}

export interface BootstrapTable {
  tenant_id: Generated<TenantId>
  secret_digest: Buffer
  made_at: Date
  expires_at: Date
  attempts: Generated<number>
  used_at: Date | null
  used_by: PersonId | null
}

export interface CredentialTable {
  tenant_id: Generated<TenantId>
  credential_id: CredentialId
  identity_id: IdentityId
  task_id: TaskId | null
  attestation_id: AttestationId
  role_id: RoleId
  resource_id: ResourceId
  provider_kind: string
  account_name: string
  environment: Environment
  parameters: ColumnType<unknown, string | undefined, string>
  bound_to: Generated<BoundTo>
  state: Generated<CredentialState>
  decision_id: DecisionId
  policy_version_id: PolicyVersionId
  fingerprint: string | null
  idempotency_key: string | null
  request_digest: string | null
  requested_at: Date
  create_deadline_at: Date
  active_at: Date | null
  expires_at: Date
  max_expires_at: Date
  revocation_id: RevocationId | null
  revoking_at: Date | null
  ended_unborn: Generated<boolean>
  cut_at: Date | null
  removed_at: Date | null
  attempts: Generated<number>
  next_attempt_at: Date | null
  last_error: string | null
  version: Generated<number>
  status_list_id: StatusListId | null
  status_index: number | null
  subject_identity_id: IdentityId | null
  subject_person_id: PersonId | null
  subject_attestation_id: AttestationId | null
  subject_task_id: TaskId | null
  chain_length: number | null
  parent_credential_id: CredentialId | null
}

export interface DataKeyTable {
  tenant_id: Generated<TenantId>
  data_key_id: string
  kek_id: string
  wrapped: Buffer
  state: string
  created_at: Generated<Date>
}

export interface DecisionTable {
  tenant_id: Generated<TenantId>
  decision_id: DecisionId
  action: string
  principal: Json
  resource: Json
  identity_id: IdentityId | null
  task_id: TaskId | null
  outcome: string
  reasons: Json
  determining: string[]
  duties: Json
  context: Json
  policy_version_id: PolicyVersionId | null
  decided_at: Date
}

export interface DpopProofSeenTable {
  tenant_id: Generated<TenantId>
  proof_digest: Buffer
  expires_at: Date
}

export interface EntryTable {
  tenant_id: Generated<TenantId>
  entry_id: EntryId
  stream: string
  action: string
  recorded_at: Date
  identity_id: IdentityId | null
  task_id: TaskId | null
  attestation_id: AttestationId | null
  decision_id: DecisionId | null
  credential_id: CredentialId | null
  revocation_id: RevocationId | null
  data: Buffer
  leaf_hash: Buffer
  leaf_index: number | null
}

export interface FindingTable {
  tenant_id: Generated<TenantId>
  finding_id: string
  kind: string
  subject: string
  severity: string
  detail: string
  opened_at: Date
  closed_at: Date | null
  version: Generated<number>
}

export interface IdentityTable {
  tenant_id: Generated<TenantId>
  identity_id: IdentityId
  name: string
  kind: IdentityKind
  owner_id: OwnerId
  purpose: string
  environment: Environment
  expires_at: Date
  spiffe_id: string
  attributes: ColumnType<unknown, string | undefined, string>
  state: Generated<IdentityState>
  expired_at: Date | null
  version: Generated<number>
  created_at: Generated<Date>
}

export interface InstallationTable {
  only_row: Generated<boolean>
  installation_id: string
  kek_id: string
  kek_check: Buffer
  created_at: Generated<Date>
}

export interface LogCheckpointTable {
  tenant_id: Generated<TenantId>
  size: number
  root: Buffer
  note: string
  signed_at: Date
}

export interface LogTileTable {
  tenant_id: Generated<TenantId>
  level: number
  tile_index: number
  hashes: Buffer
}

export interface OfflineMaterialTable {
  tenant_id: Generated<TenantId>
  offline_site_id: OfflineSiteId
  bundle: Buffer
}

export interface OfflineSiteTable {
  tenant_id: Generated<TenantId>
  offline_site_id: OfflineSiteId
  name: string
  origin: string
  keys: Json
  max_age_seconds: number
  state: Generated<string>
  sequence: number | null
  digest: string | null
  made_at: Date | null
  imported_at: Date | null
  version: Generated<number>
  created_at: Date
}

export interface OwnerTable {
  tenant_id: Generated<TenantId>
  owner_id: OwnerId
  name: string
  contact: string
  primary_person_id: PersonId
  deputy_person_id: PersonId | null
  state: Generated<OwnerState>
  version: Generated<number>
  created_at: Generated<Date>
}

export interface PersonTable {
  tenant_id: Generated<TenantId>
  person_id: PersonId
  name: string
  email: string | null
  roles: Generated<string[]>
  state: Generated<PersonState>
  version: Generated<number>
  created_at: Generated<Date>
}

export interface PolicyVersionTable {
  tenant_id: Generated<TenantId>
  policy_version_id: PolicyVersionId
  number: number
  policy_text: string
  digest: string
  note: Generated<string>
  state: Generated<string>
  created_by: Json
  created_at: Date
  activated_by: ColumnType<unknown, string | null, string | null>
  activated_at: Date | null
  version: Generated<number>
}

export interface ProofSeenTable {
  tenant_id: Generated<TenantId>
  trust_provider_id: TrustProviderId
  jti_digest: Buffer
  expires_at: Date
}

export interface RedecisionTable {
  tenant_id: Generated<TenantId>
  redecision_id: string
  selector_kind: string
  selector_id: string
  why: string
  requested_by: Json
  requested_at: Date
  attempts: Generated<number>
  next_attempt_at: Date
  last_error: string | null
}

export interface ResourceTable {
  tenant_id: Generated<TenantId>
  resource_id: ResourceId
  name: string
  provider_kind: string
  environment: Environment
  reach: Reach
  data_class: DataClass
  exposure: Exposure
  delivery: Generated<Delivery>
  owner_id: OwnerId
  settings: Json
  sealed_secret: string
  fingerprint: string
  entered_fingerprint: string | null
  login_fingerprint: string | null
  sealed_next_secret: string | null
  adopt_login: Generated<boolean>
  login_adopted_at: Date | null
  login_due_at: Date | null
  attributes: ColumnType<unknown, string | undefined, string>
  state: Generated<string>
  checked_at: Date | null
  check_result: ColumnType<unknown, string | null, string | null>
  version: Generated<number>
  created_at: Generated<Date>
}

export interface RevocationTable {
  tenant_id: Generated<TenantId>
  revocation_id: RevocationId
  cause: RevocationCause
  selector: Json
  requested_by: Json
  reason: string | null
  state: Generated<string>
  total: number
  cut_count: Generated<number>
  removed_count: Generated<number>
  authority_ended_at: Date
  cut_at: Date | null
  completed_at: Date | null
  version: Generated<number>
}

export interface RevocationCredentialTable {
  tenant_id: Generated<TenantId>
  revocation_id: RevocationId
  credential_id: CredentialId
}

export interface RoleTable {
  tenant_id: Generated<TenantId>
  role_id: RoleId
  resource_id: ResourceId
  name: string
  permission: Json
  parameters: ColumnType<unknown, string | undefined, string>
  max_ttl_seconds: number | null
  max_live_per_identity: Generated<number>
  state: Generated<string>
  version: Generated<number>
  created_at: Generated<Date>
}

export interface SchemaMigrationTable {
  name: string
  checksum: string
  readers: string
  applied_at: Generated<Date>
}

export interface SigningKeyTable {
  tenant_id: Generated<TenantId>
  key_id: string
  purpose: string
  algorithm: string
  public_jwk: ColumnType<unknown, string | null, string | null>
  sealed_private: string
  state: string
  prepared_at: Date
  activated_at: Date | null
  retired_at: Date | null
  trusted_until: Date | null
}

export interface StatusListTable {
  tenant_id: Generated<TenantId>
  status_list_id: StatusListId
  size: number
  assigned: Generated<number>
  order_seed: Buffer
  changes: Generated<number>
  created_at: Date
  filled_at: Date | null
}

export interface TaskTable {
  tenant_id: Generated<TenantId>
  task_id: TaskId
  kind: TaskKind
  identity_id: IdentityId
  declared_by_person: PersonId | null
  declared_by_identity: IdentityId | null
  attestation_id: AttestationId | null
  purpose: string
  environment: Environment
  deadline: Date
  state: Generated<TaskState>
  decision_id: DecisionId
  declared_at: Date
  ended_at: Date | null
  outcome_note: string | null
  version: Generated<number>
}

export interface TaskRoleTable {
  tenant_id: Generated<TenantId>
  task_id: TaskId
  role_id: RoleId
}

export interface TenantTable {
  tenant_id: TenantId
  name: string
  created_at: Generated<Date>
}

export interface TrustProviderTable {
  tenant_id: Generated<TenantId>
  trust_provider_id: TrustProviderId
  name: string
  kind: string
  issuer: string | null
  settings: Json
  strength: Strength
  fresh_for_seconds: number
  state: Generated<string>
  version: Generated<number>
  created_at: Generated<Date>
}

export interface Schema {
  attestation: AttestationTable
  binding: BindingTable
  bootstrap: BootstrapTable
  credential: CredentialTable
  data_key: DataKeyTable
  decision: DecisionTable
  dpop_proof_seen: DpopProofSeenTable
  entry: EntryTable
  finding: FindingTable
  identity: IdentityTable
  installation: InstallationTable
  log_checkpoint: LogCheckpointTable
  log_tile: LogTileTable
  offline_material: OfflineMaterialTable
  offline_site: OfflineSiteTable
  owner: OwnerTable
  person: PersonTable
  policy_version: PolicyVersionTable
  proof_seen: ProofSeenTable
  redecision: RedecisionTable
  resource: ResourceTable
  revocation: RevocationTable
  revocation_credential: RevocationCredentialTable
  role: RoleTable
  schema_migration: SchemaMigrationTable
  signing_key: SigningKeyTable
  status_list: StatusListTable
  task: TaskTable
  task_role: TaskRoleTable
  tenant: TenantTable
  trust_provider: TrustProviderTable
}
