-- Keys that count their logins, tokens by which a machine joins, and what a host agent vouches for.
-- readers: 0001

-- How often a key has logged in, for trust providers that ask for a challenge: two holders of one key disagree on it.
create table key_login (
  tenant_id       uuid        not null default current_tenant() references tenant,
  binding_id      uuid        not null,
  generation      integer     not null default 0 check (generation >= 0),
  -- SHA-256, base64url, of what the next login must reveal; empty until the first, and after a recovery.
  next_digest     text        check (next_digest ~ '^[A-Za-z0-9_-]{43}$'),
  -- The one before: a client whose answer was lost shows it once more.
  previous_digest text        check (previous_digest ~ '^[A-Za-z0-9_-]{43}$'),
  moved_at        timestamptz,
  repeats         integer     not null default 0 check (repeats >= 0),
  -- Since when two holders were seen: no login until a person recovers it.
  locked_at       timestamptz,
  version         integer     not null default 1,
  primary key (binding_id, tenant_id),
  foreign key (binding_id, tenant_id) references binding (binding_id, tenant_id)
);

-- Each recovery by a person, since they are bounded in number.
create table key_recovery (
  tenant_id    uuid        not null default current_tenant() references tenant,
  recovery_id  uuid        not null,
  binding_id   uuid        not null,
  recovered_by uuid        not null,
  recovered_at timestamptz not null,
  primary key (recovery_id, tenant_id),
  foreign key (binding_id, tenant_id) references binding (binding_id, tenant_id),
  foreign key (recovered_by, tenant_id) references person (person_id, tenant_id)
);
-- Serves countRecoveries().
create index key_recovery_binding on key_recovery (binding_id, recovered_at);

-- Single use, short: who holds it may register one key for one identity. Only a keyed digest is kept (law 6).
create table join_token (
  tenant_id         uuid        not null default current_tenant() references tenant,
  join_token_id     uuid        not null,
  token_digest      text        not null check (char_length(token_digest) = 43),
  identity_id       uuid        not null,
  -- A trust provider of kind bound_key: what the machine proves itself to from then on.
  trust_provider_id uuid        not null,
  created_by        jsonb       not null,
  created_at        timestamptz not null,
  expires_at        timestamptz not null,
  state             text        not null default 'active' check (state in ('active', 'used', 'cancelled')),
  used_at           timestamptz,
  binding_id        uuid,
  version           integer     not null default 1,
  primary key (join_token_id, tenant_id),
  unique (tenant_id, token_digest),
  foreign key (identity_id, tenant_id) references identity (identity_id, tenant_id),
  foreign key (trust_provider_id, tenant_id) references trust_provider (trust_provider_id, tenant_id),
  foreign key (binding_id, tenant_id) references binding (binding_id, tenant_id),
  check (expires_at > created_at and expires_at <= created_at + interval '24 hours'),
  check ((state = 'used') = (used_at is not null)),
  check ((state = 'used') = (binding_id is not null))
);
create index join_token_identity on join_token (identity_id, join_token_id);

create function keep_join_token_law() returns trigger language plpgsql as $$
begin
  if old.state <> 'active' and new.state <> old.state then
    raise exception 'a join token that is used or cancelled stays so' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger keep_join_token_law before update on join_token for each row execute function keep_join_token_law();

-- By which token a key came, where it came by one.
alter table binding add column join_token_id uuid;

-- The host agent that vouched: its identity, so that all that one host gave is found at once.
alter table attestation add column host_identity_id uuid;
alter table attestation add constraint attestation_host_fkey
  foreign key (host_identity_id, tenant_id) references identity (identity_id, tenant_id) not valid;
alter table attestation add column ended_at timestamptz;
-- Serves the selector `host`, and what a host agent is told of.
create index attestation_host on attestation (host_identity_id, ended_at) where host_identity_id is not null;

do $$
declare made text;
begin
  foreach made in array array['key_login', 'key_recovery', 'join_token']
  loop
    execute format('alter table %I enable row level security', made);
    execute format('alter table %I force row level security', made);
    execute format('create policy own_tenant on %I using (tenant_id = current_setting(''mayfly.tenant_id'')::uuid)', made);
    execute format('create trigger refuse_truncate before truncate on %I execute function refuse_truncate()', made);
    execute format('create trigger refuse_delete before delete on %I for each row execute function refuse_delete()', made);
  end loop;
end $$;
create trigger move_version before update on key_login for each row execute function move_version();
create trigger move_version before update on join_token for each row execute function move_version();
