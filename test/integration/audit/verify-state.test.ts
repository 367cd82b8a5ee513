import { type IdentityId, newId, type OwnerId, type PersonId, type PolicyVersionId, type RoleId } from '@mayfly/domain'
import { expect, test } from 'vitest'
import { appendAudit } from '../../../packages/server/src/application/audit/append-audit.ts'
import { statedDeletion, statedRow } from '../../../packages/server/src/application/audit/stated-rows.ts'
import { verifyState } from '../../../packages/server/src/application/audit/verify-state.ts'
import { type AuditFixture, openAuditFixture, someEntry } from './audit-fixture.ts'
import { origin, tenantId } from './tenant-log.ts'

const ids = () => ({ person: newId<PersonId>(), owner: newId<OwnerId>(), identity: newId<IdentityId>() })

/** A person, an owner, an identity and a policy version, each made with its entry, signed. */
async function openStatedFixture(): Promise<AuditFixture & { ids: ReturnType<typeof ids> }> {
  const fixture = await openAuditFixture()
  const made = ids()
  await fixture.database.transaction(tenantId, async (tx) => {
    const person = await tx.query
      .insertInto('person')
      .values({ person_id: made.person, name: 'Ada', roles: ['administrator'] })
      .returningAll()
      .executeTakeFirstOrThrow()
    const owner = await tx.query
      .insertInto('owner')
      .values({ owner_id: made.owner, name: 'payments', contact: '#payments', primary_person_id: made.person })
      .returningAll()
      .executeTakeFirstOrThrow()
    const identity = await tx.query
      .insertInto('identity')
      .values({
        identity_id: made.identity,
        name: 'orders-report',
        kind: 'job',
        owner_id: made.owner,
        purpose: 'writes the nightly report of orders',
        environment: 'development',
        expires_at: new Date(Date.now() + 86_400_000),
        spiffe_id: 'spiffe://mayfly.example/development/job/orders-report',
        attributes: JSON.stringify({ tier: 'b', a: [1, 2] }),
      })
      .returningAll()
      .executeTakeFirstOrThrow()
    const rows = [statedRow('person', person), statedRow('owner', owner), statedRow('identity', identity)]
    await appendAudit(tx, { ...someEntry(), rows })
    const policy = await tx.query
      .insertInto('policy_version')
      .values({
        policy_version_id: newId<PolicyVersionId>(),
        number: 1,
        policy_text: 'permit (principal, action, resource);',
        digest: 'x',
        state: 'active',
        created_by: '{}',
        created_at: new Date(),
      })
      .returningAll()
      .executeTakeFirstOrThrow()
    await appendAudit(tx, {
      ...someEntry(),
      action: 'policy_version.activated',
      rows: [statedRow('policy_version', policy)],
    })
  })
  await fixture.sequence()
  return { ...fixture, ids: made, [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose]() }
}

const verify = (fixture: AuditFixture) =>
  verifyState(fixture.database, { tenantId, origin, verifiers: fixture.log.verifiers, now: new Date() })

test('a state that came about with its entries is explained, also before they are in the log', async () => {
  await using fixture = await openStatedFixture()
  expect(await verify(fixture)).toMatchObject({ rowsChecked: 4, findings: [], log: { findings: [] } })
  await fixture.database.transaction(tenantId, async (tx) => {
    const identity = await tx.query
      .updateTable('identity')
      .set({ state: 'suspended' })
      .returningAll()
      .executeTakeFirstOrThrow()
    await appendAudit(tx, { ...someEntry(), action: 'identity.suspended', rows: [statedRow('identity', identity)] })
  })
  expect((await verify(fixture)).findings).toEqual([])
})

test('a policy row that a superuser inserts is found', async () => {
  await using fixture = await openStatedFixture()
  await fixture.intrude(
    `insert into policy_version (tenant_id, policy_version_id, number, policy_text, digest, created_by, created_at)
     values ('${tenantId}', gen_random_uuid(), 2, 'permit (principal, action, resource);', 'x', '{}', now())`,
  )
  expect((await verify(fixture)).findings).toEqual([
    expect.objectContaining({ kind: 'row_unexplained', table: 'policy_version' }),
  ])
})

test.each([
  ['the text of the active policy', `update policy_version set policy_text = 'permit (principal, action, resource) ;'`],
  ['the state of an identity', `update identity set state = 'suspended'`],
  ['an attribute of an identity', `update identity set attributes = '{"tier": "a", "a": [1, 2]}'`],
  ['the end of an identity', `update identity set expires_at = expires_at + interval '1 year'`],
  ['the roles of a person', `update person set roles = array['administrator', 'approver']`],
  ['the deputy of an owner', `update owner set primary_person_id = gen_random_uuid()`],
])('%s that a superuser edits is found', async (_, statement) => {
  await using fixture = await openStatedFixture()
  await fixture.intrude(statement)
  expect((await verify(fixture)).findings).toEqual([expect.objectContaining({ kind: 'row_changed' })])
})

test('a row that a superuser deletes is found, one that Mayfly deletes is not', async () => {
  await using fixture = await openStatedFixture()
  await fixture.intrude('delete from identity')
  expect((await verify(fixture)).findings).toEqual([
    expect.objectContaining({ kind: 'row_missing', table: 'identity', id: fixture.ids.identity }),
  ])
  await fixture.database.transaction(tenantId, async (tx) => {
    const owner = await tx.query.deleteFrom('owner').returningAll().executeTakeFirstOrThrow()
    await appendAudit(tx, { ...someEntry(), rows: [statedDeletion('owner', owner)] })
  })
  expect((await verify(fixture)).findings.map(({ table }) => table)).toEqual(['identity'])
})

test('a row that is put back to an older state is found by its version', async () => {
  await using fixture = await openStatedFixture()
  const change = (state: 'suspended' | 'active') =>
    fixture.database.transaction(tenantId, async (tx) => {
      const row = await tx.query.updateTable('identity').set({ state }).returningAll().executeTakeFirstOrThrow()
      await appendAudit(tx, { ...someEntry(), rows: [statedRow('identity', row)] })
    })
  await change('suspended')
  await change('active')
  expect((await verify(fixture)).findings, 'control').toEqual([])
  await fixture.intrude(`update identity set version = 1`)
  expect((await verify(fixture)).findings).toEqual([expect.objectContaining({ kind: 'row_changed' })])
})

test('what changes no authority needs no statement', async () => {
  await using fixture = await openStatedFixture()
  await fixture.database.transaction(tenantId, (tx) =>
    tx.query.updateTable('owner').set({ contact: '#payments-new' }).execute(),
  )
  expect((await verify(fixture)).findings).toEqual([])
})

test('a row that lacks a stated column cannot be stated', () => {
  const row = { role_id: newId<RoleId>(), version: 1 } as unknown as Parameters<typeof statedRow<'role'>>[1]
  expect(() => statedRow('role', row)).toThrow(/role lacks resource_id/)
})
