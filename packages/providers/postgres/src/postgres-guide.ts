import { readFileSync } from 'node:fs'
import { quoteIdentifier } from './quote-identifier.ts'
import { quoteLiteral } from './quote-literal.ts'

export interface GuideInput {
  /** The login that Mayfly uses. */
  readonly login: string
  /** The groups that logins may be put into. */
  readonly groups: readonly string[]
}

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

-- Somebody else's schema of this name would be a trap: its owner could put functions of their own into it.
do $guide$
begin
  if exists (select from pg_catalog.pg_namespace as n join pg_catalog.pg_roles as r on r.oid = n.nspowner
             where n.nspname = 'mayfly' and r.rolname <> current_user and not r.rolsuper) then
    raise exception 'schema "mayfly" belongs to someone else; drop it first if nobody needs it';
  end if;
  if not exists (select from pg_catalog.pg_roles where rolname = ${quoteLiteral(input.login)}) then  -- CHANGE: Mayfly's login
    execute 'create role ${login.replaceAll("'", "''")} login';
  end if;
end
$guide$;

create schema if not exists mayfly;
revoke all on schema mayfly from public;

${functionsSql()}
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

function functionsSql(): string {
  return readFileSync(new URL('../sql/functions.sql', import.meta.url), 'utf8')
}
