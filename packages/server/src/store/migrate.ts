/**
 * Brings the schema up to date.
 *
 * Promise: plain SQL files, forward only, each once and in one transaction with its checksum, under an advisory lock, so
 * that several servers may start at once. Changed history is refused.
 * A file's first line may say `-- readers: NNNN`: the oldest server (by its last migration) that may still serve after
 * it. Without it, only servers that know the migration may: expand first, contract one release later.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { MayflyError } from '@mayfly/domain'
import pg from 'pg'
import { connectionOptions, storeRole } from './connection-options.ts'

export interface Migration {
  readonly name: string
  readonly checksum: string
  readonly statements: string
  readonly readers: string
}

export interface MigrateResult {
  readonly applied: readonly string[]
  /** The URL for `openDatabase`: the given one, or one that takes on the store's role (see `storeRole`). */
  readonly url: string
}

const ownMigrations = fileURLToPath(new URL('../../migrations', import.meta.url))
const lockKey = 0x6d617966

/**
 * @throws MayflyError `migration_refused` for changed history, a schema too new for this server, or a server older than 15
 * @throws MayflyError `database_unavailable`
 */
export async function migrate(url: string, directory: string = ownMigrations): Promise<MigrateResult> {
  const migrations = await readMigrations(directory)
  const client = new pg.Client({ ...connectionOptions(url, 0), connectionTimeoutMillis: 10_000 })
  try {
    await client.connect()
  } catch (cause) {
    throw new MayflyError('database_unavailable', {
      log: cause instanceof Error ? cause.message : String(cause),
      publicDetail: 'the database at `MAYFLY_DATABASE_URL` cannot be reached',
      hint: 'check host, port, user and password, and that the server runs',
      cause,
    })
  }
  try {
    await client.query('select pg_advisory_lock($1)', [lockKey])
    const runUrl = await prepareStore(client, url)
    const applied: string[] = []
    const known = await readHistory(client)
    refuseUnusableHistory(migrations, known)
    for (const migration of migrations) {
      if (known.some((row) => row.name === migration.name)) continue
      await apply(client, migration)
      applied.push(migration.name)
    }
    return { applied, url: runUrl }
  } finally {
    // Ends the session, and with it the advisory lock.
    await client.end()
  }
}

async function prepareStore(client: pg.Client, url: string): Promise<string> {
  const { rows } = await client.query<{ version: number; privileged: boolean; database: string }>(
    `select current_setting('server_version_num')::int as version, rolsuper or rolbypassrls as privileged,
            current_database() as database from pg_roles where rolname = current_user`,
  )
  const row = rows[0]
  if (row === undefined || row.version < 150_000) {
    throw new MayflyError('migration_refused', {
      publicDetail: `the database server is version ${Math.floor((row?.version ?? 0) / 10_000)}, 15 or newer is needed`,
    })
  }
  if (!row.privileged) {
    await client.query('create schema if not exists mayfly')
    return url
  }
  // Row-level security does not bind a superuser: the tables get an owner without special rights, and work as it.
  await client.query(`do $$ begin
    create role ${storeRole} nologin;
  exception when duplicate_object or unique_violation then null; end $$`)
  await client.query(`create schema if not exists mayfly authorization ${storeRole}`)
  await client.query(`set role ${storeRole}`)
  const withRole = new URL(url)
  withRole.searchParams.set('mayfly_role', storeRole)
  return withRole.href
}

interface HistoryRow {
  readonly name: string
  readonly checksum: string
  readonly readers: string
}

async function readHistory(client: pg.Client): Promise<readonly HistoryRow[]> {
  await client.query(`create table if not exists mayfly.schema_migration (
    name text primary key, checksum text not null, readers text not null, applied_at timestamptz not null default now())`)
  return (await client.query<HistoryRow>('select name, checksum, readers from mayfly.schema_migration order by name'))
    .rows
}

function refuseUnusableHistory(migrations: readonly Migration[], known: readonly HistoryRow[]): void {
  const newest = migrations.at(-1)?.name ?? ''
  for (const row of known) {
    const own = migrations.find((migration) => migration.name === row.name)
    if (own !== undefined && own.checksum !== row.checksum) {
      throw new MayflyError('migration_refused', {
        publicDetail: `migration \`${row.name}\` was changed after it was applied`,
        hint: 'restore the file as it was released, and put the change into a new migration',
      })
    }
    if (own === undefined && row.name < newest) {
      throw new MayflyError('migration_refused', {
        publicDetail: `the database has migration \`${row.name}\`, which this server never had`,
        hint: 'run the release that applied it, or restore the database from before',
      })
    }
    if (own === undefined && newest.slice(0, 4) < row.readers) {
      throw new MayflyError('migration_refused', {
        publicDetail: `migration \`${row.name}\` needs a server that knows migration ${row.readers}`,
        hint: 'upgrade this server',
      })
    }
  }
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  await client.query('begin')
  try {
    await client.query('set local search_path = mayfly, pg_catalog')
    await client.query(migration.statements)
    await client.query('insert into mayfly.schema_migration (name, checksum, readers) values ($1, $2, $3)', [
      migration.name,
      migration.checksum,
      migration.readers,
    ])
    await client.query('commit')
  } catch (cause) {
    await client.query('rollback')
    throw new MayflyError('migration_refused', {
      publicDetail: `migration \`${migration.name}\` failed and was undone`,
      log: cause instanceof Error ? cause.message : String(cause),
      cause,
    })
  }
}

export async function readMigrations(directory: string): Promise<readonly Migration[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name)).toSorted()
  return Promise.all(
    names.map(async (name) => {
      const statements = await readFile(`${directory}/${name}`, 'utf8')
      const checksum = createHash('sha256').update(statements).digest('hex')
      const readers = /^-- readers: (\d{4})$/m.exec(statements)?.[1] ?? name.slice(0, 4)
      return { name, checksum, statements, readers }
    }),
  )
}
