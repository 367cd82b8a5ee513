/** Migrations on real servers: once, in order, whole, and only onto a history that is ours. */
import { readdirSync } from 'node:fs'
import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MayflyError, newId, type PersonId, type TenantId } from '@mayfly/domain'
import { sql } from 'kysely'
import { inject } from 'vitest'
import { describe, expect, test } from 'vitest'
import { openDatabase } from '../../../packages/server/src/store/database.ts'
import { migrate } from '../../../packages/server/src/store/migrate.ts'
import { clusterUrl, createTargetDatabase, createTestDatabase, makeTempDir, withClient } from '../../support/index.ts'

const released = fileURLToPath(new URL('../../../packages/server/migrations', import.meta.url))
/** What this server knows; later releases begin with 9002, so that a new migration changes nothing here. */
const own = readdirSync(released)
  .filter((name) => name.endsWith('.sql'))
  .sort()
const newest = own.at(-1)?.slice(0, 4)

/** The released migrations and more, as a later release would have them. */
async function release(more: Readonly<Record<string, string>> = {}): Promise<string> {
  const directory = await makeTempDir('migrations')
  await cp(released, directory, { recursive: true })
  for (const [name, text] of Object.entries(more)) await writeFile(join(directory, name), text)
  return directory
}

async function refusalOf(work: Promise<unknown>): Promise<MayflyError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof MayflyError) return error
  throw new Error('it was not refused', { cause: error })
}

async function query<Row extends object>(url: string, statement: string): Promise<Row[]> {
  return withClient(url, async (client) => (await client.query(statement)).rows as Row[])
}

const historyOf = async (url: string): Promise<string[]> =>
  (await query<{ name: string }>(url, 'select name from mayfly.schema_migration order by name')).map(({ name }) => name)

const expand = { '9002_expand.sql': '-- readers: 0001\nalter table person add column nickname text;\n' }

describe.each([15, 18] as const)('PostgreSQL %s as the store', (version) => {
  test('takes the whole schema from a login that owns the database; many servers at once apply it once', async () => {
    await using database = await createTargetDatabase(version)
    const results = await Promise.all(Array.from({ length: 8 }, () => migrate(database.admin.url)))
    expect(results.flatMap(({ applied }) => applied)).toEqual(own)
    expect(new Set(results.map(({ url }) => url))).toEqual(new Set([database.admin.url]))
    expect((await migrate(database.admin.url)).applied).toEqual([])
    await works(database.admin.url)
  })

  test('from a superuser it goes to a role without rights, whom row-level security binds', async () => {
    await using database = await createTargetDatabase(version)
    const results = await Promise.all(Array.from({ length: 4 }, () => migrate(database.superuser.url)))
    expect(results.flatMap(({ applied }) => applied)).toEqual(own)
    const owners = await query<{ owner: string }>(
      database.superuser.url,
      `select distinct tableowner as owner from pg_tables where schemaname = 'mayfly'`,
    )
    expect(owners).toEqual([{ owner: 'mayfly_store' }])
    const url = results[0]?.url ?? ''
    await works(url)

    const unbound = openDatabase({ url: database.superuser.url })
    const refused = await refusalOf(unbound.outsideTenants((tx) => sql`select`.execute(tx)))
    expect(refused.options.publicDetail).toContain('is not bound by row-level security')
    await unbound.close()
    await query(database.superuser.url, 'drop owned by mayfly_store cascade')
  })
})

/** Two tenants, each of which sees its own. */
async function works(url: string): Promise<void> {
  const database = openDatabase({ url, poolSize: 2 })
  try {
    const tenants = [newId<TenantId>(), newId<TenantId>()]
    for (const [index, tenantId] of tenants.entries()) {
      await database.outsideTenants((tx) =>
        tx
          .insertInto('tenant')
          .values({ tenant_id: tenantId, name: `t${index}` })
          .execute(),
      )
      const seen = await database.transaction(tenantId, async (tx) => {
        await tx.query.insertInto('person').values({ person_id: newId<PersonId>(), name: 'Ada' }).execute()
        return tx.query.selectFrom('person').select('tenant_id').execute()
      })
      expect(seen).toEqual([{ tenant_id: tenantId }])
    }
  } finally {
    await database.close()
  }
}

describe('history', () => {
  test('that was changed is refused, with the fix', async () => {
    await using database = await createTestDatabase()
    const changed = await release()
    await writeFile(join(changed, '0001_house.sql'), '-- something else\n')
    const refused = await refusalOf(migrate(database.url, changed))
    expect(refused).toMatchObject({
      code: 'migration_refused',
      options: { publicDetail: 'migration `0001_house.sql` was changed after it was applied' },
    })
    expect(refused.options.hint).toContain('put the change into a new migration')
    expect(await historyOf(database.url), 'nothing was applied').toEqual(own)
  })

  test('with an older migration that this server never had is refused', async () => {
    await using database = await createTestDatabase()
    await query(
      database.url,
      `insert into mayfly.schema_migration (name, checksum, readers) values ('0000_before.sql', 'x', '0000')`,
    )
    const refused = await refusalOf(migrate(database.url))
    expect(refused.options.publicDetail).toContain('has migration `0000_before.sql`, which this server never had')
  })

  test('of a newer release that lets us read is served, and by its neighbour too', async () => {
    await using database = await createTestDatabase()
    expect((await migrate(database.url, await release(expand))).applied).toEqual(['9002_expand.sql'])
    expect((await migrate(database.url)).applied).toEqual([])
    await works(database.url)
  })

  test('of a newer release that has contracted is refused', async () => {
    await using database = await createTestDatabase()
    const contract = { ...expand, '9003_contract.sql': 'alter table person drop column email;\n' }
    await migrate(database.url, await release(contract))
    const refused = await refusalOf(migrate(database.url))
    expect(refused.options).toMatchObject({
      publicDetail: `migration \`9003_contract.sql\` needs a server that knows migration 9003; this one knows ${newest}`,
      hint: 'upgrade this server',
    })
  })
})

test('a server that runs goes on while its neighbour expands: no request fails for a changed table', async () => {
  await using own = await createTestDatabase()
  const database = openDatabase({ url: own.url, poolSize: 4 })
  const tenantId = newId<TenantId>()
  await database.outsideTenants((tx) => tx.insertInto('tenant').values({ tenant_id: tenantId, name: 'one' }).execute())
  const personId = newId<PersonId>()
  const add = (): Promise<unknown> =>
    database.transaction(tenantId, (tx) =>
      tx.query.insertInto('person').values({ person_id: newId<PersonId>(), name: 'Grace' }).returningAll().execute(),
    )
  const read = (): Promise<unknown> =>
    database.snapshot(tenantId, (tx) =>
      tx.query.selectFrom('person').selectAll().where('person_id', '=', personId).execute(),
    )
  const names = (): Promise<unknown> =>
    database.outsideTenants((tx) => tx.selectFrom('tenant').selectAll().where('name', '=', 'one').execute())
  const all = async (): Promise<void> => {
    // Side by side, so that each connection of the pool has seen each statement, and often enough to keep its plan.
    for (let round = 0; round < 10; round++) {
      await Promise.all([add, read, names, add].map((each) => each()))
    }
  }
  await all()
  const more = { ...expand, '9003_more.sql': '-- readers: 0001\nalter table tenant add column motto text;\n' }
  await migrate(own.url, await release(more))
  await expect(all()).resolves.toBeUndefined()
  await database.close()
})

describe('a migration that fails', () => {
  test('is undone as a whole, and those before it stand', async () => {
    await using database = await createTestDatabase()
    const bad = await release({
      ...expand,
      '9003_bad.sql': 'create table half (half_id uuid primary key);\nselect 1 / 0;\n',
    })
    const refused = await refusalOf(migrate(database.url, bad))
    expect(refused.options.publicDetail).toBe('migration `9003_bad.sql` failed and was undone')
    expect(refused.options.log).toBe('division by zero')
    expect(await historyOf(database.url)).toEqual([...own, '9002_expand.sql'])
    expect(await query(database.url, `select to_regclass('mayfly.half') as half`)).toEqual([{ half: null }])
    expect((await migrate(database.url, await release(expand))).applied, 'control: it can be tried again').toEqual([])
  })

  test('because a table is in use says so, and leaves the table to its users', async () => {
    await using database = await createTestDatabase()
    const slow = await release({
      '9002_slow.sql': `set local lock_timeout = '50ms';\nalter table person add column nickname text;\n`,
    })
    await withClient(database.superuserUrl, async (user) => {
      await user.query('begin; select from mayfly.person')
      const refused = await refusalOf(migrate(database.url, slow))
      expect(refused.options.hint).toContain('a table was in use for too long')
    })
    expect((await migrate(database.url, slow)).applied, 'control').toEqual(['9002_slow.sql'])
  })

  test('may not end its own transaction, nor share a number', async () => {
    const url = clusterUrl(inject('storeCluster'), 'not-reached')
    const ends = await refusalOf(migrate(url, await release({ '9002_ends.sql': 'select 1;\ncommit;\nselect 2;' })))
    expect(ends.options.publicDetail).toBe('migration `9002_ends.sql` ends its own transaction')
    const twice = await refusalOf(migrate(url, await release({ '9002_a.sql': '', '9002_b.sql': '' })))
    expect(twice.options.publicDetail).toBe('two migrations have the number 9002')
  })

  test('with the server lost under way leaves nothing, and the process alive', async () => {
    await using database = await createTestDatabase()
    const dying = await release({
      '9002_dying.sql':
        'create table half (half_id uuid primary key);\nselect pg_terminate_backend(pg_backend_pid());\n',
    })
    const refused = await refusalOf(migrate(database.url, dying))
    expect(refused).toMatchObject({
      code: 'database_unavailable',
      options: { publicDetail: 'the database was lost while its schema was brought up to date' },
    })
    expect(await query(database.url, `select to_regclass('mayfly.half') as half`)).toEqual([{ half: null }])
  })
})

describe('a login without the rights', () => {
  test('to make a schema is told what to grant', async () => {
    await using database = await createTargetDatabase(18)
    const user = database.roleName('app')
    await query(database.superuser.url, `create role ${user} login password 'x'`)
    const url = database.url(user, 'x')
    const refused = await refusalOf(migrate(url))
    expect(refused).toMatchObject({
      code: 'migration_refused',
      options: { publicDetail: 'the login of `MAYFLY_DATABASE_URL` may not make a schema' },
    })
    expect(refused.options.hint).toContain('create schema mayfly authorization')

    await query(database.superuser.url, `create schema mayfly authorization ${user}`)
    expect((await migrate(url)).applied, 'a schema that was made for it is enough').toEqual(own)

    const other = database.roleName('other')
    await query(database.superuser.url, `create role ${other} login password 'x'`)
    const foreign = await refusalOf(migrate(database.url(other, 'x')))
    expect(foreign.options.publicDetail).toBe(
      `the schema \`mayfly\` belongs to \`${user}\`, and this login may make nothing in it`,
    )
    const superuser = await refusalOf(migrate(database.superuser.url))
    expect(superuser.options.publicDetail, 'nor are tables taken over by a superuser').toContain(
      `belongs to \`${user}\``,
    )
    await query(database.superuser.url, `drop owned by ${user} cascade; drop role ${user}, ${other}`)
  })
})
