import type { IdentityId } from '@mayfly/domain'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  resumeIdentity,
  retireIdentity,
  suspendIdentity,
} from '../../../packages/server/src/application/registry/change-identity-state.ts'
import { changeIdentity } from '../../../packages/server/src/application/registry/change-identity.ts'
import { changeOwner } from '../../../packages/server/src/application/registry/change-owner.ts'
import { changePerson } from '../../../packages/server/src/application/registry/change-person.ts'
import { identityHolds } from '../../../packages/server/src/application/registry/identity-holds.ts'
import { registerIdentity } from '../../../packages/server/src/application/registry/register-identity.ts'
import { registerOwner } from '../../../packages/server/src/application/registry/register-owner.ts'
import { registerPerson } from '../../../packages/server/src/application/registry/register-person.ts'
import { runIdentityExpiries } from '../../../packages/server/src/application/registry/run-identity-expiries.ts'
import { getIdentity } from '../../../packages/server/src/store/identity-rows.ts'
import { tenantId } from '../decision/decision-fixture.ts'
import { createRegistryFixture, identityInput, later, refusalOf, type RegistryFixture } from './registry-fixture.ts'

let registry: RegistryFixture
let holder: (name: string) => Promise<IdentityId>

beforeAll(async () => {
  registry = await createRegistryFixture()
  await registry.makeCompany()
  const roleId = await registry.makeRoleNamed('readonly')
  holder = async (name) => {
    const identityId = await registry.makeIdentityNamed(name)
    const attestationId = await registry.attest({ identityId })
    const taskId = await registry.makeTask(identityId, [roleId], { declaredBy: { identityId } })
    await registry.makeCredentials(3, { identityId, roleId, attestationId, taskId })
    return identityId
  }
})
afterAll(() => registry.close())

const holdsNow = (identityId: IdentityId) =>
  registry.inTenant((tx) => identityHolds(tx, identityId, registry.clock.now()))

const revocationOf = (identityId: IdentityId) =>
  registry.inTenant((tx) =>
    tx.query
      .selectFrom('revocation')
      .innerJoin('credential', 'credential.revocation_id', 'revocation.revocation_id')
      .select(['revocation.cause', 'credential.state'])
      .where('credential.identity_id', '=', identityId)
      .execute(),
  )

describe('register', () => {
  test('an identity has owner, purpose, environment, end and a derived SPIFFE ID, and one entry says so', async () => {
    const before = (await registry.entries()).length
    const { row } = await registry.change((by) => registerIdentity(registry.deps, by, identityInput('orders-api')))
    expect(row).toMatchObject({
      owner_name: 'payments',
      spiffe_id: 'spiffe://example.org/staging/service/orders-api',
      expires_at: later,
      state: 'active',
      version: 1,
    })
    const [entry, ...more] = (await registry.entries()).slice(before)
    expect(more).toEqual([])
    expect(entry).toMatchObject({
      action: 'identity.registered',
      stream: 'registry',
      subject: { identity_id: row.identity_id },
      rows: [{ table: 'identity', id: row.identity_id, version: 1 }],
      body: { fields: { environment: { from: null, to: 'staging' }, purpose: 'changed' } },
    })
  })

  test('an unknown and a departed owner are refused by name, and nothing is written', async () => {
    const unknown = registry.change((by) =>
      registerIdentity(registry.deps, by, { ...identityInput('nobodys'), owner: 'no-such-team' }),
    )
    expect(await refusalOf(unknown)).toMatchObject({ code: 'identity_owner_missing', pointers: ['/owner'] })
    await registry.change(async (by) => {
      await registerPerson(by, { name: 'Bob', email: 'bob@example.com', roles: [] })
      await registerOwner(by, { name: 'leavers', contact: '#leavers', primary: 'bob@example.com' })
      await changePerson(by, 'bob@example.com', { state: 'left' })
    })
    const departed = registry.change((by) =>
      registerIdentity(registry.deps, by, { ...identityInput('nobodys'), owner: 'leavers' }),
    )
    expect(await refusalOf(departed)).toMatchObject({ code: 'identity_owner_missing', pointers: ['/owner'] })
    expect(await refusalOf(registry.inTenant((tx) => getIdentity(tx, 'nobodys')))).toMatchObject({
      code: 'resource_not_found',
    })
  })

  test('every fault is told at once', async () => {
    const refusal = await refusalOf(
      registry.change((by) =>
        registerIdentity(registry.deps, by, {
          ...identityInput('Not A Name'),
          purpose: 'test test test',
          expiresAt: new Date('2020-01-01T00:00:00Z'),
          attributes: { 'Bad Key': 'x' },
        }),
      ),
    )
    expect(refusal.code).toBe('request_invalid')
    expect(refusal.pointers).toEqual(['/name', '/purpose', '/expires_at', '/attributes/Bad Key'])
  })

  test('an end further away than allowed is refused, one just within is taken', async () => {
    const { maxIdentityLifetimeSeconds: most } = registry.deps
    const at = (seconds: number) => new Date(registry.clock.now().getTime() + seconds * 1000)
    const far = registry.change((by) =>
      registerIdentity(registry.deps, by, { ...identityInput('far'), expiresAt: at(most + 1) }),
    )
    expect(await refusalOf(far)).toMatchObject({ code: 'request_invalid', pointers: ['/expires_at'] })
    await registry.change((by) => registerIdentity(registry.deps, by, { ...identityInput('far'), expiresAt: at(most) }))
  })

  test('a name is given once, also where two ask at the same moment', async () => {
    const ask = () => registry.change((by) => registerIdentity(registry.deps, by, identityInput('twice')))
    const answers = await Promise.allSettled([ask(), ask()])
    expect(answers.map((answer) => answer.status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(await refusalOf(ask())).toMatchObject({ code: 'name_taken', pointers: ['/name'] })
  })

  test.each([
    "x'; drop table mayfly.identity; --",
    '../../etc',
    'a/b',
    '*',
    'ünïcode',
    '0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f',
  ])('the hostile name %j is refused', async (name) => {
    const refusal = await refusalOf(
      registry.change((by) => registerIdentity(registry.deps, by, { ...identityInput('x'), name })),
    )
    expect(refusal).toMatchObject({ code: 'request_invalid', pointers: ['/name'] })
  })
})

describe('change', () => {
  test('a change for another version than the present one is refused', async () => {
    await registry.makeIdentityNamed('versioned')
    const purpose = 'reads open orders for the weekly report'
    const { row } = await registry.change((by) =>
      changeIdentity(registry.deps, by, 'versioned', { purpose, version: 1 }),
    )
    expect(row.version).toBe(2)
    const stale = registry.change((by) =>
      changeIdentity(registry.deps, by, 'versioned', { purpose: 'something else for the report', version: 1 }),
    )
    expect(await refusalOf(stale)).toMatchObject({ code: 'version_conflict', pointers: ['/version'] })
  })

  test('what changes nothing leaves no entry and no version', async () => {
    await registry.makeIdentityNamed('steady')
    const before = (await registry.entries()).length
    const { receipt, row } = await registry.change((by) =>
      changeIdentity(registry.deps, by, 'steady', { purpose: identityInput('steady').purpose, expiresAt: later }),
    )
    expect(receipt).toBeNull()
    expect(row.version).toBe(1)
    expect(await registry.entries()).toHaveLength(before)
  })

  test('an attribute that changes has what is live decided again', async () => {
    const identityId = await registry.makeIdentityNamed('redecided')
    await registry.change((by) => changeIdentity(registry.deps, by, 'redecided', { attributes: { tier: 'gold' } }))
    const rows = await registry.inTenant((tx) =>
      tx.query.selectFrom('redecision').selectAll().where('selector_id', '=', identityId).execute(),
    )
    expect(rows).toMatchObject([{ selector_kind: 'identity' }])
  })
})

describe('ends at once', () => {
  test('suspended: what it holds is ending before the commit is answered; resumed: it does not come back', async () => {
    const identityId = await holder('suspendee')
    expect(await holdsNow(identityId)).toMatchObject({ usable: true, credential_count: 3, ending_count: 0 })
    await registry.change((by) => suspendIdentity(by, 'suspendee', { reason: 'seen where it should not be' }))
    expect(await holdsNow(identityId)).toMatchObject({
      usable: false,
      why_not: ['suspended'],
      credential_count: 0,
      ending_count: 3,
      tasks: [],
      attestations: [],
    })
    expect(await revocationOf(identityId)).toEqual(
      Array.from({ length: 3 }, () => ({ cause: 'identity_suspended', state: 'revoking' })),
    )
    await registry.change((by) => resumeIdentity(by, 'suspendee', {}))
    expect(await holdsNow(identityId)).toMatchObject({ usable: true, credential_count: 0, ending_count: 3 })
  })

  test('retired: for good', async () => {
    const identityId = await holder('retiree')
    await registry.change((by) => retireIdentity(by, 'retiree', {}))
    expect((await revocationOf(identityId)).map((row) => row.cause)).toContain('identity_retired')
    const back = registry.change((by) => resumeIdentity(by, 'retiree', {}))
    expect(await refusalOf(back)).toMatchObject({ code: 'state_not_allowed' })
    const changed = registry.change((by) => changeIdentity(registry.deps, by, 'retiree', { attributes: { a: 'b' } }))
    expect(await refusalOf(changed)).toMatchObject({ code: 'state_not_allowed' })
    const again = await registry.change((by) => retireIdentity(by, 'retiree', {}))
    expect(again.receipt).toBeNull()
  })

  test('ownerless: when the deputy leaves after the primary, and not before', async () => {
    await registry.change(async (by) => {
      await registerPerson(by, { name: 'Pat', email: 'pat@example.com', roles: [] })
      await registerPerson(by, { name: 'Dee', email: 'dee@example.com', roles: [] })
      const people = { primary: 'pat@example.com', deputy: 'dee@example.com' }
      await registerOwner(by, { name: 'duo', contact: '#duo', ...people })
    })
    const identityId = await holder('duos')
    await registry.change((by) => changeIdentity(registry.deps, by, 'duos', { owner: 'duo' }))
    await registry.change((by) => changePerson(by, 'pat@example.com', { state: 'left' }))
    expect(await holdsNow(identityId), 'control: the deputy answers').toMatchObject({
      usable: true,
      credential_count: 3,
    })

    await registry.change((by) => changePerson(by, 'dee@example.com', { state: 'left' }))
    expect(await holdsNow(identityId)).toMatchObject({ usable: false, why_not: ['ownerless'], credential_count: 0 })
    expect((await revocationOf(identityId)).map((row) => row.cause)).toContain('owner_departed')
    const left = (await registry.entries()).findLast((entry) => entry.action === 'person.left')
    expect(left?.rows.map((row) => row.table)).toEqual(['person', 'owner'])

    await registry.change((by) => changeOwner(by, 'duo', { primary: 'ada@example.com', deputy: null }))
    expect(await holdsNow(identityId)).toMatchObject({ usable: true, credential_count: 0 })
  })

  test('expired: carried out once, by whichever server comes first, and again after it was moved on', async () => {
    const identityId = await holder('ephemeral')
    const end = new Date(registry.clock.now().getTime() + 120_000)
    await registry.change((by) => changeIdentity(registry.deps, by, 'ephemeral', { expiresAt: end }))
    const run = () => runIdentityExpiries(registry.deps, tenantId, new AbortController().signal)
    await run()
    expect(await holdsNow(identityId), 'control: not yet').toMatchObject({ credential_count: 3 })
    registry.clock.moveTo(end)
    expect(await holdsNow(identityId), 'before any worker ran').toMatchObject({ usable: false, why_not: ['expired'] })
    await Promise.all([run(), run()])
    await run()
    expect((await revocationOf(identityId)).map((row) => row.cause)).toEqual([
      'identity_expired',
      'identity_expired',
      'identity_expired',
    ])
    const told = (await registry.entries()).filter(
      (entry) => entry.action === 'identity.expired' && entry.subject['identity_id'] === identityId,
    )
    expect(told).toHaveLength(1)

    const newEnd = new Date(end.getTime() + 3_600_000)
    await registry.change((by) => changeIdentity(registry.deps, by, 'ephemeral', { expiresAt: newEnd }))
    expect(await holdsNow(identityId)).toMatchObject({ usable: true })
    registry.clock.moveTo(newEnd)
    await run()
    const again = (await registry.entries()).filter(
      (entry) => entry.action === 'identity.expired' && entry.subject['identity_id'] === identityId,
    )
    expect(again).toHaveLength(2)
  })
})

describe('people', () => {
  test('the last administrator can neither leave nor give up the role', async () => {
    const leave = registry.change((by) => changePerson(by, 'ada@example.com', { state: 'left' }))
    expect(await refusalOf(leave)).toMatchObject({ code: 'policy_locks_out_administrators' })
    const giveUp = registry.change((by) => changePerson(by, 'ada@example.com', { roles: ['auditor'] }))
    expect(await refusalOf(giveUp)).toMatchObject({ code: 'policy_locks_out_administrators' })
  })

  test('two administrators who leave at once do not both succeed', async () => {
    await registry.change((by) => changePerson(by, 'grace@example.com', { roles: ['administrator'] }))
    const leave = (email: string) => registry.change((by) => changePerson(by, email, { roles: [] }))
    const answers = await Promise.allSettled([leave('ada@example.com'), leave('grace@example.com')])
    expect(answers.map((answer) => answer.status).toSorted()).toEqual(['fulfilled', 'rejected'])
  })
})
