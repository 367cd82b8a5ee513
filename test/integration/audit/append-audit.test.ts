import { encodeBase64, leafHash, newId, parseLogEntry, type PersonId } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { appendAudit, appendAudits } from '../../../packages/server/src/application/audit/append-audit.ts'
import { sha256 } from '../../../packages/server/src/application/audit/sha256.ts'
import { openAuditFixture, someEntry } from './audit-fixture.ts'
import { tenantId } from './tenant-log.ts'

async function counts({ database }: Awaited<ReturnType<typeof openAuditFixture>>) {
  return database.transaction(tenantId, async (tx) => {
    const { rows } = await sql<{ people: number; entries: number }>`
      select (select count(*) from person) as people, (select count(*) from entry) as entries`.execute(tx.query)
    return rows[0]
  })
}

const person = () => ({ person_id: newId<PersonId>(), name: 'Ada' })

test('an entry commits with its change or not at all', async () => {
  await using fixture = await openAuditFixture()
  await fixture.database.transaction(tenantId, async (tx) => {
    await tx.query.insertInto('person').values(person()).execute()
    await appendAudit(tx, someEntry())
  })
  expect(await counts(fixture)).toEqual({ people: 1, entries: 1 })

  const failing = fixture.database.transaction(tenantId, async (tx) => {
    await tx.query.insertInto('person').values(person()).execute()
    await appendAudit(tx, someEntry())
    throw new Error('the change fails after its entry')
  })
  await expect(failing).rejects.toThrow('the change fails')
  expect(await counts(fixture)).toEqual({ people: 1, entries: 1 })
})

test.each([
  ['an entry that is too large', { text: 'x'.repeat(66_000) }],
  ['a secret in an entry', { password: new Secret('hunter2') as unknown as string }],
])('%s takes its change down with it', async (_, body) => {
  await using fixture = await openAuditFixture()
  const refused = fixture.database.transaction(tenantId, async (tx) => {
    await tx.query.insertInto('person').values(person()).execute()
    await appendAudit(tx, someEntry(body))
  })
  await expect(refused).rejects.toThrow(/internal/)
  await expect(refused).rejects.not.toThrow(/hunter2/)
  expect(await counts(fixture)).toEqual({ people: 0, entries: 0 })
})

test('the receipt names the leaf that the entry becomes', async () => {
  await using fixture = await openAuditFixture()
  const receipts = await fixture.database.transaction(tenantId, (tx) =>
    appendAudits(tx, [someEntry({ n: 1 }), someEntry({ n: 2 })]),
  )
  const stored = await fixture.database.transaction(tenantId, (tx) =>
    tx.query.selectFrom('entry').selectAll().orderBy('entry_id').execute(),
  )
  expect(stored).toHaveLength(2)
  for (const [at, row] of stored.entries()) {
    const entry = parseLogEntry(row.data)
    expect(entry).toMatchObject({ id: receipts[at]?.entryId, tenant: tenantId, body: { n: at + 1 } })
    expect(entry.subject['identity_id']).toBe(row.identity_id)
    expect(encodeBase64(leafHash(sha256, row.data))).toBe(encodeBase64(receipts[at]?.leafHash ?? new Uint8Array()))
  }
})

test('no entry can be changed or removed, nor get another place, through the login of the server', async () => {
  await using fixture = await openAuditFixture()
  await fixture.append(1)
  await fixture.sequence()
  for (const statement of [
    sql`update entry set data = convert_to('{}', 'UTF8')`,
    sql`update entry set leaf_index = 7`,
    sql`delete from entry`,
  ]) {
    const change = fixture.database.transaction(tenantId, (tx) => statement.execute(tx.query))
    await expect(change).rejects.toThrow(/an entry is never/)
  }
})
