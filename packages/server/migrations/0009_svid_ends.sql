-- Proofs that rest on SVIDs of our own end with them; and rows that say nothing any more are removed.
-- readers: 0001

-- The SVID of ours with which it was proven, and how many SVIDs stand between it and a proof of another kind. No foreign
-- key: an SVID's row is removed some time after its end, when nothing that rests on it counts any more.
alter table attestation add column proven_by_svid_id uuid;
alter table attestation add column svid_chain_length integer;
-- Not validated: the columns are new and empty, and to look at the rows of all tenants is what row-level security forbids.
alter table attestation add constraint attestation_svid_chain
  check (num_nonnulls(proven_by_svid_id, svid_chain_length) <> 1 and svid_chain_length between 1 and 4) not valid;
-- Serves the end of an SVID: what was proven with it ends with it.
create index attestation_proven_by_svid on attestation (proven_by_svid_id)
  where proven_by_svid_id is not null and state = 'fresh';

-- Who proves something with an SVID and who ends it take turns, as with all that is decided on (hold_authority in the first
-- migration). It comes last: servers of both versions lock in the order of the classes.
create or replace function authority_class(kind text) returns integer
  language sql immutable parallel safe
  return array_position(array['policy_version', 'owner', 'person', 'trust_provider', 'identity', 'attestation', 'resource', 'role', 'task', 'svid'], kind);

create or replace function hold_authority(kinds text[], ids uuid[]) returns table (key text, version integer) language plpgsql as $$
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
      when 'svid' then (select r.version from svid r where r.svid_id = of.id)
    end
    from unnest(kinds, ids) as of (kind, id);
end $$;

create trigger await_holders before update on svid for each row execute function await_holders();

-- What is over says nothing that its entries do not say: it is removed a while after its end, and not before.
create function keep_until_over() returns trigger language plpgsql as $$
begin
  if old.expires_at > now() - tg_argv[0]::interval then
    raise exception 'a row of % is not removed before % past its end', tg_table_name, tg_argv[0] using errcode = 'restrict_violation';
  end if;
  return old;
end $$;
drop trigger refuse_delete on svid;
create trigger keep_until_over before delete on svid for each row execute function keep_until_over('1 day');
drop trigger refuse_delete on join_token;
create trigger keep_until_over before delete on join_token for each row execute function keep_until_over('30 days');
-- Serve the removal, oldest end first. Whole and not partial: each row comes to its turn, and none stays behind.
create index svid_over on svid (tenant_id, expires_at);
create index join_token_over on join_token (tenant_id, expires_at);
