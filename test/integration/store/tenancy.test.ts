/** The wall between tenants (decision 0008), as the server's own login meets it. */
import { newId, type TenantId } from '@mayfly/domain'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Tx } from '../../../packages/server/src/store/database.ts'
import { type OpenTestStore, openTestStore } from './open-test-store.ts'

/** Tables that hold what is true of the whole installation; every other table belongs to tenants. */
const ofTheInstallation = ['installation', 'schema_migration']

let store: OpenTestStore
const mine = newId<TenantId>()
const theirs = newId<TenantId>()

beforeAll(async () => {
  store = await openTestStore({ poolSize: 2 })
  await store.addTenant(mine, 'mine')
  await store.addTenant(theirs, 'theirs')
  for (const tenantId of [mine, theirs]) await store.database.transaction(tenantId, (tx) => addOwner(tx))
})
afterAll(() => store.close())

async function addOwner(tx: Tx): Promise<void> {
  await sql`with somebody as (insert into person (person_id, name) values (gen_random_uuid(), 'Ada') returning person_id)
    insert into owner (owner_id, name, contact, primary_person_id) select gen_random_uuid(), 'payments', '#pay', person_id
    from somebody`.execute(tx.query)
}

const inMine = <T>(work: (tx: Tx) => Promise<T>) => store.database.transaction(mine, work)

describe('a walk over the catalogue', () => {
  test('every table but those of the installation has tenant_id, and row-level security that binds its owner', async () => {
    const tables = await store.bySuperuser<{ name: string; walled: boolean; tenant: boolean; filled: boolean }>(
      `select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as walled,
         a.attname is not null and a.attnotnull as tenant,
         coalesce(pg_get_expr(d.adbin, d.adrelid) like '%current_tenant()', c.relname = 'tenant') as filled
       from pg_class c
       left join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
       left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
       where c.relnamespace = 'mayfly'::regnamespace and c.relkind in ('r', 'p') order by 1`,
    )
    expect(tables.length).toBeGreaterThan(20)
    const open = tables.filter((table) => !table.walled || !table.tenant || !table.filled).map(({ name }) => name)
    expect(open).toEqual(ofTheInstallation)
  })

  test('every policy shows and takes rows of the one tenant only', async () => {
    const policies = await store.bySuperuser<{ table: string; using: string; takes: string | null }>(
      `select tablename as table, qual as using, with_check as takes from pg_policies
       where schemaname = 'mayfly' and tablename <> 'tenant'`,
    )
    const forms = new Set(policies.map(({ using, takes }) => `${using} / ${takes}`))
    expect([...forms]).toEqual([expect.stringMatching(/^\(tenant_id = \(current_setting\('mayfly.tenant_id'/)])
    expect([...forms]).toEqual([expect.stringMatching(/ null$/)])
  })

  test('every foreign key between tables of tenants carries tenant_id, and every key has it', async () => {
    const foreign = await store.bySuperuser<{ name: string; carries: boolean }>(
      `select conrelid::regclass || ' ' || conname as name,
         exists (select from pg_attribute a where a.attrelid = conrelid and a.attnum = any(conkey) and attname = 'tenant_id')
         and exists (select from pg_attribute a where a.attrelid = confrelid and a.attnum = any(confkey) and attname = 'tenant_id')
           as carries
       from pg_constraint where contype = 'f' and connamespace = 'mayfly'::regnamespace`,
    )
    expect(foreign.length).toBeGreaterThan(30)
    expect(foreign.filter(({ carries }) => !carries)).toEqual([])
    const unique = await store.bySuperuser<{ name: string }>(
      `select i.indexrelid::regclass::text as name from pg_index i join pg_class c on c.oid = i.indrelid
       where i.indisunique and c.relnamespace = 'mayfly'::regnamespace and c.relname <> all($1)
         and not exists (select from pg_attribute a where a.attrelid = i.indrelid and a.attnum = any(i.indkey) and attname = 'tenant_id')
         and pg_get_indexdef(i.indexrelid) not like '%(identity_id, idempotency_key)%'`,
      [ofTheInstallation],
    )
    // Names of tenants are unique among tenants.
    expect(unique).toEqual([{ name: 'mayfly.tenant_name_key' }])
  })

  test('control: a new table without the wall is found', async () => {
    await store.bySuperuser('create table mayfly.forgotten (forgotten_id uuid primary key)')
    try {
      const [row] = await store.bySuperuser<{ walled: boolean }>(
        `select relrowsecurity as walled from pg_class where relname = 'forgotten'`,
      )
      expect(row?.walled).toBe(false)
    } finally {
      await store.bySuperuser('drop table mayfly.forgotten')
    }
  })
})

describe('rows of another tenant', () => {
  test('are not seen', async () => {
    const rows = await inMine((tx) => tx.query.selectFrom('owner').select('tenant_id').execute())
    expect(rows).toEqual([{ tenant_id: mine }])
    const [all] = await store.bySuperuser<{ count: number }>('select count(*)::int as count from mayfly.owner')
    expect(all?.count, 'control: both are there').toBe(2)
  })

  test('are not updated or deleted', async () => {
    const touched = await inMine(async (tx) => [
      (await sql`update owner set contact = '#mine' where tenant_id = ${theirs}`.execute(tx.query)).numAffectedRows,
      (await sql`delete from owner where tenant_id = ${theirs}`.execute(tx.query)).numAffectedRows,
      (await sql`update owner set contact = '#mine'`.execute(tx.query)).numAffectedRows,
    ])
    expect(touched).toEqual([0n, 0n, 1n])
    const rows = await store.bySuperuser(`select contact from mayfly.owner where tenant_id = '${theirs}'`)
    expect(rows).toEqual([{ contact: '#pay' }])
  })

  test('are not made, nor is a row moved there', async () => {
    const state = { code: '42501' }
    await expect(
      inMine((tx) =>
        sql`insert into person (tenant_id, person_id, name) values (${theirs}, gen_random_uuid(), 'Eve')`.execute(
          tx.query,
        ),
      ),
    ).rejects.toMatchObject(state)
    await expect(inMine((tx) => sql`update owner set tenant_id = ${theirs}`.execute(tx.query))).rejects.toMatchObject(
      state,
    )
  })

  test('are not referenced, although referential checks pass row-level security by', async () => {
    const [person] = await store.bySuperuser<{ person_id: string }>(
      `select person_id from mayfly.person where tenant_id = '${theirs}'`,
    )
    const refer = (id: string | undefined) =>
      inMine((tx) => sql`update owner set primary_person_id = ${id}`.execute(tx.query))
    await expect(refer(person?.person_id)).rejects.toMatchObject({ code: '23503' })
    const [own] = await inMine((tx) => tx.query.selectFrom('person').select('person_id').execute())
    await refer(own?.person_id)
  })

  test('do not stand in the way of a name', async () => {
    const names = await store.bySuperuser('select distinct name from mayfly.owner')
    expect(names).toEqual([{ name: 'payments' }])
  })

  test('are not emptied away: truncate asks no policy, so it is refused', async () => {
    const tables = await store.bySuperuser<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'mayfly' and table_name <> 'schema_migration'`,
    )
    for (const { name } of tables) {
      const truncate = inMine((tx) => sql`truncate ${sql.table(name)} cascade`.execute(tx.query))
      await expect(truncate).rejects.toMatchObject({ code: '23001' })
    }
  })

  test('a tenant sees of the list of tenants its own row, and adds none', async () => {
    const names = await inMine((tx) => tx.query.selectFrom('tenant').select('name').execute())
    expect(names).toEqual([{ name: 'mine' }])
    const added = inMine((tx) => tx.query.insertInto('tenant').values({ tenant_id: mine, name: 'more' }).execute())
    await expect(added).rejects.toMatchObject({ code: '42501' })
    const all = await store.database.outsideTenants((query) => query.selectFrom('tenant').select('name').execute())
    expect(all.map(({ name }) => name).toSorted()).toEqual(['mine', 'theirs'])
  })
})

describe('who has not said whose rows it may see', () => {
  test('is refused in every table of a tenant, empty ones too', async () => {
    const tables = await store.bySuperuser<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'mayfly'::regnamespace and relkind = 'r'
       and relrowsecurity and relname <> 'tenant'`,
    )
    for (const { name } of tables) {
      const outside = store.database.outsideTenants((query) => sql`select * from ${sql.table(name)}`.execute(query))
      await expect(outside, `outside tenants: ${name}`).rejects.toMatchObject({ code: '22P02' })
      const raw = store.bare(`select * from mayfly.${name}`)
      await expect(raw, `a fresh connection: ${name}`).rejects.toMatchObject({ code: '42704' })
    }
  })

  test('cannot write either', async () => {
    const write = store.database.outsideTenants((query) =>
      sql`insert into person (person_id, name) values (gen_random_uuid(), 'Eve')`.execute(query),
    )
    await expect(write).rejects.toMatchObject({ code: '22P02' })
  })
})

describe('a connection of the pool never takes a tenant along', () => {
  /** What the next transaction of nobody sees on each connection. */
  async function settingsLeft(): Promise<unknown[]> {
    const read = store.database.withClient(async (client) => {
      const { rows } = await client.query<{ left: string }>(`select current_setting('mayfly.tenant_id', true) as left`)
      return rows[0]?.left ?? ''
    })
    return [await read]
  }

  test.each<[string, () => Promise<unknown>]>([
    ['a commit', () => inMine((tx) => addPerson(tx))],
    ['a snapshot', () => store.database.snapshot(mine, (tx) => tx.query.selectFrom('owner').selectAll().execute())],
    ['an error of the work', () => inMine(() => Promise.reject(new Error('no')))],
    ['an error of a statement', () => inMine((tx) => sql`select 1 / 0`.execute(tx.query))],
    ['a syntax error', () => inMine((tx) => sql`selec`.execute(tx.query))],
    ['a tenant that is none', () => store.database.transaction('nobody' as TenantId, (tx) => addPerson(tx))],
    ['an error that the work swallowed', () => inMine((tx) => swallow(sql`select 1 / 0`.execute(tx.query)))],
    [
      'a connection that was killed',
      () => inMine((tx) => sql`select pg_terminate_backend(pg_backend_pid())`.execute(tx.query)),
    ],
    [
      'a raw client that failed with the tenant set for its session',
      () =>
        store.database.withClient(async (client) => {
          await client.query(`select set_config('mayfly.tenant_id', '${mine}', false)`)
          throw new Error('no')
        }),
    ],
    [
      'a raw client that left a transaction open',
      () =>
        store.database.withClient(async (client) => {
          await client.query(`begin; select set_config('mayfly.tenant_id', '${mine}', true)`)
        }),
    ],
  ])('after %s', async (_what, work) => {
    await work().catch(() => undefined)
    expect(await settingsLeft()).toEqual([''])
    const seen = store.database.outsideTenants((query) => query.selectFrom('owner').selectAll().execute())
    await expect(seen).rejects.toMatchObject({ code: '22P02' })
  })

  test('a branch that is left behind cannot speak in the next transaction', async () => {
    // One connection, so that the next transaction is on the same.
    await using narrow = await openTestStore({ poolSize: 1, store })
    let release = (): void => undefined
    const gate = new Promise<void>((open) => (release = open))
    const left: Promise<unknown>[] = []
    const failed = narrow.database.transaction(mine, async (tx) => {
      const late = gate.then(() => addPerson(tx))
      left.push(late.catch((error: unknown) => error))
      await Promise.all([late, Promise.reject(new Error('the other branch'))])
    })
    await expect(failed).rejects.toThrow('the other branch')
    const before = await narrow.database.transaction(theirs, (tx) => countPeople(tx))
    const after = await narrow.database.transaction(theirs, async (tx) => {
      release()
      expect(String(await left[0])).toContain('a statement came after the end of its transaction')
      return countPeople(tx)
    })
    expect(after).toBe(before)
  })
})

async function addPerson(tx: Tx): Promise<void> {
  await sql`insert into person (person_id, name) values (gen_random_uuid(), 'Grace')`.execute(tx.query)
}

async function countPeople(tx: Tx): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) as count from person`.execute(tx.query)
  return rows[0]?.count ?? 0
}

async function swallow(statement: Promise<unknown>): Promise<void> {
  await statement.catch(() => undefined)
}
