import { readFileSync } from 'node:fs'
import { hostBasedRules } from './host-based-rules.ts'
import { quoteIdentifier } from './quote-identifier.ts'
import { quoteLiteral } from './quote-literal.ts'

export interface GuideInput {
  /** The login that Mayfly uses. */
  readonly login: string
  /** The groups that logins may be put into. */
  readonly groups: readonly string[]
}

const refuseForeignSchema = `-- Somebody else's schema of this name would be a trap: its owner could put functions of their own into it.
do $guide$
begin
  if exists (select from pg_catalog.pg_namespace as n join pg_catalog.pg_roles as r on r.oid = n.nspowner
             where n.nspname = 'mayfly' and r.rolname <> current_user and not r.rolsuper) then
    raise exception 'schema "mayfly" belongs to someone else; drop it first if nobody needs it';
  end if;
end
$guide$;
`

const example: GuideInput = { login: 'mayfly', groups: ['app_readonly'] }

/**
 * The SQL that gives Mayfly its least rights by functions: to be run by a superuser (or the cloud's administrator) in
 * the database that the setting `database` names. Can be run again at any time, e.g. after an upgrade of Mayfly.
 */
export function functionsGuide(input: GuideInput = example): string {
  const login = quoteIdentifier(input.login)
  return `-- Mayfly at a PostgreSQL target, mode \`functions\` (recommended).
-- Run as a superuser, or as the administrator of a managed database, in the database that the setting \`database\` names.
-- Run it again after an upgrade of Mayfly, or to permit more groups. It changes nothing that is right already.
-- CHANGE the two lines marked so.

begin;

${refuseForeignSchema}
do $guide$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = ${quoteLiteral(input.login)}) then  -- CHANGE: Mayfly's login
    execute 'create role ${login.replaceAll("'", "''")} login';
  end if;
end
$guide$;

create schema if not exists mayfly;
revoke all on schema mayfly from public;

${sqlOf('functions')}
-- Whatever the login was before: it gets these functions and this database, no more. Its password: \\password ${input.login}
alter role ${login} login nocreatedb nocreaterole noinherit connection limit 64;
revoke all on all functions in schema mayfly from public;
revoke all on all tables in schema mayfly from public;
grant usage on schema mayfly to ${login};
grant select on mayfly.permitted_group to ${login};
grant execute on function
  mayfly.functions_version(),
  mayfly.issue(text, text, text[], timestamptz, timestamptz, integer),
  mayfly.renew(text, timestamptz),
  mayfly.disable(text[]),
  mayfly.end_sessions(text[], text[], boolean),
  mayfly.list_sessions(),
  mayfly.cut_sessions(text[]),
  mayfly.list_prepared(text[]),
  mayfly.adopt(text[]),
  mayfly.strip(text[]),
  mayfly.drop_owned(text[]),
  mayfly.remove(text[])
to ${login};
do $guide$
begin
  execute pg_catalog.format('grant connect on database %I to ${login.replaceAll("'", "''").replaceAll('%', '%%')}', pg_catalog.current_database());
end
$guide$;

-- The groups that logins may be put into. A group should own nothing and have no CREATE: what its members make in its
-- name would outlive them. To forbid one again: delete it from this table.
insert into mayfly.permitted_group (group_name)
values ${input.groups.map((group) => `(${quoteLiteral(group).trim()})`).join(', ')}  -- CHANGE: your groups
on conflict do nothing;

commit;
`
}

export interface CreateroleGuideInput extends GuideInput {
  /** The roles that make logins on PostgreSQL 16 and later: one for about 200 live logins. */
  readonly creatorRoles: readonly string[]
}

const createroleExample: CreateroleGuideInput = {
  ...example,
  creatorRoles: Array.from({ length: 10 }, (_, at) => `mayfly_creator_${String(at + 1).padStart(2, '0')}`),
}

/**
 * The SQL that gives Mayfly CREATEROLE, for targets where nobody may install functions. To be run by a superuser or the
 * administrator of a managed database; can be run again at any time.
 */
export function createroleGuide(input: CreateroleGuideInput = createroleExample): string {
  const list = (names: readonly string[]) =>
    `array[${names.map((name) => quoteLiteral(name).trim()).join(', ')}]::text[]`
  return `-- Mayfly at a PostgreSQL target, mode \`createrole\`. Prefer mode \`functions\`: on PostgreSQL 15 CREATEROLE is nearly superuser.
-- Run as a superuser, or as the administrator of a managed database. CHANGE the three lines marked so; the last one must
-- say the same as the setting \`creator_roles\` (it is not used on PostgreSQL 15).
do $guide$
declare
  login text := ${quoteLiteral(input.login).trim()};  -- CHANGE: Mayfly's login. Its password: \\password
  groups text[] := ${list(input.groups)};  -- CHANGE: the groups that logins may be put into
  creators text[] := ${list(input.creatorRoles)};  -- CHANGE: one for about 200 live logins
  name text;
  group_name text;
begin
  if not exists (select from pg_catalog.pg_roles where rolname = login) then
    execute pg_catalog.format('create role %I login', login);
  end if;
  execute pg_catalog.format('grant connect on database %I to %I', pg_catalog.current_database(), login);
  if pg_catalog.current_setting('server_version_num')::integer < 160000 then
    -- 15: may put logins into any group of any role that is no superuser; INHERIT lets it end their sessions.
    execute pg_catalog.format('alter role %I login createrole nocreatedb inherit connection limit 64', login);
    return;
  end if;
  execute pg_catalog.format('alter role %I login nocreaterole nocreatedb noinherit connection limit 64', login);
  foreach name in array creators loop
    if not exists (select from pg_catalog.pg_roles where rolname = name) then
      execute pg_catalog.format('create role %I nologin', name);
    end if;
    execute pg_catalog.format('alter role %I nologin createrole nocreatedb noinherit', name);
    execute pg_catalog.format('grant %I to %I with inherit false, set true', name, login);
    foreach group_name in array groups loop
      execute pg_catalog.format('grant %I to %I with admin true, inherit false, set false', group_name, name);
    end loop;
  end loop;
end
$guide$;
`
}

export interface CertificateGuideInput {
  readonly login: string
  /** As in the setting `client_certificates.group`. */
  readonly group: string
  /** Mode `createrole`: as in the setting `creator_roles`. */
  readonly creatorRoles: readonly string[]
}

/**
 * What a target needs for `client_certificates`: SQL that makes the group by which pg_hba.conf knows these logins, to be run
 * after that for the rights of logins, and as comments the lines for pg_hba.conf. Can be run again at any time.
 */
export function certificateGuide(
  input: CertificateGuideInput = { ...createroleExample, group: 'mayfly_certificate' },
): string {
  const creators = input.creatorRoles.map((name) => quoteLiteral(name).trim()).join(', ')
  const rules = hostBasedRules(input)
  return `-- Client certificates at a PostgreSQL target: only for a resource with \`client_certificates\`.
-- Run as a superuser in the database that the setting \`database\` names, after one of the parts above. CHANGE the lines marked so.
do $guide$
declare
  certified text := ${quoteLiteral(input.group).trim()};  -- CHANGE: as in \`client_certificates.group\`; it owns nothing and holds no rights
  creators text[] := array[${creators}]::text[];  -- CHANGE: as in \`creator_roles\`; not used in mode \`functions\`
  name text;
begin
  if not exists (select from pg_catalog.pg_roles where rolname = certified) then
    execute pg_catalog.format('create role %I nologin', certified);
  end if;
  if pg_catalog.to_regclass('mayfly.permitted_group') is not null then
    insert into mayfly.permitted_group (group_name) values (certified) on conflict do nothing;
  end if;
  if pg_catalog.current_setting('server_version_num')::integer >= 160000 then
    for name in select r.rolname from pg_catalog.pg_roles as r where r.rolname = any (creators) loop
      execute pg_catalog.format('grant %I to %I with admin true, inherit false, set false', certified, name);
    end loop;
  end if;
end
$guide$;
-- The client CA: what \`mayfly resource document RESOURCE client-ca.pem\` prints, in a file that \`ssl_ca_file\` names, with
-- no other CA in it that signs for others. Not with \`ssl_crl_file\`: Mayfly publishes no list, an ended login is gone.
-- pg_hba.conf begins with these lines (CHANGE both names), in this order; then \`select pg_reload_conf()\`:
${rules.map((rule) => `--   ${rule}`).join('\n')}
-- The first is for Mayfly's own login: while it clears up after logins it is a member of their groups.
`
}

export interface RotationGuideInput {
  readonly login: string
  /** The accounts whose passwords Mayfly may change. */
  readonly accounts: readonly string[]
}

/**
 * The SQL for static secrets: lets Mayfly change the passwords of these accounts, whatever its rights for logins are. To be
 * run by a superuser in the database that the setting `database` names; can be run again at any time.
 */
export function rotationGuide(input: RotationGuideInput = { login: 'mayfly', accounts: ['app_a', 'app_b'] }): string {
  const login = quoteIdentifier(input.login)
  return `-- Static secrets at a PostgreSQL target: only where Mayfly keeps some (\`mayfly resource guide static\`).
-- Run as a superuser. Accounts that take turns need the same rights. CHANGE the lines marked so.
begin;

${refuseForeignSchema}
create schema if not exists mayfly;
revoke all on schema mayfly from public;

${sqlOf('rotation')}
revoke all on all functions in schema mayfly from public;
revoke all on mayfly.rotatable_account from public;
grant usage on schema mayfly to ${login};  -- CHANGE: Mayfly's login
grant execute on function
  mayfly.rotate_secret(text, text, timestamptz),
  mayfly.end_rotated_sessions(text)
to ${login};  -- CHANGE: the same
insert into mayfly.rotatable_account (account_name)
values ${input.accounts.map((account) => `(${quoteLiteral(account).trim()})`).join(', ')}  -- CHANGE: the accounts
on conflict do nothing;
commit;
`
}

function sqlOf(name: 'functions' | 'rotation'): string {
  return readFileSync(new URL(`../sql/${name}.sql`, import.meta.url), 'utf8')
}
