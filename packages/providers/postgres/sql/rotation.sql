-- Mayfly's functions for static secrets at a PostgreSQL target (15 to 18): the passwords of accounts that Mayfly did not make.
--
-- Promise: whoever may call these can change the passwords, and end the sessions, of the accounts in
-- mayfly.rotatable_account, and of no others; never of an administrator, whatever that table says.
-- They stand apart from the other functions: a target without static secrets does not need them.

-- The one list that says whose password may be changed. Mayfly's login cannot write it.
create table if not exists mayfly.rotatable_account (account_name text primary key);

-- Refuses what is not on the list, what is an administrator, and whoever calls or owns these functions.
create or replace function mayfly.require_rotatable(account text) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from mayfly.rotatable_account as a where a.account_name = account) then
    raise exception 'account is not rotatable: %', account using errcode = 'MF006';
  end if;
  if not exists (
    select from pg_roles as r where r.rolname = account and r.rolcanlogin
      and not (r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls)
      and r.rolname not in (session_user, current_user) and r.rolname !~ '^mayfly_[0-9a-f]{32}$'
  ) then
    raise exception 'account does not log in, or is an administrator or Mayfly''s own: %', account using errcode = 'MF006';
  end if;
end
$$;

-- Puts a password in place of the one before. `verifier` is a SCRAM verifier: the password itself never comes here.
create or replace function mayfly.rotate_secret(account text, verifier text, deadline timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform mayfly.require_rotatable(account);
  if verifier is null or length(verifier) > 250 or verifier not like 'SCRAM-SHA-256$%:%$%:%' then
    raise exception 'the verifier is not a SCRAM-SHA-256 verifier' using errcode = 'MF001';
  end if;
  -- Two at once would not wait for each other: the second fails with "tuple concurrently updated".
  perform pg_advisory_xact_lock(hashtext('mayfly rotate'), hashtext(account));
  if deadline is null or clock_timestamp() >= deadline then
    raise exception 'the deadline for this change has passed' using errcode = 'MF002';
  end if;
  execute format('alter role %I password %L', account, verifier);
end
$$;

-- Ends the sessions of one account, in every database. Returns how many it saw.
create or replace function mayfly.end_rotated_sessions(account text) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform mayfly.require_rotatable(account);
  return (select count(pg_terminate_backend(a.pid))::integer from pg_stat_activity as a
          where a.usename = account and a.pid <> pg_backend_pid());
end
$$;
