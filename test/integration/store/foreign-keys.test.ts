/** How foreign keys are checked right after the installation, when nothing has been counted yet (migration 0016). */
import { newId, type TenantId } from '@mayfly/domain'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { openTestStore } from './open-test-store.ts'

interface Key {
  readonly name: string
  readonly table: string
  readonly columns: readonly string[]
}

test('every foreign key finds its row by the primary key, and reads no other row of the tenant', async () => {
  const store = await openTestStore({ poolSize: 2 })
  const tenant = newId<TenantId>()
  await store.addTenant(tenant, 'mine')
  const keys = await store.bySuperuser<Key>(
    `select con.conname as name, con.confrelid::regclass::text as table,
       (select array_agg(a.attname::text order by k.place) from unnest(con.confkey) with ordinality as k (attnum, place)
          join pg_attribute a on a.attrelid = con.confrelid and a.attnum = k.attnum) as columns
     from pg_constraint con where con.contype = 'f' and con.connamespace = 'mayfly'::regnamespace and cardinality(con.confkey) > 1`,
  )
  expect(keys.length).toBeGreaterThan(20)
  const beside: string[] = []
  await store.database.transaction(tenant, async (tx) => {
    for (const { name, table, columns } of keys) {
      const where = columns.map((column, at) => `${column} = $${at + 1}`).join(' and ')
      const bare = table.replace(/^mayfly\./, '')
      const { rows } = await sql<Record<string, string>>`${sql.raw(
        `explain (generic_plan) select 1 from only ${bare} x where ${where} for key share of x`,
      )}`.execute(tx.query)
      const plan = rows.map((row) => row['QUERY PLAN'] ?? '').join('\n')
      if (!plan.includes(`using ${bare}_pkey`) || /^\s*Filter: /m.test(plan)) beside.push(`${name}: ${plan}`)
    }
  })
  await store.close()
  expect(beside).toEqual([])
})
