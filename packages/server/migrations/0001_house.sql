-- The house: every table, with the laws as constraints (docs/decisions/0008-tenancy.md, ARCHITECTURE.md "Store").
--
-- Tenancy stands in one place: each table has tenant_id, filled by default from the transaction's setting
-- mayfly.tenant_id, and row-level security (forced, so that it binds the owner too) shows and takes only rows of that
-- tenant. A transaction that has not said whose it is fails. Foreign keys carry tenant_id, so that no row can point
-- across the wall. Primary keys begin with the id, so that a look-up by id needs one index.

create function current_tenant() returns uuid
  language sql stable parallel safe
  return current_setting('mayfly.tenant_id')::uuid;

create table tenant (
  tenant_id  uuid        primary key,
  name       text        not null unique check (name ~ '^[a-z][a-z0-9-]{0,62}$'),
  created_at timestamptz not null default now()
);

-- One row: what is true of the whole installation. The check value tells a wrong key-encryption key from a right one.
create table installation (
  only_row        boolean     primary key default true check (only_row),
  installation_id uuid        not null,
  kek_id          text        not null,
  kek_check       bytea       not null,
  created_at      timestamptz not null default now()
);

-- Keys ---------------------------------------------------------------------------------------------------------------

-- Data-encryption keys, wrapped by the key-encryption key, which is never in here.
create table data_key (
  tenant_id   uuid        not null default current_tenant() references tenant,
  data_key_id uuid        not null,
  kek_id      text        not null,
  wrapped     bytea       not null,
  state       text        not null check (state in ('active', 'retired')),
  created_at  timestamptz not null default now(),
  primary key (data_key_id, tenant_id)
);
create unique index data_key_active on data_key (tenant_id) where state = 'active';

create table signing_key (
  tenant_id      uuid        not null default current_tenant() references tenant,
  key_id         text        not null,
  purpose        text        not null check (purpose in ('access_token', 'log_checkpoint', 'promise', 'fingerprint')),
  algorithm      text        not null check (algorithm in ('ES256', 'Ed25519', 'HS256')),
  public_jwk     jsonb,
  sealed_private text        not null,
  state          text        not null check (state in ('prepared', 'active', 'retired')),
  prepared_at    timestamptz not null,
  activated_at   timestamptz,
  retired_at     timestamptz,
  -- What was signed with a retired key is believed until then.
  trusted_until  timestamptz,
  primary key (key_id, tenant_id)
);
create unique index signing_key_active on signing_key (tenant_id, purpose) where state = 'active';

-- People and owners --------------------------------------------------------------------------------------------------

create table person (
  tenant_id  uuid        not null default current_tenant() references tenant,
  person_id  uuid        not null,
  name       text        not null check (char_length(btrim(name)) between 1 and 200),
  email      text        check (char_length(email) <= 320),
  roles      text[]      not null default '{}'
                         check (roles <@ array['administrator', 'operator', 'approver', 'auditor']),
  state      text        not null default 'active' check (state in ('active', 'left')),
  version    integer     not null default 1,
  created_at timestamptz not null default now(),
  primary key (person_id, tenant_id),
  unique (tenant_id, email)
);

create table owner (
  tenant_id         uuid        not null default current_tenant() references tenant,
  owner_id          uuid        not null,
  name              text        not null check (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
  contact           text        not null check (char_length(btrim(contact)) between 3 and 320),
  primary_person_id uuid        not null,
  deputy_person_id  uuid,
  state             text        not null default 'active' check (state in ('active', 'departed')),
  version           integer     not null default 1,
  created_at        timestamptz not null default now(),
  primary key (owner_id, tenant_id),
  unique (tenant_id, name),
  foreign key (primary_person_id, tenant_id) references person (person_id, tenant_id),
  foreign key (deputy_person_id, tenant_id) references person (person_id, tenant_id),
  check (deputy_person_id is distinct from primary_person_id)
);
create index owner_person on owner (primary_person_id);
create index owner_deputy on owner (deputy_person_id) where deputy_person_id is not null;

-- Law 7: no identity without owner, purpose, environment and end.
create table identity (
  tenant_id   uuid        not null default current_tenant() references tenant,
  identity_id uuid        not null,
  name        text        not null check (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
  kind        text        not null check (kind in ('service', 'job', 'pipeline', 'agent', 'service_account', 'device', 'third_party')),
  owner_id    uuid        not null,
  purpose     text        not null check (char_length(btrim(purpose)) between 12 and 1000 and btrim(purpose) ~ '\S\s+\S'),
  environment text        not null check (environment in ('development', 'staging', 'production')),
  expires_at  timestamptz not null,
  spiffe_id   text        not null check (spiffe_id ~ '^spiffe://[a-z0-9._-]+(/[A-Za-z0-9._-]+)+$' and octet_length(spiffe_id) <= 2048),
  attributes  jsonb       not null default '{}' check (jsonb_typeof(attributes) = 'object'),
  state       text        not null default 'active' check (state in ('active', 'suspended', 'retired')),
  -- When what it held was ended because expires_at had come; empty again once expires_at is moved on.
  expired_at  timestamptz,
  version     integer     not null default 1,
  created_at  timestamptz not null default now(),
  primary key (identity_id, tenant_id),
  unique (tenant_id, name),
  unique (tenant_id, spiffe_id),
  foreign key (owner_id, tenant_id) references owner (owner_id, tenant_id)
);
create index identity_owner on identity (owner_id);
-- Serves the expiry of identities: only those whose end has not been carried out.
create index identity_expiring on identity (tenant_id, expires_at) where state <> 'retired' and expired_at is null;

-- Resources and roles ------------------------------------------------------------------------------------------------

create table resource (
  tenant_id     uuid        not null default current_tenant() references tenant,
  resource_id   uuid        not null,
  name          text        not null check (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
  provider_kind text        not null check (provider_kind ~ '^[a-z][a-z0-9_]{0,30}$'),
  environment   text        not null check (environment in ('development', 'staging', 'production')),
  reach         text        not null check (reach in ('data', 'admin', 'deploy')),
  data_class    text        not null check (data_class in ('public', 'internal', 'confidential', 'restricted')),
  exposure      text        not null check (exposure in ('internal', 'partner', 'internet')),
  delivery      text        not null default 'direct' check (delivery in ('direct', 'gateway')),
  owner_id      uuid        not null,
  settings      jsonb       not null check (jsonb_typeof(settings) = 'object'),
  -- The admin login at the target, sealed (law 6). The fingerprint is keyed.
  sealed_secret text        not null,
  fingerprint   text        not null,
  -- Of what a person entered last: after Mayfly has replaced it, the same manifest applied again is still no change.
  entered_fingerprint text,
  -- Of which login it is at which target: resources that share one do not change its password behind each other's back.
  login_fingerprint   text,
  -- What the login is being changed to, sealed before the target is told: after a crash either may be in force (law 12).
  sealed_next_secret  text,
  adopt_login         boolean     not null default true,
  -- Since when only Mayfly knows the login.
  login_adopted_at    timestamptz,
  -- When a worker looks at the login again: to finish what was begun, or to rotate it.
  login_due_at        timestamptz,
  attributes    jsonb       not null default '{}' check (jsonb_typeof(attributes) = 'object'),
  state         text        not null default 'active' check (state in ('active', 'retired')),
  checked_at    timestamptz,
  check_result  jsonb,
  version       integer     not null default 1,
  created_at    timestamptz not null default now(),
  primary key (resource_id, tenant_id),
  unique (tenant_id, name),
  foreign key (owner_id, tenant_id) references owner (owner_id, tenant_id)
);
create index resource_owner on resource (owner_id);
create index resource_login on resource (login_fingerprint);
-- Serves claimDueLogin().
create index resource_login_due on resource (tenant_id, login_due_at) where login_due_at is not null;

create table role (
  tenant_id       uuid        not null default current_tenant() references tenant,
  role_id         uuid        not null,
  resource_id     uuid        not null,
  name            text        not null check (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
  permission      jsonb       not null check (jsonb_typeof(permission) = 'object'),
  -- Closed parameters: name to {"one_of": [...]}.
  parameters      jsonb       not null default '{}' check (jsonb_typeof(parameters) = 'object'),
  max_ttl_seconds integer     check (max_ttl_seconds between 1 and 2678400),
  max_live_per_identity integer not null default 200 check (max_live_per_identity between 1 and 100000),
  state           text        not null default 'active' check (state in ('active', 'retired')),
  version         integer     not null default 1,
  created_at      timestamptz not null default now(),
  primary key (role_id, tenant_id),
  unique (tenant_id, resource_id, name),
  foreign key (resource_id, tenant_id) references resource (resource_id, tenant_id)
);

-- Proof --------------------------------------------------------------------------------------------------------------

create table trust_provider (
  tenant_id         uuid        not null default current_tenant() references tenant,
  trust_provider_id uuid        not null,
  name              text        not null check (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
  kind              text        not null check (kind ~ '^[a-z][a-z0-9_]{0,30}$'),
  -- For kinds with an issuer: how a proof finds its trust provider. One issuer, one trust provider.
  issuer            text        check (char_length(issuer) between 1 and 2000),
  settings          jsonb       not null check (jsonb_typeof(settings) = 'object'),
  strength          text        not null check (strength in ('bootstrap', 'bound_key', 'platform', 'hardware')),
  fresh_for_seconds integer     not null check (fresh_for_seconds between 1 and 2678400),
  state             text        not null default 'active' check (state in ('active', 'retired')),
  version           integer     not null default 1,
  created_at        timestamptz not null default now(),
  primary key (trust_provider_id, tenant_id),
  unique (tenant_id, name),
  unique (tenant_id, issuer)
);

-- Which proof of a trust provider belongs to which identity (or person).
create table binding (
  tenant_id         uuid        not null default current_tenant() references tenant,
  binding_id        uuid        not null,
  trust_provider_id uuid        not null,
  identity_id       uuid,
  person_id         uuid,
  -- What the proof must say of itself, exactly: the token's subject, or the key's thumbprint (RFC 7638).
  subject           text        not null check (char_length(subject) between 1 and 2000),
  -- Further claims, each exactly equal; all must hold.
  claims            jsonb       not null default '{}' check (jsonb_typeof(claims) = 'object'),
  public_jwk        jsonb,
  state             text        not null default 'active' check (state in ('active', 'retired')),
  version           integer     not null default 1,
  created_at        timestamptz not null default now(),
  primary key (binding_id, tenant_id),
  foreign key (trust_provider_id, tenant_id) references trust_provider (trust_provider_id, tenant_id),
  foreign key (identity_id, tenant_id) references identity (identity_id, tenant_id),
  foreign key (person_id, tenant_id) references person (person_id, tenant_id),
  check (num_nonnulls(identity_id, person_id) = 1)
);
-- Serves the look-up of a proof. Several identities may share a subject and differ in claims (stages of a pipeline).
create index binding_subject on binding (trust_provider_id, subject) where state = 'active';
-- Serves the end of a trust provider: whose proofs, tasks and credentials hang on it.
create index binding_trust_provider on binding (trust_provider_id);
create index binding_identity on binding (identity_id) where identity_id is not null;
create index binding_person on binding (person_id) where person_id is not null;

create table attestation (
  tenant_id         uuid        not null default current_tenant() references tenant,
  attestation_id    uuid        not null,
  identity_id       uuid,
  person_id         uuid,
  trust_provider_id uuid        not null,
  binding_id        uuid        not null,
  -- Tells instances of one identity apart, where the trust provider names claims for it; else empty.
  instance          text        not null default '',
  claims            jsonb       not null check (jsonb_typeof(claims) = 'object'),
  strength          text        not null check (strength in ('bootstrap', 'bound_key', 'platform', 'hardware')),
  source_address    inet,
  accepted_at       timestamptz not null,
  fresh_until       timestamptz not null,
  state             text        not null default 'fresh' check (state in ('fresh', 'succeeded', 'lapsed', 'revoked')),
  -- The access token that came with it: its jti is the attestation's id.
  token_expires_at  timestamptz not null,
  token_revoked_at  timestamptz,
  decision_id       uuid        not null,
  version           integer     not null default 1,
  primary key (attestation_id, tenant_id),
  foreign key (identity_id, tenant_id) references identity (identity_id, tenant_id),
  foreign key (person_id, tenant_id) references person (person_id, tenant_id),
  foreign key (trust_provider_id, tenant_id) references trust_provider (trust_provider_id, tenant_id),
  foreign key (binding_id, tenant_id) references binding (binding_id, tenant_id),
  check (num_nonnulls(identity_id, person_id) = 1),
  check (fresh_until > accepted_at),
  check (token_expires_at <= accepted_at + interval '5 minutes')
);
-- Serves the lapse worker, and the search for a newer proof of the same binding and instance.
create index attestation_lapsing on attestation (tenant_id, fresh_until) where state = 'fresh';
create index attestation_successor on attestation (binding_id, instance, accepted_at desc) where state = 'fresh';
-- Serves the end of an identity: its live proofs, however many it has had. And the list of all of them.
create index attestation_fresh_identity on attestation (identity_id) where state = 'fresh' and identity_id is not null;
create index attestation_identity on attestation (identity_id, attestation_id) where identity_id is not null;

-- Single use of assertions and tokens: a jti is remembered as a digest until its own expiry.
create table proof_seen (
  tenant_id         uuid        not null default current_tenant() references tenant,
  trust_provider_id uuid        not null,
  jti_digest        bytea       not null check (octet_length(jti_digest) = 32),
  expires_at        timestamptz not null,
  primary key (tenant_id, trust_provider_id, jti_digest)
);
create index proof_seen_expiring on proof_seen (tenant_id, expires_at);

-- Made once across all servers, single use, fifteen minutes. Only a digest is kept.
create table bootstrap (
  tenant_id     uuid        primary key default current_tenant() references tenant,
  secret_digest bytea       not null check (octet_length(secret_digest) = 32),
  made_at       timestamptz not null,
  expires_at    timestamptz not null,
  attempts      integer     not null default 0,
  used_at       timestamptz,
  used_by       uuid
);

-- Policy -------------------------------------------------------------------------------------------------------------

create table policy_version (
  tenant_id         uuid        not null default current_tenant() references tenant,
  policy_version_id uuid        not null,
  number            integer     not null check (number > 0),
  policy_text       text        not null check (octet_length(policy_text) <= 1048576),
  digest            text        not null,
  note              text        not null default '' check (char_length(note) <= 1000),
  state             text        not null default 'draft' check (state in ('draft', 'active', 'superseded')),
  created_by        jsonb       not null,
  created_at        timestamptz not null,
  activated_by      jsonb,
  activated_at      timestamptz,
  version           integer     not null default 1,
  primary key (policy_version_id, tenant_id),
  unique (tenant_id, number)
);
create unique index policy_version_active on policy_version (tenant_id) where state = 'active';

create table decision (
  tenant_id         uuid        not null default current_tenant() references tenant,
  decision_id       uuid        not null,
  action            text        not null,
  principal         jsonb       not null,
  resource          jsonb       not null,
  identity_id       uuid,
  task_id           uuid,
  outcome           text        not null check (outcome in ('permit', 'deny')),
  reasons           jsonb       not null,
  determining       text[]      not null,
  duties            jsonb       not null,
  context           jsonb       not null,
  policy_version_id uuid,
  decided_at        timestamptz not null,
  primary key (decision_id, tenant_id)
);
create index decision_identity on decision (identity_id, decided_at desc) where identity_id is not null;

-- Tasks --------------------------------------------------------------------------------------------------------------

create table task (
  tenant_id            uuid        not null default current_tenant() references tenant,
  task_id              uuid        not null,
  kind                 text        not null check (kind in ('declared', 'running_instance')),
  identity_id          uuid        not null,
  -- Law 14: a signed-in person or a proven identity, never a string.
  declared_by_person   uuid,
  declared_by_identity uuid,
  attestation_id       uuid,
  purpose              text        not null check (char_length(btrim(purpose)) between 3 and 1000),
  environment          text        not null check (environment in ('development', 'staging', 'production')),
  deadline             timestamptz not null,
  state                text        not null default 'active' check (state in ('active', 'completed', 'failed', 'expired', 'revoked')),
  decision_id          uuid        not null,
  declared_at          timestamptz not null,
  ended_at             timestamptz,
  outcome_note         text        check (char_length(outcome_note) <= 1000),
  version              integer     not null default 1,
  primary key (task_id, tenant_id),
  foreign key (identity_id, tenant_id) references identity (identity_id, tenant_id),
  foreign key (declared_by_person, tenant_id) references person (person_id, tenant_id),
  foreign key (declared_by_identity, tenant_id) references identity (identity_id, tenant_id),
  foreign key (attestation_id, tenant_id) references attestation (attestation_id, tenant_id),
  check (num_nonnulls(declared_by_person, declared_by_identity) = 1),
  check (deadline > declared_at),
  check ((state = 'active') = (ended_at is null)),
  check (kind <> 'running_instance' or (attestation_id is not null and deadline <= declared_at + interval '24 hours'))
);
create index task_identity on task (identity_id) where state = 'active';
create index task_due on task (tenant_id, deadline) where state = 'active';
create index task_attestation on task (attestation_id) where state = 'active' and attestation_id is not null;

create table task_role (
  tenant_id uuid not null default current_tenant() references tenant,
  task_id   uuid not null,
  role_id   uuid not null,
  primary key (task_id, role_id, tenant_id),
  foreign key (task_id, tenant_id) references task (task_id, tenant_id),
  foreign key (role_id, tenant_id) references role (role_id, tenant_id)
);

-- Credentials --------------------------------------------------------------------------------------------------------

create table revocation (
  tenant_id          uuid        not null default current_tenant() references tenant,
  revocation_id      uuid        not null,
  cause              text        not null check (cause in (
                                   'expired', 'task_completed', 'task_failed', 'task_expired', 'attestation_lapsed', 'identity_expired', 'identity_suspended',
                                   'identity_retired', 'owner_departed', 'no_longer_permitted', 'policy_violation', 'anomaly', 'rotation', 'scale_down',
                                   'issue_failed', 'issue_interrupted', 'requested_by_holder', 'requested_by_operator', 'resource_retired', 'role_retired', 'trust_provider_retired')),
  selector           jsonb       not null check (jsonb_typeof(selector) = 'object'),
  requested_by       jsonb       not null,
  reason             text        check (char_length(reason) <= 1000),
  state              text        not null default 'running' check (state in ('running', 'complete')),
  total              integer     not null,
  -- Counted up as its credentials go: whether it is complete is then one comparison, whatever its size.
  cut_count          integer     not null default 0,
  removed_count      integer     not null default 0,
  authority_ended_at timestamptz not null,
  cut_at             timestamptz,
  completed_at       timestamptz,
  version            integer     not null default 1,
  primary key (revocation_id, tenant_id),
  check (cut_count between removed_count and total),
  check ((state = 'complete') = (completed_at is not null)),
  check (state <> 'complete' or removed_count = total)
);
create index revocation_running on revocation (tenant_id, authority_ended_at) where state = 'running';

-- Law 1: the row stands before the account, with the account's name. Law 4: nothing is revoked before it is absent.
create table credential (
  tenant_id          uuid        not null default current_tenant() references tenant,
  credential_id      uuid        not null,
  identity_id        uuid        not null,
  task_id            uuid,
  attestation_id     uuid        not null,
  role_id            uuid        not null,
  resource_id        uuid        not null,
  provider_kind      text        not null,
  account_name       text        not null check (account_name ~ '^[a-z0-9_]{1,63}$'),
  environment        text        not null check (environment in ('development', 'staging', 'production')),
  parameters         jsonb       not null default '{}' check (jsonb_typeof(parameters) = 'object'),
  bound_to           text        not null default 'none' check (bound_to in ('key', 'address', 'none')),
  state              text        not null default 'requested' check (state in ('requested', 'active', 'revoking', 'revoked', 'abandoned')),
  decision_id        uuid        not null,
  policy_version_id  uuid        not null,
  -- Keyed, so that a credential found somewhere can be recognised; the credential itself is not kept (law 6).
  fingerprint        text,
  idempotency_key    text        check (char_length(idempotency_key) between 1 and 200),
  request_digest     text,
  requested_at       timestamptz not null,
  create_deadline_at timestamptz not null,
  active_at          timestamptz,
  expires_at         timestamptz not null,
  max_expires_at     timestamptz not null,
  revocation_id      uuid,
  revoking_at        timestamptz,
  -- True where it was ended before it was active: then absent counts only after create_deadline_at, seen twice.
  ended_unborn       boolean     not null default false,
  cut_at             timestamptz,
  removed_at         timestamptz,
  attempts           integer     not null default 0,
  next_attempt_at    timestamptz,
  last_error         text        check (char_length(last_error) <= 1000),
  version            integer     not null default 1,
  primary key (credential_id, tenant_id),
  unique (tenant_id, provider_kind, resource_id, account_name),
  foreign key (identity_id, tenant_id) references identity (identity_id, tenant_id),
  foreign key (task_id, tenant_id) references task (task_id, tenant_id),
  foreign key (attestation_id, tenant_id) references attestation (attestation_id, tenant_id),
  foreign key (role_id, tenant_id) references role (role_id, tenant_id),
  foreign key (resource_id, tenant_id) references resource (resource_id, tenant_id),
  foreign key (policy_version_id, tenant_id) references policy_version (policy_version_id, tenant_id),
  foreign key (revocation_id, tenant_id) references revocation (revocation_id, tenant_id),
  check (expires_at <= max_expires_at),
  check (state = 'requested' or active_at is not null or ended_unborn),
  check (state in ('requested', 'active') = (revocation_id is null)),
  check ((state = 'revoked') = (removed_at is not null)),
  check (removed_at is null or cut_at is not null),
  check (cut_at is null or revoking_at is not null)
);
-- Serves the expiry worker: only rows that still hold authority, oldest end first.
create index credential_expiring on credential (tenant_id, expires_at) where state in ('requested', 'active');
-- Serves the interrupted-issue sweep: a request whose creator died.
create index credential_unborn on credential (tenant_id, create_deadline_at) where state = 'requested';
-- Serves the removal workers, target by target: only rows with work left.
create index credential_due on credential (tenant_id, resource_id, next_attempt_at) where state = 'revoking';
-- Serve the selectors and the re-decisions: only what is not yet gone, so that history costs nothing.
create index credential_live_identity on credential (identity_id, role_id) where state in ('requested', 'active', 'revoking');
create index credential_live_task on credential (task_id) where state in ('requested', 'active', 'revoking') and task_id is not null;
create index credential_live_attestation on credential (attestation_id) where state in ('requested', 'active', 'revoking');
create index credential_live_role on credential (role_id) where state in ('requested', 'active', 'revoking');
create index credential_live_resource on credential (resource_id) where state in ('requested', 'active', 'revoking');
create index credential_live_policy on credential (policy_version_id) where state in ('requested', 'active', 'revoking');
create index credential_live_environment on credential (tenant_id, environment) where state in ('requested', 'active', 'revoking');
-- Serves the rate limit of a caller.
create index credential_rate on credential (identity_id, requested_at desc);
create unique index credential_idempotency on credential (identity_id, idempotency_key) where idempotency_key is not null;

-- Which credentials a revocation waits for: those that it ended and those already on their way out.
create table revocation_credential (
  tenant_id     uuid not null default current_tenant() references tenant,
  revocation_id uuid not null,
  credential_id uuid not null,
  primary key (revocation_id, credential_id, tenant_id),
  foreign key (revocation_id, tenant_id) references revocation (revocation_id, tenant_id),
  foreign key (credential_id, tenant_id) references credential (credential_id, tenant_id)
);
create index revocation_credential_by_credential on revocation_credential (credential_id);

-- Law 11, never forgotten: who must be decided again. Written in the transaction of the change, removed when done.
create table redecision (
  tenant_id       uuid        not null default current_tenant() references tenant,
  redecision_id   uuid        not null,
  selector_kind   text        not null check (selector_kind in ('task', 'attestation', 'identity', 'owner', 'role', 'resource', 'trust_provider', 'environment', 'policy')),
  selector_id     text        not null,
  why             text        not null check (char_length(why) <= 200),
  requested_by    jsonb       not null,
  requested_at    timestamptz not null,
  attempts        integer     not null default 0,
  next_attempt_at timestamptz not null,
  last_error      text        check (char_length(last_error) <= 1000),
  primary key (redecision_id, tenant_id)
);
create index redecision_due on redecision (tenant_id, next_attempt_at);

create table finding (
  tenant_id  uuid        not null default current_tenant() references tenant,
  finding_id uuid        not null,
  kind       text        not null check (kind ~ '^[a-z][a-z_]{2,60}$'),
  -- One open finding for one thing: finding it again changes nothing.
  subject    text        not null check (char_length(subject) <= 200),
  severity   text        not null check (severity in ('low', 'medium', 'high', 'critical')),
  detail     text        not null check (char_length(detail) <= 1000),
  opened_at  timestamptz not null,
  closed_at  timestamptz,
  version    integer     not null default 1,
  primary key (finding_id, tenant_id)
);
create unique index finding_open on finding (tenant_id, kind, subject) where closed_at is null;

-- Audit --------------------------------------------------------------------------------------------------------------

create table entry (
  tenant_id      uuid        not null default current_tenant() references tenant,
  entry_id       uuid        not null,
  stream         text        not null check (stream in ('registry', 'proof', 'policy', 'decision', 'task', 'issuance', 'use', 'revocation', 'key', 'audit')),
  action         text        not null check (action ~ '^[a-z_]+\.[a-z_]+$'),
  recorded_at    timestamptz not null,
  identity_id    uuid,
  task_id        uuid,
  attestation_id uuid,
  decision_id    uuid,
  credential_id  uuid,
  revocation_id  uuid,
  -- Canonical JSON (RFC 8785): exactly the bytes of the leaf.
  data           bytea       not null check (octet_length(data) between 2 and 65535),
  leaf_hash      bytea       not null check (octet_length(leaf_hash) = 32),
  leaf_index     bigint      check (leaf_index >= 0),
  primary key (entry_id, tenant_id)
);
create unique index entry_leaf on entry (tenant_id, leaf_index) where leaf_index is not null;
-- Serves the sequencer: only what is not yet in the log, oldest first.
create index entry_unsequenced on entry (tenant_id, recorded_at, entry_id) where leaf_index is null;
create index entry_identity on entry (identity_id, recorded_at) where identity_id is not null;
create index entry_task on entry (task_id, recorded_at) where task_id is not null;
create index entry_credential on entry (credential_id, recorded_at) where credential_id is not null;
create index entry_revocation on entry (revocation_id, recorded_at) where revocation_id is not null;

-- C2SP tlog-tiles: a tile grows to 256 hashes of 32 bytes and is then full for ever.
create table log_tile (
  tenant_id  uuid   not null default current_tenant() references tenant,
  level      integer not null check (level between 0 and 7),
  tile_index bigint not null check (tile_index >= 0),
  hashes     bytea  not null check (octet_length(hashes) between 32 and 8192 and octet_length(hashes) % 32 = 0),
  primary key (tenant_id, level, tile_index)
);

create table log_checkpoint (
  tenant_id uuid        not null default current_tenant() references tenant,
  size      bigint      not null check (size >= 0),
  root      bytea       not null check (octet_length(root) = 32),
  note      text        not null,
  signed_at timestamptz not null,
  primary key (tenant_id, size)
);

-- The wall and the laws ----------------------------------------------------------------------------------------------

do $$
declare walled text;
begin
  for walled in
    select c.table_name from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
    where c.table_schema = current_schema() and c.column_name = 'tenant_id' and c.table_name <> 'tenant'
      and t.table_type = 'BASE TABLE'
  loop
    execute format('alter table %I enable row level security', walled);
    execute format('alter table %I force row level security', walled);
    execute format('create policy own_tenant on %I using (tenant_id = current_setting(''mayfly.tenant_id'')::uuid)', walled);
  end loop;
end $$;

-- The list of tenants itself is read and written outside of them only; a tenant's transaction sees its own row.
alter table tenant enable row level security;
alter table tenant force row level security;
create policy own_tenant on tenant using (
  coalesce(current_setting('mayfly.tenant_id', true), '') in ('', tenant_id::text)
);
create policy no_tenant_makes_tenants on tenant as restrictive for insert
  with check (coalesce(current_setting('mayfly.tenant_id', true), '') = '');

-- TRUNCATE asks no policy: it would empty the table of every tenant, and pass the triggers on rows by.
create function refuse_truncate() returns trigger language plpgsql as $$
begin
  raise exception 'no table is emptied: row-level security does not hold for truncate' using errcode = 'restrict_violation';
end $$;

do $$
declare whole text;
begin
  for whole in
    select table_name from information_schema.tables
    where table_schema = current_schema() and table_type = 'BASE TABLE' and table_name <> 'schema_migration'
  loop
    execute format('create trigger refuse_truncate before truncate on %I execute function refuse_truncate()', whole);
  end loop;
end $$;

-- What has happened has happened: these rows are kept, whatever becomes of the things that they tell of.
create function refuse_delete() returns trigger language plpgsql as $$
begin
  raise exception 'a row of % is never removed', tg_table_name using errcode = 'restrict_violation';
end $$;

do $$
declare kept text;
begin
  foreach kept in array
    array['identity', 'attestation', 'task', 'task_role', 'decision', 'revocation', 'revocation_credential', 'log_tile', 'log_checkpoint']
  loop
    execute format('create trigger refuse_delete before delete on %I for each row execute function refuse_delete()', kept);
  end loop;
end $$;

create function refuse_update() returns trigger language plpgsql as $$
begin
  raise exception 'a row of % is never changed', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger refuse_update before update on decision for each row execute function refuse_update();
create trigger refuse_update before update on task_role for each row execute function refuse_update();
create trigger refuse_update before update on revocation_credential for each row execute function refuse_update();
create trigger refuse_update before update on log_checkpoint for each row execute function refuse_update();

-- Each change of a row moves its version on, so that "as it was when we decided" can be asked in one comparison.
create function move_version() returns trigger language plpgsql as $$
begin
  new.version := old.version + 1;
  return new;
end $$;

do $$
declare versioned text;
begin
  for versioned in
    select table_name from information_schema.columns
    where table_schema = current_schema() and column_name = 'version'
  loop
    execute format('create trigger move_version before update on %I for each row execute function move_version()', versioned);
  end loop;
end $$;

-- Who acts on a decision and who changes what it was made of take turns, in the order in which they came. Row locks do not
-- do that: holders of FOR SHARE (and the KEY SHARE of foreign keys) let each other pass, so that a caller who asks without
-- pause would keep its own suspension waiting for ever. Advisory locks queue fairly.
-- The order of the classes is the order of locking: what contains before what is contained. Ids share 256 places a class,
-- so that a change of any number of rows takes a bounded number of locks.
create function authority_class(kind text) returns integer
  language sql immutable parallel safe
  return array_position(array['policy_version', 'owner', 'person', 'trust_provider', 'identity', 'attestation', 'resource', 'role', 'task'], kind);

create function authority_place(id uuid) returns integer
  language sql immutable parallel safe
  return hashtext(id::text) & 255;

-- Until the transaction ends, none of these rows changes. Tells at which version each is; one that is gone is missing.
-- Each statement in here has a snapshot of its own, so that a read sees what was waited for.
create function hold_authority(kinds text[], ids uuid[]) returns table (key text, version integer) language plpgsql as $$
declare held record;
begin
  for held in
    select distinct authority_class(kind) as class, authority_place(id) as place
    from unnest(kinds, ids) as of (kind, id) order by 1, 2
  loop
    perform pg_advisory_xact_lock_shared(held.class, held.place);
  end loop;
  return query
    select of.kind || ' ' || of.id, case of.kind
      when 'policy_version' then (select r.version from policy_version r where r.policy_version_id = of.id)
      when 'owner' then (select r.version from owner r where r.owner_id = of.id)
      when 'person' then (select r.version from person r where r.person_id = of.id)
      when 'trust_provider' then (select r.version from trust_provider r where r.trust_provider_id = of.id)
      when 'identity' then (select r.version from identity r where r.identity_id = of.id)
      when 'attestation' then (select r.version from attestation r where r.attestation_id = of.id)
      when 'resource' then (select r.version from resource r where r.resource_id = of.id)
      when 'role' then (select r.version from role r where r.role_id = of.id)
      when 'task' then (select r.version from task r where r.task_id = of.id)
    end
    from unnest(kinds, ids) as of (kind, id);
end $$;

-- Waits for those who act on the row, and holds back those who come after.
create function change_authority(kind text, id uuid) returns void
  language sql
  begin atomic
    select pg_advisory_xact_lock(authority_class(kind), authority_place(id));
  end;

create function await_holders() returns trigger language plpgsql as $$
begin
  perform change_authority(tg_table_name::text, (to_jsonb(old) ->> (tg_table_name || '_id'))::uuid);
  return new;
end $$;

do $$
declare decided_on text;
begin
  foreach decided_on in array
    array['policy_version', 'owner', 'person', 'trust_provider', 'identity', 'attestation', 'resource', 'role', 'task']
  loop
    execute format('create trigger await_holders before update on %I for each row execute function await_holders()', decided_on);
  end loop;
end $$;

create function keep_credential_law() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'a credential row outlives its account (law 1)' using errcode = 'restrict_violation';
  end if;
  if tg_op = 'INSERT' then
    if new.state <> 'requested' then
      raise exception 'a credential row stands before its account (law 1)' using errcode = 'check_violation';
    end if;
    return new;
  end if;
  if new.state <> old.state and not (old.state, new.state) in
    (('requested', 'active'), ('requested', 'revoking'), ('active', 'revoking'), ('revoking', 'revoked'), ('revoking', 'abandoned'))
  then
    raise exception 'a credential does not go from % to %', old.state, new.state using errcode = 'check_violation';
  end if;
  if new.max_expires_at > old.max_expires_at or (new.account_name, new.provider_kind, new.resource_id, new.role_id, new.identity_id)
    is distinct from (old.account_name, old.provider_kind, old.resource_id, old.role_id, old.identity_id)
  then
    raise exception 'max_expires_at, account, resource, role and identity of a credential are fixed' using errcode = 'check_violation';
  end if;
  if (old.cut_at is not null and new.cut_at is distinct from old.cut_at)
    or (old.removed_at is not null and new.removed_at is distinct from old.removed_at)
  then
    raise exception 'when a credential was cut and removed is recorded once' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger keep_credential_law before insert or update or delete on credential
  for each row execute function keep_credential_law();

create function keep_task_law() returns trigger language plpgsql as $$
begin
  if old.state <> 'active' and new.state <> old.state then
    raise exception 'a task that has ended stays as it ended' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger keep_task_law before update on task for each row execute function keep_task_law();

create function keep_identity_law() returns trigger language plpgsql as $$
begin
  if old.state = 'retired' and new.state <> 'retired' then
    raise exception 'a retired identity stays retired' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger keep_identity_law before update on identity for each row execute function keep_identity_law();

-- The log only grows: an entry gets its leaf index once, and nothing else of it ever changes.
create function keep_entry_law() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'an entry is never removed' using errcode = 'restrict_violation';
  end if;
  if old.leaf_index is not null
    or (new.data, new.leaf_hash, new.entry_id, new.stream, new.action, new.recorded_at, new.identity_id, new.task_id,
        new.attestation_id, new.decision_id, new.credential_id, new.revocation_id)
      is distinct from
       (old.data, old.leaf_hash, old.entry_id, old.stream, old.action, old.recorded_at, old.identity_id, old.task_id,
        old.attestation_id, old.decision_id, old.credential_id, old.revocation_id)
  then
    raise exception 'an entry is never changed' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger keep_entry_law before update or delete on entry for each row execute function keep_entry_law();

-- A tile only grows, so that a hash once published stays where it was.
create function keep_tile_law() returns trigger language plpgsql as $$
begin
  if (new.level, new.tile_index) is distinct from (old.level, old.tile_index)
    or substring(new.hashes for octet_length(old.hashes)) <> old.hashes
  then
    raise exception 'a hash of the log is never changed' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger keep_tile_law before update on log_tile for each row execute function keep_tile_law();

create function keep_policy_law() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'a policy version is never removed' using errcode = 'restrict_violation';
  end if;
  if (new.policy_text, new.digest, new.number, new.note, new.created_by, new.created_at)
    is distinct from (old.policy_text, old.digest, old.number, old.note, old.created_by, old.created_at)
  then
    raise exception 'a policy version is immutable' using errcode = 'restrict_violation';
  end if;
  if new.state = 'draft' and old.state <> 'draft' then
    raise exception 'a policy version that was active is no draft again' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger keep_policy_law before update or delete on policy_version
  for each row execute function keep_policy_law();

-- Policies speak of these by name: a name that moved on to something else would take its permits along.
create function keep_name() returns trigger language plpgsql as $$
begin
  raise exception 'the name of a registered % is fixed: policies speak of it', replace(tg_table_name, '_', ' ')
    using errcode = 'restrict_violation';
end $$;

do $$
declare named text;
begin
  foreach named in array array['owner', 'identity', 'resource', 'role', 'trust_provider']
  loop
    execute format(
      'create trigger keep_name before update of name on %I for each row when (new.name is distinct from old.name) execute function keep_name()',
      named);
  end loop;
end $$;
