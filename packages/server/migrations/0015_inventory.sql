-- What is there at the targets, as Mayfly sees it by looking (docs/decisions/0030-looking-at-targets.md).
-- readers: 0001

-- When each target is looked at next, and how the last look went. No row yet: due at once.
create table target_look (
  tenant_id   uuid        not null default current_tenant() references tenant,
  resource_id uuid        not null,
  kind        text        not null check (kind in ('sample', 'sweep')),
  next_at     timestamptz not null,
  -- The last that was answered in full.
  looked_at   timestamptz,
  -- In a row, since then.
  failures    integer     not null default 0,
  last_error  text        check (char_length(last_error) <= 1000),
  primary key (resource_id, kind, tenant_id),
  foreign key (resource_id, tenant_id) references resource (resource_id, tenant_id)
);
-- Serves the workers: which target is due.
create index target_look_due on target_look (tenant_id, kind, next_at);

-- Sessions that were open when their target was looked at last; a restart neither doubles nor loses one.
create table open_session (
  tenant_id      uuid        not null default current_tenant() references tenant,
  resource_id    uuid        not null,
  session_id     text        not null check (char_length(session_id) between 1 and 300),
  credential_id  uuid        not null,
  source_address text        check (char_length(source_address) <= 60),
  started_at     timestamptz not null,
  primary key (resource_id, session_id, tenant_id),
  foreign key (resource_id, tenant_id) references resource (resource_id, tenant_id),
  foreign key (credential_id, tenant_id) references credential (credential_id, tenant_id)
);
create index open_session_credential on open_session (credential_id);

-- Whether and when a credential was used, as far as looking shows it.
create table credential_use (
  tenant_id       uuid        not null default current_tenant() references tenant,
  credential_id   uuid        not null,
  first_used_at   timestamptz not null,
  last_used_at    timestamptz not null,
  -- The first use from an address other than the one where its holder proved what it is.
  outside_address text        check (char_length(outside_address) <= 60),
  outside_at      timestamptz,
  primary key (credential_id, tenant_id),
  foreign key (credential_id, tenant_id) references credential (credential_id, tenant_id),
  check (first_used_at <= last_used_at),
  check ((outside_address is null) = (outside_at is null))
);

do $$
declare walled text;
begin
  foreach walled in array array['target_look', 'open_session', 'credential_use']
  loop
    execute format('alter table %I enable row level security', walled);
    execute format('alter table %I force row level security', walled);
    execute format('create policy own_tenant on %I using (tenant_id = current_setting(''mayfly.tenant_id'')::uuid)', walled);
    execute format(
      'create trigger refuse_truncate before truncate on %I for each statement execute function refuse_truncate()',
      walled);
  end loop;
end $$;
