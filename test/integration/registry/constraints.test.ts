/** The laws stand in the database too: what the code would refuse, SQL without the code is refused as well. */
import { newId, type TenantId } from '@mayfly/domain'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { registerIdentity } from '../../../packages/server/src/application/registry/register-identity.ts'
import { registerOwner } from '../../../packages/server/src/application/registry/register-owner.ts'
import { registerPerson } from '../../../packages/server/src/application/registry/register-person.ts'
import { findIdentity, listIdentities } from '../../../packages/server/src/store/identity-rows.ts'
import { tenantId } from '../decision/decision-fixture.ts'
import { createRegistryFixture, identityInput, refusalOf, type RegistryFixture } from './registry-fixture.ts'

let registry: RegistryFixture
const otherTenant = newId<TenantId>()

beforeAll(async () => {
  registry = await createRegistryFixture()
  await registry.makeCompany()
  await registry.database.outsideTenants((query) =>
    query.insertInto('tenant').values({ tenant_id: otherTenant, name: 'other' }).execute(),
  )
})
afterAll(() => registry.close())

const good = {
  name: `'by-sql'`,
  kind: `'service'`,
  owner_id: `(select owner_id from owner limit 1)`,
  purpose: `'reads open orders for the report'`,
  environment: `'staging'`,
  expires_at: `now() + interval '1 day'`,
  spiffe_id: `'spiffe://example.org/staging/service/by-sql'`,
}

function insert(over: Partial<Record<keyof typeof good, string>>): string {
  const columns: Record<string, string> = { ...good, ...over }
  const names = Object.keys(columns)
  return `insert into identity (tenant_id, identity_id, ${names.join(', ')})
    values ('${tenantId}', gen_random_uuid(), ${names.map((name) => columns[name] ?? 'null').join(', ')})`
}

describe('law 7: no identity without owner, purpose, environment and end, not even by a superuser', () => {
  test.each([
    ['owner', { owner_id: 'null' }, '23502'],
    ['registered owner', { owner_id: 'gen_random_uuid()' }, '23503'],
    ['purpose', { purpose: 'null' }, '23502'],
    ['purpose with content', { purpose: `'            '` }, '23514'],
    ['purpose of more than one word', { purpose: `'nightlyreporting'` }, '23514'],
    ['environment', { environment: 'null' }, '23502'],
    ['known environment', { environment: `'prod'` }, '23514'],
    ['end', { expires_at: 'null' }, '23502'],
    ['plain name', { name: `'Bad Name'` }, '23514'],
    ['SPIFFE ID', { spiffe_id: `'https://example.org/a'` }, '23514'],
  ])('without %s', async (_what, over, code) => {
    await expect(registry.bySuperuser(insert(over))).rejects.toMatchObject({ code })
  })

  test('control: a whole one is taken', async () => {
    await registry.bySuperuser(insert({}))
    expect(await registry.inTenant((tx) => findIdentity(tx, 'by-sql'))).toMatchObject({ owner_name: 'payments' })
  })

  test('a retired identity does not come back', async () => {
    await registry.makeIdentityNamed('buried')
    await registry.bySuperuser(`update identity set state = 'retired' where name = 'buried'`)
    const dig = registry.bySuperuser(`update identity set state = 'active' where name = 'buried'`)
    await expect(dig).rejects.toMatchObject({ code: '23514' })
  })

  test('an owner is not its own deputy, and a binding has one holder', async () => {
    const own = registry.bySuperuser(
      `insert into owner (tenant_id, owner_id, name, contact, primary_person_id, deputy_person_id)
       select tenant_id, gen_random_uuid(), 'narcissus', '#self', person_id, person_id from person limit 1`,
    )
    await expect(own).rejects.toMatchObject({ code: '23514' })
  })
})

describe('another tenant', () => {
  const inOther = <T>(work: Parameters<typeof registry.changeIn<T>>[1]) => registry.changeIn(otherTenant, work)

  test('its rows are not there, by id, by name or in a list, and its names are free', async () => {
    const mine = await registry.makeIdentityNamed('walled')
    const seen = await inOther(async ({ tx }) => [
      await findIdentity(tx, 'walled'),
      await findIdentity(tx, mine),
      ...(await listIdentities(tx, {}, { limit: 200 })),
    ])
    expect(seen).toEqual([undefined, undefined])
    expect(await registry.inTenant((tx) => findIdentity(tx, mine)), 'control').toMatchObject({ name: 'walled' })
  })

  test('its owner cannot be named, and no foreign key crosses the wall', async () => {
    const register = inOther((by) => registerIdentity(registry.deps, by, identityInput('intruder')))
    expect(await refusalOf(register)).toMatchObject({ code: 'identity_owner_missing' })
    const [owner] = await registry.bySuperuser<{ owner_id: string }>('select owner_id from owner limit 1')
    const crossing = registry.bySuperuser(
      insert({
        owner_id: `'${owner?.owner_id ?? ''}'`,
        name: `'crossing'`,
        spiffe_id: `'spiffe://example.org/x'`,
      }).replace(tenantId, otherTenant),
    )
    await expect(crossing).rejects.toMatchObject({ code: '23503' })
  })

  test('the same name and person there are others', async () => {
    await inOther(async (by) => {
      await registerPerson(by, { name: 'Ada', email: 'ada@example.com', roles: [] })
      await registerOwner(by, { name: 'payments', contact: '#other', primary: 'ada@example.com' })
      await registerIdentity({ ...registry.deps, trustDomain: 'other.example' }, by, identityInput('walled-too'))
    })
    expect(await registry.inTenant((tx) => findIdentity(tx, 'walled-too'))).toBeUndefined()
  })

  test('an update without the tenant’s setting changes nothing', async () => {
    const changed = await inOther(({ tx }) =>
      tx.query.updateTable('identity').set({ state: 'suspended' }).where('name', '=', 'walled').executeTakeFirst(),
    )
    expect(changed.numUpdatedRows).toBe(0n)
  })
})
