// Made by `npm run generate` from the migrations. Do not edit.
import type { ColumnType, Generated } from 'kysely'
import type { AttestationId, AttestationState, BindingId, BoundTo, CredentialId, CredentialState, DataClass, DecisionId, Delivery, EntryId, Environment, Exposure, FederationId, IdentityId, IdentityKind, IdentityState, JoinTokenId, OfflineSiteId, OwnerId, OwnerState, PersonId, PersonState, PolicyVersionId, Reach, ResourceId, RevocationCause, RevocationId, RoleId, SignInId, StatusListId, Strength, SvidId, TaskId, TaskKind, TaskState, TenantId, TrustProviderId, X509AuthorityId } from '@mayfly/domain'

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
  host_identity_id: IdentityId | null
  ended_at: Date | null
  trust_made_at: Date | null
  proven_by_svid_id: SvidId | null
  svid_chain_length: number | null
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
  join_token_id: JoinTokenId | null
}

export interface BootstrapTable {
  tenant_id: Generated<TenantId>
  secret_digest: Buffer | null
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
  target_key: string | null
}

export interface CredentialUseTable {
  tenant_id: Generated<TenantId>
  credential_id: CredentialId
  first_used_at: Date
  last_used_at: Date
  outside_address: string | null
  outside_at: Date | null
}

export interface CrlTable {
  tenant_id: Generated<TenantId>
  issuing_key_id: string
  number: number
  der: Buffer
  this_update: Date
  next_update: Date
}

export interface CrlDueTable {
  tenant_id: Generated<TenantId>
  issuing_key_id: string
  svid_id: SvidId
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

export interface FederatedBundleTable {
  tenant_id: Generated<TenantId>
  federation_id: FederationId
  trust_domain: string
  url: string
  profile: string
  endpoint_spiffe_id: string | null
  ca_pem: string | null
  keys: ColumnType<unknown, string | null, string | null>
  bundle_sequence: number | null
  refresh_hint_seconds: number | null
  state: Generated<string>
  created_at: Date
  version: Generated<number>
}

export interface FederationPollTable {
  tenant_id: Generated<TenantId>
  federation_id: FederationId
  next_at: Date
  asked_at: Date | null
  answered_at: Date | null
  last_error: string | null
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

export interface JoinTokenTable {
  tenant_id: Generated<TenantId>
  join_token_id: JoinTokenId
  token_digest: string
  identity_id: IdentityId
  trust_provider_id: TrustProviderId
  created_by: Json
  created_at: Date
  expires_at: Date
  state: Generated<string>
  used_at: Date | null
  binding_id: BindingId | null
  version: Generated<number>
  rule_id: TrustProviderId | null
  attestation_id: AttestationId | null
}

export interface KeyLoginTable {
  tenant_id: Generated<TenantId>
  binding_id: BindingId
  generation: Generated<number>
  next_digest: string | null
  previous_digest: string | null
  moved_at: Date | null
  repeats: Generated<number>
  locked_at: Date | null
  version: Generated<number>
}

export interface KeyRecoveryTable {
  tenant_id: Generated<TenantId>
  recovery_id: string
  binding_id: BindingId
  recovered_by: PersonId
  recovered_at: Date
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
  pinned_keys: ColumnType<unknown, string | null, string | null>
}

export interface OpenSessionTable {
  tenant_id: Generated<TenantId>
  resource_id: ResourceId
  session_id: string
  credential_id: CredentialId
  source_address: string | null
  started_at: Date
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
  group_grants: ColumnType<unknown, string | null, string | null>
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

export interface PublishedListTable {
  tenant_id: Generated<TenantId>
  resource_id: ResourceId
  number: number
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

export interface RemovalClaimTable {
  tenant_id: Generated<TenantId>
  credential_id: CredentialId
  claimed_until: Date
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
  published_number: Generated<number>
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
  svid_count: Generated<number>
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

export interface SecretReadTable {
  tenant_id: Generated<TenantId>
  credential_id: CredentialId
  secret_version_id: string
  read_at: Date
}

export interface SecretVersionTable {
  secret_version_id: string
  tenant_id: Generated<TenantId>
  resource_id: ResourceId
  number: number
  account: string
  state: string
  sealed_secret: string | null
  fingerprint: string
  made_at: Date
  current_at: Date | null
  ends_at: Date | null
  ended_at: Date | null
}

export interface SignInTable {
  tenant_id: Generated<TenantId>
  sign_in_id: SignInId
  trust_provider_id: TrustProviderId
  trust_provider_version: number
  flow: string
  starter_digest: Buffer
  state_digest: Buffer | null
  redirect_uri: string | null
  sealed_material: string
  token_binding: string | null
  source_address: string | null
  interval_seconds: number | null
  next_poll_at: Date | null
  state: Generated<string>
  started_at: Date
  expires_at: Date
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

export interface SvidTable {
  tenant_id: Generated<TenantId>
  svid_id: SvidId
  kind: string
  serial_number: string
  identity_id: IdentityId | null
  attestation_id: AttestationId | null
  decision_id: DecisionId | null
  spiffe_id: string
  issuing_key_id: string
  issued_at: Date
  expires_at: Date
  state: Generated<string>
  revoked_at: Date | null
  revocation_id: RevocationId | null
  version: Generated<number>
}

export interface TargetLookTable {
  tenant_id: Generated<TenantId>
  resource_id: ResourceId
  kind: string
  next_at: Date
  looked_at: Date | null
  failures: Generated<number>
  last_error: string | null
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

export interface TrustBundleTable {
  tenant_id: Generated<TenantId>
  trust_domain: string
  bundle_sequence: number
  keys: Json
  changed_at: Date
  reissues: Generated<number>
  reissue_reason: string | null
  version: Generated<number>
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

export interface TrustProviderSecretTable {
  tenant_id: Generated<TenantId>
  trust_provider_id: TrustProviderId
  sealed_secret: string
  set_at: Date
}

export interface X509AuthorityTable {
  tenant_id: Generated<TenantId>
  x509_authority_id: X509AuthorityId
  key_id: string
  public_key: Buffer
  signed_by: string
  certificate: Buffer | null
  intermediates: Generated<Buffer[]>
  root: Buffer | null
  sealed_private: string
  state: string
  not_before: Date | null
  not_after: Date | null
  requested_at: Date
  prepared_at: Date | null
  activated_at: Date | null
  retired_at: Date | null
  trusted_until: Date | null
  version: Generated<number>
}

export interface Schema {
  attestation: AttestationTable
  binding: BindingTable
  bootstrap: BootstrapTable
  credential: CredentialTable
  credential_use: CredentialUseTable
  crl: CrlTable
  crl_due: CrlDueTable
  data_key: DataKeyTable
  decision: DecisionTable
  dpop_proof_seen: DpopProofSeenTable
  entry: EntryTable
  federated_bundle: FederatedBundleTable
  federation_poll: FederationPollTable
  finding: FindingTable
  identity: IdentityTable
  installation: InstallationTable
  join_token: JoinTokenTable
  key_login: KeyLoginTable
  key_recovery: KeyRecoveryTable
  log_checkpoint: LogCheckpointTable
  log_tile: LogTileTable
  offline_material: OfflineMaterialTable
  offline_site: OfflineSiteTable
  open_session: OpenSessionTable
  owner: OwnerTable
  person: PersonTable
  policy_version: PolicyVersionTable
  proof_seen: ProofSeenTable
  published_list: PublishedListTable
  redecision: RedecisionTable
  removal_claim: RemovalClaimTable
  resource: ResourceTable
  revocation: RevocationTable
  revocation_credential: RevocationCredentialTable
  role: RoleTable
  schema_migration: SchemaMigrationTable
  secret_read: SecretReadTable
  secret_version: SecretVersionTable
  sign_in: SignInTable
  signing_key: SigningKeyTable
  status_list: StatusListTable
  svid: SvidTable
  target_look: TargetLookTable
  task: TaskTable
  task_role: TaskRoleTable
  tenant: TenantTable
  trust_bundle: TrustBundleTable
  trust_provider: TrustProviderTable
  trust_provider_secret: TrustProviderSecretTable
  x509_authority: X509AuthorityTable
}
