import { defaultTenantId } from '@mayfly/domain'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { openBatchQueue } from '../../../packages/server/src/store/commit-queue.ts'
import { openDatabase } from '../../../packages/server/src/store/database.ts'
import { ensureTenant } from '../../../packages/server/src/store/tenant-rows.ts'
import { createTestDatabase, until, withClient } from '../../support/index.ts'

async function openQueue() {
  const store = await createTestDatabase()
  const database = openDatabase({ url: store.url, poolSize: 2 })
  await database.outsideTenants((query) =>
    ensureTenant(query, { tenant_id: defaultTenantId, name: 'default', created_at: new Date() }),
  )
  const batches: number[] = []
  const queue = openBatchQueue<{ id: string; kind: string }, string>({
    database,
    async run(client, items) {
      batches.push(items.length)
      await client.query({
        name: 'test_findings',
        text: `insert into finding (finding_id, kind, subject, severity, detail, opened_at)
               select id, kind, id::text, 'low', 'a test', now() from unnest($1::uuid[], $2::text[]) as r(id, kind)`,
        values: [items.map((item) => item.id), items.map((item) => item.kind)],
      })
      return items.map((item) => item.id)
    },
  })
  const count = () =>
    database.transaction(
      defaultTenantId,
      async (tx) => (await tx.query.selectFrom('finding').select('finding_id').execute()).length,
    )
  return {
    store,
    database,
    queue,
    batches,
    count,
    async [Symbol.asyncDispose]() {
      await database.close()
      await store.drop()
    },
  }
}

const row = (kind: string) => ({ id: crypto.randomUUID() as string, kind })

test('one row that the database refuses fails alone, and the others are durable', async () => {
  await using at = await openQueue()
  const rows = Array.from({ length: 21 }, (_, index) => row(index === 13 ? 'NOT A KIND' : 'test_finding'))
  const settled = await Promise.allSettled(rows.map((one) => at.queue.submit(defaultTenantId, one)))
  expect(settled.map((one) => one.status)).toEqual(rows.map((_, index) => (index === 13 ? 'rejected' : 'fulfilled')))
  expect(at.batches[0], 'control: they shared a statement').toBe(21)
  expect(await at.count()).toBe(20)
})

test('a connection lost under way fails those under way as unknown, and the next go on', async () => {
  await using at = await openQueue()
  // A lock holds the statement at the database until its connection is cut.
  await withClient(at.store.superuserUrl, async (holder) => {
    await holder.query('begin; lock table mayfly.finding in access exclusive mode')
    const lost = at.queue.submit(defaultTenantId, row('test_finding')).catch((error: unknown) => error)
    await until(
      async () => {
        const { rows } = await holder.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
        )
        return rows.length > 0
      },
      { describe: 'the statement waits for the lock' },
    )
    await holder.query('rollback')
    expect(await lost).toMatchObject({
      code: 'database_unavailable',
      options: { publicDetail: expect.stringContaining('not known') },
    })
  })
  await at.queue.submit(defaultTenantId, row('test_finding'))
  expect(await at.count()).toBe(1)
})

test('a connection that a queue has used shows nothing to whoever does not say whose rows it wants', async () => {
  await using at = await openQueue()
  await Promise.all(Array.from({ length: 5 }, () => at.queue.submit(defaultTenantId, row('test_finding'))))
  for (let count = 0; count < 3; count += 1) {
    await expect(at.database.outsideTenants((query) => sql`select * from finding`.execute(query))).rejects.toThrow(
      'invalid input syntax for type uuid',
    )
  }
  expect(await at.count(), 'control').toBe(5)
})
