-- Sites that are believed without a network: whose offline bundles are taken, and what the last one brought.
-- readers: 0001

create table offline_site (
  tenant_id       uuid        not null default current_tenant() references tenant,
  offline_site_id uuid        not null,
  name            text        not null check (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
  -- The issuer URL of the site, which is also the name of its keys.
  origin          text        not null check (char_length(origin) between 1 and 2000),
  -- C2SP verifier keys: pinned by a person, then as the last bundle listed them.
  keys            jsonb       not null check (jsonb_typeof(keys) = 'array' and jsonb_array_length(keys) between 1 and 20),
  max_age_seconds integer     not null check (max_age_seconds between 60 and 31622400),
  state           text        not null default 'active' check (state in ('active', 'retired')),
  -- What was imported last; all null before the first, and after the keys were pinned anew.
  sequence        bigint      check (sequence > 0),
  digest          text        check (digest ~ '^[A-Za-z0-9+/]{43}=$'),
  made_at         timestamptz,
  imported_at     timestamptz,
  version         integer     not null default 1,
  created_at      timestamptz not null,
  primary key (offline_site_id, tenant_id),
  unique (tenant_id, name),
  unique (tenant_id, origin),
  check (num_nonnulls(sequence, digest, made_at, imported_at) in (0, 4))
);

-- The file itself, apart from the row that is asked at each proof. Replaced in the transaction of the import.
create table offline_material (
  tenant_id       uuid  not null default current_tenant() references tenant,
  offline_site_id uuid  not null,
  bundle          bytea not null check (octet_length(bundle) between 1 and 8000000),
  primary key (offline_site_id, tenant_id),
  foreign key (offline_site_id, tenant_id) references offline_site (offline_site_id, tenant_id)
);

-- How old the trust material was that a proof was judged with; null where it was asked for at that moment.
alter table attestation add column trust_made_at timestamptz;

do $$
declare made text;
begin
  foreach made in array array['offline_site', 'offline_material']
  loop
    execute format('alter table %I enable row level security', made);
    execute format('alter table %I force row level security', made);
    execute format('create policy own_tenant on %I using (tenant_id = current_setting(''mayfly.tenant_id'')::uuid)', made);
    execute format('create trigger refuse_truncate before truncate on %I execute function refuse_truncate()', made);
  end loop;
end $$;

create trigger move_version before update on offline_site for each row execute function move_version();
create trigger refuse_delete before delete on offline_site for each row execute function refuse_delete();
create trigger keep_name before update of name on offline_site
  for each row when (new.name is distinct from old.name) execute function keep_name();

-- An older bundle would bring back what was revoked since. Only with keys pinned anew does a site begin again.
create function keep_offline_law() returns trigger language plpgsql as $$
begin
  if new.origin <> old.origin then
    raise exception 'the origin of an offline site is fixed' using errcode = 'restrict_violation';
  end if;
  if new.sequence is null and old.sequence is not null and new.keys = old.keys then
    raise exception 'what was imported is forgotten only with keys pinned anew' using errcode = 'check_violation';
  end if;
  if new.sequence < old.sequence then
    raise exception 'an offline bundle does not give way to an older one' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger keep_offline_law before update on offline_site for each row execute function keep_offline_law();
