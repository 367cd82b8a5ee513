-- People sign in: what is begun and not yet finished, what their groups give them, and the key and secret with which the
-- server is a client of their OpenID provider.
-- readers: 0001

-- `owner`: may register what the owners that they are in answer for.
alter table person drop constraint person_roles_check;
alter table person add constraint person_roles_check check (
  roles <@ array['administrator', 'operator', 'approver', 'auditor', 'owner']);

-- What a person's groups give, apart from what was given by hand: by trust provider `{"version", "roles", "owner_ids"}`.
-- Null where nothing does. It counts only as long as that trust provider stands at that version: see group_grant.
alter table person add column group_grants jsonb check (jsonb_typeof(group_grants) = 'object' and group_grants <> '{}');

-- What one trust provider's groups give; null where it says nothing, or has changed since it said so.
create function group_grant(grants jsonb, trust_provider_id uuid, version integer) returns jsonb
  language sql immutable parallel safe
  return case when (grants -> trust_provider_id::text ->> 'version')::integer = version
    then grants -> trust_provider_id::text end;

-- A sign-in that was begun and not finished: ten minutes, one use. It gives nothing by itself, so it has no entry.
create table sign_in (
  tenant_id         uuid        not null default current_tenant() references tenant,
  sign_in_id        uuid        not null,
  trust_provider_id uuid        not null,
  -- Finished under the very settings under which it was begun, or not at all.
  trust_provider_version integer not null,
  flow              text        not null check (flow in ('code', 'device')),
  -- SHA-256 of a secret that only whoever began it has.
  starter_digest    bytea       not null check (octet_length(starter_digest) = 32),
  -- Of flow `code`: SHA-256 of `state`, and where the provider sends the browser back to.
  state_digest      bytea       check (octet_length(state_digest) = 32),
  redirect_uri      text        check (char_length(redirect_uri) <= 2000),
  -- The code verifier and the nonce, or the device code.
  sealed_material   text        not null,
  token_binding     text        check (token_binding ~ '^jkt:[A-Za-z0-9_-]{43}$'),
  source_address    inet,
  -- Of flow `device`: how often the provider may be asked, and when next.
  interval_seconds  integer     check (interval_seconds between 1 and 600),
  next_poll_at      timestamptz,
  state             text        not null default 'pending' check (state in ('pending', 'ended')),
  started_at        timestamptz not null,
  expires_at        timestamptz not null,
  primary key (sign_in_id, tenant_id),
  foreign key (trust_provider_id, tenant_id) references trust_provider (trust_provider_id, tenant_id),
  check (expires_at > started_at and expires_at <= started_at + interval '30 minutes'),
  check ((flow = 'code') = (state_digest is not null and redirect_uri is not null)),
  check ((flow = 'device') = (interval_seconds is not null and next_poll_at is not null))
);
-- Serves the removal of those that nobody finished.
create index sign_in_expiring on sign_in (tenant_id, expires_at);

-- The password of the server as a client of a provider, where the provider takes nothing better. Write-only.
create table trust_provider_secret (
  tenant_id         uuid        not null default current_tenant() references tenant,
  trust_provider_id uuid        not null,
  sealed_secret     text        not null,
  set_at            timestamptz not null,
  primary key (trust_provider_id, tenant_id),
  foreign key (trust_provider_id, tenant_id) references trust_provider (trust_provider_id, tenant_id)
);

do $$
declare walled text;
begin
  foreach walled in array array['sign_in', 'trust_provider_secret']
  loop
    execute format('alter table %I enable row level security', walled);
    execute format('alter table %I force row level security', walled);
    execute format('create policy own_tenant on %I using (tenant_id = current_setting(''mayfly.tenant_id'')::uuid)', walled);
    execute format('create trigger refuse_truncate before truncate on %I execute function refuse_truncate()', walled);
  end loop;
end $$;

-- One purpose more, beside those that other migrations allow.
do $$
declare purposes text;
begin
  select string_agg(quote_literal(word[1]), ', ') into strict purposes
  from pg_constraint c, regexp_matches(pg_get_constraintdef(c.oid), '''([a-z_]+)''', 'g') as word
  where c.conrelid = 'signing_key'::regclass and c.conname = 'signing_key_purpose_check';
  alter table signing_key drop constraint signing_key_purpose_check;
  execute format('alter table signing_key add constraint signing_key_purpose_check check (purpose in (%s, ''sign_in_client''))', purposes);
end $$;

-- A bootstrap secret that was used is gone, its digest too, whichever version of the server took it.
alter table bootstrap alter column secret_digest drop not null;
create function forget_used_secret() returns trigger language plpgsql as $$
begin
  if new.used_at is not null then
    new.secret_digest := null;
  end if;
  return new;
end $$;
create trigger forget_used_secret before update on bootstrap for each row execute function forget_used_secret();

-- Serves the re-decision of what was issued within the tasks that a person declared.
create index task_declarer on task (declared_by_person) where state = 'active' and declared_by_person is not null;
