-- Mayfly's functions at a PostgreSQL target (15 to 18).
--
-- Promise: whoever may call these can make, end and remove logins named `mayfly_` + 32 hex digits, as members of the
-- groups listed in mayfly.permitted_group, and nothing else. Names and groups are checked here, at the target, so that a
-- stolen Mayfly login is worth no more than that.
-- Lists of names are joined, not compared by `= any`: a plan that is kept would compare each role with each name.
-- Every function: owned by the one who runs this file, search_path fixed (a caller's own objects are never found),
-- EXECUTE taken from PUBLIC.

-- The one list that says which groups a login may be put into. Mayfly's login cannot write it.
create table if not exists mayfly.permitted_group (group_name text primary key);

-- Goes up when a function changes its meaning; Mayfly asks for it before it trusts the rest.
create or replace function mayfly.functions_version() returns integer
language sql immutable set search_path = pg_catalog, pg_temp
as $$ select 2 $$;

-- Refuses any name that is not one of Mayfly's own, before anything is done with it.
create or replace function mayfly.require_account_names(accounts text[]) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if accounts is null or cardinality(accounts) > 10000 then
    raise exception 'a list of at most 10000 account names is wanted' using errcode = 'MF001';
  end if;
  if exists (select from unnest(accounts) as n where n is null or n !~ '^mayfly_[0-9a-f]{32}$') then
    raise exception 'an account name is not of the form mayfly_ and 32 hex digits' using errcode = 'MF001';
  end if;
end
$$;

-- Creates one login. `verifier` is a SCRAM verifier: the password itself never comes here, so no log can hold it.
-- Nothing is granted to the login but membership: what it makes or is given stays easy to remove.
create or replace function mayfly.issue(
  account text, verifier text, groups text[], valid_until timestamptz, create_deadline timestamptz, connection_limit integer
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
-- The statistics of pg_authid are old just when many logins are made: a plan kept from before would read them all.
set enable_seqscan = off
as $$
declare
  member_of text;
  group_oid oid;
  is_admin boolean;
  is_permitted boolean;
  is_member boolean;
  -- 16 and later: SET FALSE, so that the login cannot make objects that belong to the group and outlive it.
  membership text := case when current_setting('server_version_num')::integer >= 160000
    then ' with inherit true, set false' else '' end;
begin
  -- Written out here: this function is the hot one, and an expression without a query costs next to nothing.
  if account is null or account !~ '^mayfly_[0-9a-f]{32}$' then
    raise exception 'an account name is not of the form mayfly_ and 32 hex digits' using errcode = 'MF001';
  end if;
  -- Against a password sent in clear by mistake; LIKE, because an expression with counted repeats costs more than the rest.
  if verifier is null or length(verifier) > 250 or verifier not like 'SCRAM-SHA-256$%:%$%:%' then
    raise exception 'the verifier is not a SCRAM-SHA-256 verifier' using errcode = 'MF001';
  end if;
  if valid_until is null or create_deadline is null or not isfinite(valid_until) then
    raise exception 'an end and a deadline are wanted' using errcode = 'MF001';
  end if;
  if connection_limit is null or connection_limit < 1 or groups is null or cardinality(groups) not between 1 and 16 then
    raise exception 'a connection limit from 1 and 1 to 16 groups are wanted' using errcode = 'MF001';
  end if;
  -- A message can be held up on its way for longer than its sender lives; statement_timeout starts only when it arrives.
  if clock_timestamp() >= create_deadline then
    raise exception 'the deadline for this create has passed' using errcode = 'MF002';
  end if;

  execute format(
    'create role %I login nosuperuser nocreatedb nocreaterole noreplication nobypassrls inherit '
    'password %L valid until %L connection limit %s',
    account, verifier, valid_until, connection_limit);

  foreach member_of in array groups loop
    -- One query by index for each group. These attributes are not inherited, but a member that may SET ROLE has them
    -- (always on 15), and what it then makes (a replication slot, another role) has no owner that could be traced.
    select r.oid,
           r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls,
           exists (select from mayfly.permitted_group as p where p.group_name = member_of),
           exists (select from pg_auth_members as m where m.member = r.oid)
      into group_oid, is_admin, is_permitted, is_member
      from pg_roles as r where r.rolname = member_of;
    if is_permitted is not true then
      raise exception 'group is not permitted: %', member_of using errcode = 'MF003';
    end if;
    -- Apart: most groups are members of nothing, and the walk costs more than all else here.
    if is_member then
      is_admin := is_admin or exists (
        with recursive reached(oid) as (
          select group_oid
          union
          select m.roleid from pg_auth_members as m join reached on m.member = reached.oid
        )
        select from reached join pg_roles as r on r.oid = reached.oid
        where r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls
      );
    end if;
    if is_admin then
      raise exception 'group has attributes of an administrator: %', member_of using errcode = 'MF004';
    end if;
    execute format('grant %I to %I', member_of, account) || membership;
  end loop;

  if clock_timestamp() >= create_deadline then
    raise exception 'the deadline for this create has passed' using errcode = 'MF002';
  end if;
end
$$;

-- Moves the end of a login that can still log in. False: there is no such login, or its end has come.
create or replace function mayfly.renew(account text, valid_until timestamptz) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform mayfly.require_account_names(array[account]);
  if valid_until is null or not isfinite(valid_until) then
    raise exception 'an end is wanted' using errcode = 'MF001';
  end if;
  if not exists (select from pg_roles as r where r.rolname = account and r.rolcanlogin and r.rolvaliduntil > clock_timestamp()) then
    return false;
  end if;
  execute format('alter role %I valid until %L', account, valid_until);
  -- A cut that was committed between the two looks wins: NOLOGIN is never taken back here.
  return exists (select from pg_roles as r where r.rolname = account and r.rolcanlogin);
end
$$;

-- No new login from the commit of this on. Returns the accounts that are still as they were. 55P03: someone else has
-- locked the row; a login may lock its own (ALTER ROLE in an open transaction) to keep itself alive, so end its
-- sessions and call again. 42501: it was given attributes that the owner of this function may not change.
create or replace function mayfly.disable(accounts text[]) returns table (account text, state text)
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '250ms'
as $$
begin
  perform mayfly.require_account_names(accounts);
  for account in
    select r.rolname::text from pg_roles as r
    where r.rolname in (select n::name from unnest(accounts) as n) and (r.rolcanlogin or r.rolvaliduntil is distinct from '-infinity')
    order by r.rolname
  loop
    begin
      -- NOLOGIN is the cut: VALID UNTIL is looked at when the password exchange starts, and binds passwords only.
      execute format('alter role %I nologin valid until ''-infinity''', account);
    exception
      when undefined_object then
        null; -- dropped by someone else in the meantime, which is an end too
      when lock_not_available then
        state := '55P03';
        return next;
        -- Waited once; with a second long wait for each, a hundred such logins would stall the others.
        perform set_config('lock_timeout', '1ms', true);
      when insufficient_privilege then
        state := '42501';
        return next;
      when internal_error then
        if sqlerrm is distinct from 'tuple concurrently updated' then
          raise;
        end if;
        state := '55P03';
        return next;
    end;
  end loop;
end
$$;

-- Ends the sessions of these accounts, and says what it saw before it did. Where one of the accounts is absent, also the
-- sessions of dropped roles: such a session does not say whose it was, and works on. `busy`: accounts with a session;
-- `orphans`: sessions of dropped roles; `in_flight`: logins under way, as
-- `pid:transaction`, that cannot be told apart yet. With `suspects`, only those of them that are still under way.
--
-- A login is checked against pg_authid some time before pg_stat_activity shows whose it is (15 to 17 show nothing
-- until then, 18 a row without a name). All of it happens inside one transaction of that backend, and the row appears
-- before this transaction ends. So: first who holds a virtual transaction, then who has a name. A login that passed its
-- check before the cut is in one of the two; the other order would miss one that finishes in between.
create or replace function mayfly.end_sessions(
  accounts text[], suspects text[], end_suspects boolean,
  out busy text[], out orphans integer, out in_flight text[]
)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  holders text[];
  proving text[];
  some_absent boolean := (select count(*) from pg_roles as r where r.rolname in (select n::name from unnest(accounts) as n)) < cardinality(accounts);
begin
  perform mayfly.require_account_names(accounts);
  select coalesce(array_agg(distinct l.pid || ':' || l.virtualtransaction), '{}') into holders
    from pg_locks as l
    where l.locktype = 'virtualxid' and l.pid is not null and l.pid <> pg_backend_pid()
      and (suspects is null or l.pid || ':' || l.virtualtransaction = any (suspects));
  perform pg_stat_clear_snapshot();

  select coalesce(array_agg(distinct a.usename::text) filter (where a.usename is not null), '{}'),
         count(*) filter (where a.usename is null)
    into busy, orphans
    from (
      select s.usename, pg_terminate_backend(s.pid)
      from pg_stat_activity as s
      where s.usename in (select n::name from unnest(accounts) as n)
         or (some_absent and s.usename is null and s.usesysid is not null and s.usesysid <> 0 and s.backend_type = 'client backend')
    ) as a;

  -- 18: a login that waits for its client in the middle of its proof has not been checked yet, and will be refused.
  select coalesce(array_agg(h.holder) filter (where s.wait_event is distinct from 'ClientRead'), '{}'),
         coalesce(array_agg(h.holder) filter (where s.wait_event = 'ClientRead'), '{}')
    into in_flight, proving
    from unnest(holders) as h(holder)
    left join pg_stat_activity as s on s.pid = split_part(h.holder, ':', 1)::integer
    where s.pid is null or (s.usesysid is null and s.backend_type = 'client backend');
  -- But what a login waits for is read later than whose it is: one that came through in between, and waits for its first
  -- statement, looks the same. It no longer holds the transaction of its start.
  in_flight := in_flight || array(
    select p.holder from unnest(proving) as p(holder)
    where not exists (
      select from pg_locks as l
      where l.locktype = 'virtualxid' and l.pid || ':' || l.virtualtransaction = p.holder));

  if end_suspects and suspects is not null then
    perform pg_terminate_backend(split_part(h.holder, ':', 1)::integer) from unnest(in_flight) as h(holder);
  end if;
end
$$;

-- Who is connected with which account, from where and since when; also sessions of dropped roles, which no longer say whose
-- they were. An id is of one session for ever: a process id alone is used again.
create or replace function mayfly.list_sessions()
  returns table (session_id text, account text, address text, since timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select a.pid || ':' || a.usesysid || ':' || extract(epoch from a.backend_start), a.usename::text, host(a.client_addr), a.backend_start
  from pg_stat_activity as a
  where a.backend_type = 'client backend' and a.usesysid is not null and a.usesysid <> 0
    and (a.usename is null or a.usename ~ '^mayfly_[0-9a-f]{32}$')
$$;

-- Ends these sessions and no others; what is not one of Mayfly's accounts is left alone whoever asks.
create or replace function mayfly.cut_sessions(sessions text[]) returns integer
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  select count(pg_terminate_backend(split_part(s.session_id, ':', 1)::integer))::integer
  from mayfly.list_sessions() as s join (select distinct n from unnest(sessions) as n) as wanted on wanted.n = s.session_id
$$;

-- Transactions that these accounts prepared, or that hold one of these accounts though another role owns them.
create or replace function mayfly.list_prepared(accounts text[])
  returns table (account text, gid text, database_name text, owner_name text)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform mayfly.require_account_names(accounts);
  return query
    select r.rolname::text, p.gid, p.database::text, p.owner::text
      from pg_prepared_xacts as p join pg_roles as r on r.rolname = p.owner
      where r.rolname in (select n::name from unnest(accounts) as n)
    union
    -- SET ROLE before PREPARE TRANSACTION makes the group its owner; its lock on the account still tells whose it was.
    select r.rolname::text, p.gid, p.database::text, p.owner::text
      from pg_roles as r
      join pg_locks as l on l.locktype = 'object' and l.classid = 'pg_authid'::regclass and l.objid = r.oid and l.pid is null
      join pg_locks as t on t.locktype = 'transactionid' and t.pid is null and t.virtualtransaction = l.virtualtransaction
      join pg_prepared_xacts as p on p.transaction = t.transactionid
      where r.rolname in (select n::name from unnest(accounts) as n);
end
$$;

-- Makes the caller a member of accounts that can no longer log in, or that hold themselves by a prepared transaction, so
-- that it can become them: to roll back what they prepared, and to drop what they own in other databases (neither can
-- be done from inside a function). It ends when the account is dropped, and opens no group that `issue` would not open.
create or replace function mayfly.adopt(accounts text[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '250ms'
as $$
declare
  account text;
  membership text := case when current_setting('server_version_num')::integer >= 160000
    then ' with inherit true, set true' else '' end;
begin
  perform mayfly.require_account_names(accounts);
  for account in
    select r.rolname from pg_roles as r
    where r.rolname in (select n::name from unnest(accounts) as n)
      and (not r.rolcanlogin or exists (select from mayfly.list_prepared(accounts) as p where p.account = r.rolname))
  loop
    execute format('grant %I to %I', account, session_user) || membership;
  end loop;
end
$$;

-- Takes away every membership of accounts that can no longer log in. For what cannot be removed yet: a function that
-- such an account left behind (SECURITY DEFINER) then runs without rights.
create or replace function mayfly.strip(accounts text[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '250ms'
as $$
declare
  granted record;
begin
  perform mayfly.require_account_names(accounts);
  for granted in
    select g.rolname as group_name, r.rolname as account, b.rolname as grantor
    from pg_roles as r
    join pg_auth_members as m on m.member = r.oid
    join pg_roles as g on g.oid = m.roleid
    left join pg_roles as b on b.oid = m.grantor
    where r.rolname in (select n::name from unnest(accounts) as n) and not r.rolcanlogin
  loop
    execute format('revoke %I from %I', granted.group_name, granted.account)
      || case when granted.grantor is null then '' else format(' granted by %I', granted.grantor) end;
  end loop;
end
$$;

-- Drops, in this database, what accounts that can no longer log in own, and the privileges that they were given.
-- Returns those where something is in the way, and what. Never REASSIGN OWNED: a SECURITY DEFINER function or a view
-- would go on with the rights of its new owner.
create or replace function mayfly.drop_owned(accounts text[]) returns table (account text, state text, reason text)
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '250ms'
as $$
declare
  owner record;
  planted regprocedure;
begin
  perform mayfly.require_account_names(accounts);
  for owner in
    select r.oid, r.rolname::text as rolname from pg_roles as r where r.rolname in (select n::name from unnest(accounts) as n) and not r.rolcanlogin
  loop
    begin
      -- A trigger on someone else's table runs with the rights of whoever writes to that table. Only triggers can hang
      -- on a function that returns `trigger`, so CASCADE takes nothing else.
      for planted in
        select p.oid::regprocedure from pg_shdepend as d join pg_proc as p on p.oid = d.objid
        where d.refclassid = 'pg_authid'::regclass and d.refobjid = owner.oid and d.deptype = 'o'
          and d.classid = 'pg_proc'::regclass and d.dbid = (select db.oid from pg_database as db where db.datname = current_database())
          and p.prorettype = 'trigger'::regtype
      loop
        execute format('drop function %s cascade', planted);
      end loop;
      execute format('drop owned by %I restrict', owner.rolname);
    exception when others then
      get stacked diagnostics state = returned_sqlstate, reason = pg_exception_detail;
      account := owner.rolname;
      return next;
    end;
  end loop;
end
$$;

-- Drops accounts that can no longer log in. Returns those where something is in the way, and what.
create or replace function mayfly.remove(accounts text[]) returns table (account text, state text, reason text)
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '250ms'
as $$
declare
  present text[];
begin
  perform mayfly.require_account_names(accounts);
  -- Somebody made these more than they were made as. What they created with it (a replication slot, a role) does not
  -- say who its creator was, and the account's name is the last trace: a person has to look first.
  state := 'MF005';
  for account in
    select r.rolname::text from pg_roles as r where r.rolname in (select n::name from unnest(accounts) as n)
      and (r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls)
  loop
    return next;
  end loop;
  select coalesce(array_agg(r.rolname::text order by r.rolname), '{}') into present
    from pg_roles as r where r.rolname in (select n::name from unnest(accounts) as n) and not r.rolcanlogin
      and not (r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls);
  if present = '{}' then
    return;
  end if;
  begin
    -- The names have been matched against a closed pattern; they need no quoting.
    execute 'drop role if exists ' || array_to_string(present, ', ');
    return;
  exception when others then
    null; -- one of them is in the way of all: one by one, and each says why
  end;
  perform set_config('lock_timeout', '20ms', true);
  foreach account in array present loop
    begin
      execute format('drop role if exists %I', account);
    exception when others then
      get stacked diagnostics state = returned_sqlstate, reason = pg_exception_detail;
      return next;
    end;
  end loop;
end
$$;
