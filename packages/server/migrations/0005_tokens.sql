-- Tokens for other audiences: credentials that are signed and kept nowhere, whose end is published in a status list. And
-- what one identity holds on behalf of another party.

-- A list of the states of 2^17 tokens (Token Status List). Places are handed out in a keyed order, so that an index tells
-- nothing of when and how many; none is ever given out twice.
create table status_list (
  tenant_id      uuid        not null default current_tenant() references tenant,
  status_list_id uuid        not null,
  size           integer     not null check (size between 8 and 1048576 and size % 8 = 0),
  -- How many places were handed out to servers; what a server that died had in hand stays unused.
  assigned       integer     not null default 0 check (assigned between 0 and size),
  order_seed     bytea       not null check (octet_length(order_seed) = 32),
  -- Moved on by each revocation, in its transaction: what a server has made of the list is stale where this differs.
  changes        integer     not null default 0,
  created_at     timestamptz not null,
  filled_at      timestamptz,
  primary key (status_list_id, tenant_id),
  check ((assigned = size) = (filled_at is not null))
);
alter table status_list enable row level security;
alter table status_list force row level security;
create policy own_tenant on status_list using (tenant_id = current_setting('mayfly.tenant_id')::uuid);
create trigger refuse_truncate before truncate on status_list execute function refuse_truncate();
create trigger refuse_delete before delete on status_list for each row execute function refuse_delete();
create unique index status_list_open on status_list (tenant_id) where filled_at is null;
-- Serves the aggregation: lists that may still hold a live token.
create index status_list_filled on status_list (tenant_id, filled_at);

-- Where its state is published; both null for what has an account at a target.
alter table credential add column status_list_id uuid;
alter table credential add column status_index integer;
-- On whose behalf: an identity or a person, by a proof of theirs, within a task of theirs; and how many parties the
-- request went through besides the holder (RFC 8693 section 4.1).
alter table credential add column subject_identity_id uuid;
alter table credential add column subject_person_id uuid;
alter table credential add column subject_attestation_id uuid;
alter table credential add column subject_task_id uuid;
alter table credential add column chain_length integer;
-- The token that it was exchanged for: it ends with that one.
alter table credential add column parent_credential_id uuid;

-- Not validated: the columns are new and empty, and to look at the rows of all tenants is what row-level security forbids.
alter table credential add constraint credential_status_place
  check (num_nonnulls(status_list_id, status_index) <> 1 and status_index >= 0) not valid;
alter table credential add constraint credential_subject
  check (num_nonnulls(subject_identity_id, subject_person_id) = num_nonnulls(subject_attestation_id)) not valid;
alter table credential add constraint credential_chain
  check (num_nonnulls(chain_length) = num_nonnulls(subject_attestation_id) and chain_length between 1 and 4
    and (subject_attestation_id is not null or num_nonnulls(subject_task_id, parent_credential_id) = 0)) not valid;
alter table credential add constraint credential_status_list_fkey
  foreign key (status_list_id, tenant_id) references status_list (status_list_id, tenant_id) not valid;
alter table credential add constraint credential_subject_identity_fkey
  foreign key (subject_identity_id, tenant_id) references identity (identity_id, tenant_id) not valid;
alter table credential add constraint credential_subject_person_fkey
  foreign key (subject_person_id, tenant_id) references person (person_id, tenant_id) not valid;
alter table credential add constraint credential_subject_attestation_fkey
  foreign key (subject_attestation_id, tenant_id) references attestation (attestation_id, tenant_id) not valid;
alter table credential add constraint credential_subject_task_fkey
  foreign key (subject_task_id, tenant_id) references task (task_id, tenant_id) not valid;
alter table credential add constraint credential_parent_fkey
  foreign key (parent_credential_id, tenant_id) references credential (credential_id, tenant_id) not valid;

-- No place is given out twice.
create unique index credential_status on credential (status_list_id, status_index, tenant_id) where status_list_id is not null;
-- Serves the list itself: what ended before its time, and nothing else. With the tenant, which row-level security asks for,
-- so that no row needs to be looked at.
create index credential_ended_early on credential (status_list_id, tenant_id, status_index)
  where status_list_id is not null and revoking_at < expires_at;
-- Serve the selectors, as those of the holder do.
create index credential_live_subject_identity on credential (subject_identity_id)
  where state in ('requested', 'active', 'revoking') and subject_identity_id is not null;
create index credential_live_subject_person on credential (subject_person_id)
  where state in ('requested', 'active', 'revoking') and subject_person_id is not null;
create index credential_live_subject_attestation on credential (subject_attestation_id)
  where state in ('requested', 'active', 'revoking') and subject_attestation_id is not null;
create index credential_live_subject_task on credential (subject_task_id)
  where state in ('requested', 'active', 'revoking') and subject_task_id is not null;
create index credential_live_parent on credential (parent_credential_id)
  where state in ('requested', 'active', 'revoking') and parent_credential_id is not null;
-- Serves the look-up of an audience: the few resources that tokens are for.
create index resource_jwt on resource (tenant_id) where provider_kind = 'jwt';

-- A token has no account that could come to be without its row: it is signed after the row is durable. So its row may
-- begin as active, in the same statement that records the decision.
create or replace function keep_credential_law() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'a credential row outlives its account (law 1)' using errcode = 'restrict_violation';
  end if;
  if tg_op = 'INSERT' then
    if new.state <> 'requested' and not (new.state = 'active' and new.status_list_id is not null) then
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
  if (new.status_list_id, new.status_index, new.subject_identity_id, new.subject_person_id, new.subject_task_id, new.chain_length, new.parent_credential_id)
    is distinct from
     (old.status_list_id, old.status_index, old.subject_identity_id, old.subject_person_id, old.subject_task_id, old.chain_length, old.parent_credential_id)
  then
    raise exception 'where a credential is published and on whose behalf it is held is fixed' using errcode = 'check_violation';
  end if;
  if (old.cut_at is not null and new.cut_at is distinct from old.cut_at)
    or (old.removed_at is not null and new.removed_at is distinct from old.removed_at)
  then
    raise exception 'when a credential was cut and removed is recorded once' using errcode = 'check_violation';
  end if;
  return new;
end $$;
