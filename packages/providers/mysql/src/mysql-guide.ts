import { readFileSync } from 'node:fs'

export interface GuideInput {
  /** The login that Mayfly uses. */
  readonly login: string
  /** The roles that accounts may be given. */
  readonly roles: readonly string[]
  /** Where the procedures are kept; default `mayfly`. Of `[a-z0-9_]`. */
  readonly schema?: string
  /** False only where Mayfly reaches the target over loopback without TLS. Default true. */
  readonly requireTls?: boolean
}

const example: GuideInput = { login: 'mayfly', roles: ['app_readonly'] }

/** Both guides; that of MySQL as a comment, so that what is printed can be run as it is on MariaDB. */
export function mysqlGuide(): string {
  return `${mariadbGuide()}\n${commentedOut(mysql8Guide())}`
}

/**
 * The SQL that gives Mayfly its least rights on MariaDB: to be run by an administrator with the command-line client, which
 * knows `delimiter`. Can be run again at any time, e.g. after an upgrade of Mayfly.
 */
export function mariadbGuide(input: GuideInput = example): string {
  const { schema, login, definer } = namesOf(input)
  const roles = input.roles.map((role) => quoteName(role))
  return `-- Mayfly at a MariaDB target (10.6 and later). Run as an administrator with the client \`mariadb\`.
-- Run it again after an upgrade of Mayfly, or to permit more roles. CHANGE the lines marked so.
-- Where a password rule is installed (cracklib, simple_password_check), \`strict_password_validation\` must be OFF: Mayfly
-- sends hashes of 256 random bits, never a password that could be looked at.

set session sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION';
create database if not exists ${schema} character set utf8mb4;

-- Who the procedures run as. Nobody logs in as it: it is locked, and its password is no password.
create user if not exists ${definer} identified via mysql_native_password using 'invalid' account lock;
alter user ${definer} account lock;
grant create user, process, connection admin on *.* to ${definer};
-- UPDATE: MariaDB asks for it to set the default role of another account.
grant select, update on mysql.* to ${definer};
grant select on performance_schema.* to ${definer};
grant select, execute on ${schema}.* to ${definer};

${proceduresSql('mariadb', schema, definer)}
grant insert, update on ${schema}.judged_role to ${definer};

-- Mayfly's login may call the procedures, and nothing else. CHANGE: its name, and from where it comes.
create user if not exists ${login} identified via mysql_native_password using 'invalid';
alter user ${login} require ${input.requireTls === false ? 'none' : 'ssl'} with max_user_connections 64;
grant execute on ${schema}.* to ${login};
-- Its password: set password for ${login} = password('...');

-- The roles that accounts may be given. A role should hold no GRANT OPTION, nothing of an administrator's on *.*, and
-- nothing in the schemas mysql and ${schema}: one that does is refused. To forbid one again: revoke it from ${definer}.
${roles.map((role) => `create role if not exists ${role};  -- CHANGE: your roles\ngrant ${role} to ${definer} with admin option;`).join('\n')}

-- Recommended, in the server's configuration: performance_schema = ON, performance_schema_instrument = '%=OFF'.
-- Without it the target cannot say whose a session is that works inside a routine of another definer.
`
}

/** The same for MySQL 8, written from its documentation: no server of it has judged this text yet. */
export function mysql8Guide(input: GuideInput = example): string {
  const { schema, login, definer } = namesOf(input)
  const roles = input.roles.map((role) => quoteName(role))
  return `-- Mayfly at a MySQL target (8.0.22 and later). Run as an administrator with the client \`mysql\`.
-- Written from the documentation of MySQL 8; it has not been judged by a server of it. CHANGE the lines marked so.

set session sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION';
create database if not exists ${schema} character set utf8mb4;

-- Who the procedures run as. Nobody logs in as it: it is locked, and its password is random and told to nobody.
create user if not exists ${definer} identified by random password account lock;
alter user ${definer} account lock;
grant create user, process on *.* to ${definer};
grant connection_admin on *.* to ${definer};
grant select on mysql.* to ${definer};
grant select on performance_schema.* to ${definer};
grant select, execute on ${schema}.* to ${definer};

${proceduresSql('mysql', schema, definer)}
-- Mayfly's login may call the procedures, and nothing else. CHANGE: its name, and from where it comes.
create user if not exists ${login} identified by random password;
alter user ${login} require ${input.requireTls === false ? 'none' : 'ssl'} with max_user_connections 64;
grant execute on ${schema}.* to ${login};
-- Its password: alter user ${login} identified by '...';

-- The roles that accounts may be given.
${roles.map((role) => `create role if not exists ${role};  -- CHANGE: your roles\ngrant ${role} to ${definer} with admin option;`).join('\n')}
`
}

function namesOf(input: GuideInput) {
  const schema = input.schema ?? 'mayfly'
  if (!/^[a-z][a-z0-9_]{0,22}$/.test(schema)) throw new TypeError('a schema of `[a-z0-9_]` is wanted')
  return { schema, login: `${quoteName(input.login)}@'%'`, definer: `\`${schema}_definer\`@\`localhost\`` }
}

function proceduresSql(flavour: 'mariadb' | 'mysql', schema: string, definer: string): string {
  return readFileSync(new URL(`../sql/${flavour}.sql`, import.meta.url), 'utf8')
    .replaceAll('{schema}', schema)
    .replaceAll('{definer_user}', `${schema}_definer`)
    .replaceAll('{definer_host}', 'localhost')
    .replaceAll('{definer}', definer)
}

/** Writes a name as an SQL identifier: the backtick is doubled, so no name can end it early. */
function quoteName(name: string): string {
  if (name.includes('\0')) throw new TypeError('an SQL name cannot hold a zero byte')
  return `\`${name.replaceAll('`', '``')}\``
}

function commentedOut(sql: string): string {
  return `${sql.trimEnd().replaceAll(/^/gm, '-- ')}\n`
}
