-- Static secrets that cannot go away yet: their versions, and who was told which (docs/decisions/0033-static-secrets.md).
-- readers: 0001

create table secret_version (
  secret_version_id uuid        not null,
  tenant_id         uuid        not null default current_tenant() references tenant,
  resource_id       uuid        not null,
  -- 1, 2, …: the order in which they were made.
  number            integer     not null check (number > 0),
  account           text        not null check (char_length(account) between 1 and 200),
  state             text        not null check (state in ('pending', 'current', 'previous', 'ended')),
  -- Sealed (law 6), and gone with its end. The fingerprint is keyed: it recognises the secret where it is found.
  sealed_secret     text,
  fingerprint       text        not null,
  made_at           timestamptz not null,
  current_at        timestamptz,
  -- By when it ends, whoever uses it still.
  ends_at           timestamptz,
  ended_at          timestamptz,
  primary key (secret_version_id, tenant_id),
  unique (resource_id, number, tenant_id),
  foreign key (resource_id, tenant_id) references resource (resource_id, tenant_id),
  check ((state = 'ended') = (sealed_secret is null)),
  check ((state = 'ended') = (ended_at is not null)),
  check (state <> 'previous' or ends_at is not null),
  check (state = 'pending' or current_at is not null)
);
-- Of each resource one at most is pending, one in force, one on its way out.
create unique index secret_version_one on secret_version (resource_id, state, tenant_id) where state <> 'ended';

create table secret_read (
  tenant_id         uuid        not null default current_tenant() references tenant,
  credential_id     uuid        not null,
  secret_version_id uuid        not null,
  read_at           timestamptz not null,
  primary key (credential_id, tenant_id),
  foreign key (credential_id, tenant_id) references credential (credential_id, tenant_id),
  foreign key (secret_version_id, tenant_id) references secret_version (secret_version_id, tenant_id)
);
-- Serves: who was told a version that is to end.
create index secret_read_version on secret_read (secret_version_id);

-- What is due at a target without anybody asking is found as looks are.
alter table target_look drop constraint target_look_kind_check;
alter table target_look add constraint target_look_kind_check check (kind in ('sample', 'sweep', 'upkeep'));

do $$
declare walled text;
begin
  foreach walled in array array['secret_version', 'secret_read']
  loop
    execute format('alter table %I enable row level security', walled);
    execute format('alter table %I force row level security', walled);
    execute format('create policy own_tenant on %I using (tenant_id = current_setting(''mayfly.tenant_id'')::uuid)', walled);
    execute format(
      'create trigger refuse_truncate before truncate on %I for each statement execute function refuse_truncate()',
      walled);
  end loop;
end $$;
