/**
 * Brings the schema up to date.
 *
 * Promise: plain SQL files, forward only, each once and in one transaction with its checksum, under an advisory lock, so
 * that several servers may start at once. Changed history is refused.
 * A line of a file may say `-- readers: NNNN`: the oldest server (by its last migration) that may still serve after
 * it. Without it, only servers that know the migration may: expand first, contract one release later.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { MayflyError } from '@mayfly/domain'
import pg from 'pg'
import { asStoreRole, connectionOptions, storeRole } from './connection-options.ts'
import { explainConnectFailure } from './explain-connect-failure.ts'
import { sqlStateOf } from './database.ts'
import { type AppliedMigration, judgeHistory } from './judge-history.ts'

export interface Migration extends AppliedMigration {
  readonly statements: string
}

export interface MigrateResult {
  readonly applied: readonly string[]
  /** The URL for `openDatabase`: the given one, or one that takes on the store's role (see `storeRole`). */
  readonly url: string
}

const ownMigrations = fileURLToPath(new URL('../../migrations', import.meta.url))
const lockKey = 0x6d617966
/** How long another server may take to migrate before this one gives up. */
const turnTimeoutMs = 600_000
/** How long a migration may wait for a table: all who come after it wait too, and neighbours serve meanwhile. */
const tableTimeoutMs = 10_000

/**
 * @throws MayflyError `migration_refused` for changed history, a schema too new for this server, a server older than 15,
 *   or a login without the rights
 * @throws MayflyError `database_unavailable`, `configuration_invalid`
 */
export async function migrate(url: string, directory: string = ownMigrations): Promise<MigrateResult> {
  const migrations = await readMigrations(directory)
  const client = new pg.Client({ ...connectionOptions(url, 0), connectionTimeoutMillis: 10_000 })
  // The failing statement tells it too; unheard, the event would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
  } catch (cause) {
    throw new MayflyError('database_unavailable', explainConnectFailure(cause))
  }
  try {
    return await bringUpToDate(client, url, migrations)
  } catch (cause) {
    throw cause instanceof MayflyError ? cause : explainFailure(cause)
  } finally {
    // Ends the session, and with it the advisory lock.
    await client.end()
  }
}

async function bringUpToDate(client: pg.Client, url: string, migrations: readonly Migration[]): Promise<MigrateResult> {
  // A login or database may have limits of its own; this work takes as long as it takes.
  await client.query(`set statement_timeout = 0; set lock_timeout = ${turnTimeoutMs}`)
  await client.query('select pg_advisory_lock($1)', [lockKey])
  await client.query(`set lock_timeout = ${tableTimeoutMs}`)
  const runUrl = await prepareStore(client, url)
  const applied: string[] = []
  for (const migration of judgeHistory(migrations, await readHistory(client))) {
    await apply(client, migration)
    applied.push(migration.name)
  }
  return { applied, url: runUrl }
}

interface Login {
  readonly version: number
  readonly privileged: boolean
  /** Who owns the schema `mayfly`, where it is there. */
  readonly schema_owner: string | null
  /** Whether the login may make tables there. */
  readonly may_create: boolean | null
}

const loginQuery = `select current_setting('server_version_num')::int as version,
    rolsuper or rolbypassrls as privileged,
    (select nspowner::regrole::text from pg_namespace where nspname = 'mayfly') as schema_owner,
    (select has_schema_privilege(oid, 'create, usage') from pg_namespace where nspname = 'mayfly') as may_create
  from pg_roles where rolname = current_user`

async function prepareStore(client: pg.Client, url: string): Promise<string> {
  const login = await readLogin(client)
  refuseOldServer(login.version)
  if (!login.privileged) {
    // Asked first: `if not exists` needs the right to make schemas even where there is nothing to make.
    if (login.schema_owner === null) await client.query('create schema mayfly')
    else if (login.may_create !== true) throw foreignSchema(login.schema_owner)
    return url
  }
  // Row-level security does not bind a superuser: the tables get an owner without special rights, and work as it.
  await client.query(`do $$ begin
    create role ${storeRole} nologin;
  exception when duplicate_object or unique_violation then null; end $$`)
  await client.query(`create schema if not exists mayfly authorization ${storeRole}`)
  await client.query(`set role ${storeRole}`)
  const bound = await readLogin(client)
  if (bound.privileged) {
    throw new MayflyError('migration_refused', {
      publicDetail: `the role \`${storeRole}\` has special rights, so row-level security would not bind it`,
      hint: `take them away: \`alter role ${storeRole} nosuperuser nobypassrls\``,
    })
  }
  if (bound.may_create !== true) throw foreignSchema(bound.schema_owner ?? 'nobody')
  return asStoreRole(url)
}

async function readLogin(client: pg.Client): Promise<Login> {
  const [row] = (await client.query<Login>(loginQuery)).rows
  if (row === undefined) throw new MayflyError('internal', { log: 'the login is not among the roles' })
  return row
}

/** @throws MayflyError `migration_refused` */
export function refuseOldServer(versionNumber: number): void {
  if (versionNumber >= 150_000) return
  throw new MayflyError('migration_refused', {
    publicDetail: `the database server is version ${Math.floor(versionNumber / 10_000)}, 15 or newer is needed`,
    hint: 'upgrade the server, or leave `MAYFLY_DATABASE_URL` out to use the embedded one',
  })
}

function foreignSchema(owner: string): MayflyError {
  return new MayflyError('migration_refused', {
    publicDetail: `the schema \`mayfly\` belongs to \`${owner}\`, and this login may make nothing in it`,
    hint: `use the login of \`${owner}\`, or another database`,
  })
}

async function readHistory(client: pg.Client): Promise<readonly AppliedMigration[]> {
  await client.query(`create table if not exists mayfly.schema_migration (
    name text primary key, checksum text not null, readers text not null, applied_at timestamptz not null default now())`)
  return (
    await client.query<AppliedMigration>('select name, checksum, readers from mayfly.schema_migration order by name')
  ).rows
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  try {
    await client.query('begin')
    await client.query('set local search_path = mayfly, pg_catalog')
    await client.query(migration.statements)
    await client.query('insert into mayfly.schema_migration (name, checksum, readers) values ($1, $2, $3)', [
      migration.name,
      migration.checksum,
      migration.readers,
    ])
    await client.query('commit')
  } catch (cause) {
    // Not rolled back here: the session ends now, and the transaction with it.
    if (!isRefusal(cause)) throw cause
    throw new MayflyError('migration_refused', {
      publicDetail: `migration \`${migration.name}\` failed and was undone`,
      hint:
        sqlStateOf(cause) === lockTimeout
          ? 'a table was in use for too long: start again when less is under way'
          : 'the log says which statement the database refused, and why',
      log: messageOf(cause),
      cause,
    })
  }
}

const lockTimeout = '55P03'
const rightMissing = '42501'

/** Whether the server refused a statement, and the connection still stands. */
function isRefusal(error: unknown): boolean {
  const state = sqlStateOf(error)
  return state !== '' && !/^(08|57P)/.test(state)
}

function explainFailure(cause: unknown): MayflyError {
  const log = messageOf(cause)
  if (!isRefusal(cause)) {
    return new MayflyError('database_unavailable', {
      publicDetail: 'the database was lost while its schema was brought up to date',
      hint: 'start again: a migration is applied as a whole or not at all',
      log,
      cause,
    })
  }
  switch (sqlStateOf(cause)) {
    case lockTimeout:
      return new MayflyError('migration_refused', {
        publicDetail: `another server has been changing the schema for more than ${turnTimeoutMs / 60_000} minutes`,
        hint: 'wait until it is done, or end it',
        log,
        cause,
      })
    case rightMissing:
      return new MayflyError('migration_refused', {
        publicDetail: 'the login of `MAYFLY_DATABASE_URL` may not make a schema',
        hint: 'let an administrator run `create schema mayfly authorization USER`, or `grant create on database NAME to USER`',
        log,
        cause,
      })
    default:
      return new MayflyError('migration_refused', { log, cause })
  }
}

/** @throws MayflyError `migration_refused`: a file ends the transaction, or two have one number */
export async function readMigrations(directory: string): Promise<readonly Migration[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name)).toSorted()
  return Promise.all(
    names.map(async (name, position) => {
      const statements = await readFile(`${directory}/${name}`, 'utf8')
      const number = name.slice(0, 4)
      if (names[position - 1]?.startsWith(number) === true) {
        throw new MayflyError('migration_refused', { publicDetail: `two migrations have the number ${number}` })
      }
      // What came before it would stand although the rest failed.
      if (/^\s*(commit|rollback)\s*;/im.test(statements.replaceAll(/\$(\w*)\$.*?\$\1\$/gs, ''))) {
        throw new MayflyError('migration_refused', {
          publicDetail: `migration \`${name}\` ends its own transaction`,
          hint: 'leave that out: each file is one transaction',
        })
      }
      const checksum = createHash('sha256').update(statements).digest('hex')
      const readers = /^-- readers: (\d{4})$/m.exec(statements)?.[1] ?? number
      return { name, checksum, statements, readers }
    }),
  )
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
