/** Every row of the registry is as the last entry about it says, whatever was done to it (law 5). */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { statedRow, type StatedTable } from '../../../packages/server/src/application/audit/stated-rows.ts'
import { changeBinding, retireBinding } from '../../../packages/server/src/application/registry/change-binding.ts'
import {
  retireIdentity,
  suspendIdentity,
} from '../../../packages/server/src/application/registry/change-identity-state.ts'
import { changeIdentity } from '../../../packages/server/src/application/registry/change-identity.ts'
import { changeOwner } from '../../../packages/server/src/application/registry/change-owner.ts'
import { changePerson } from '../../../packages/server/src/application/registry/change-person.ts'
import { changeResource, retireResource } from '../../../packages/server/src/application/registry/change-resource.ts'
import { changeRole, retireRole } from '../../../packages/server/src/application/registry/change-role.ts'
import {
  changeTrustProvider,
  retireTrustProvider,
} from '../../../packages/server/src/application/registry/change-trust-provider.ts'
import { registerBinding } from '../../../packages/server/src/application/registry/register-binding.ts'
import { registerTrustProvider } from '../../../packages/server/src/application/registry/register-trust-provider.ts'
import { runIdentityExpiries } from '../../../packages/server/src/application/registry/run-identity-expiries.ts'
import { tenantId } from '../decision/decision-fixture.ts'
import { createRegistryFixture, later, type RegistryFixture, secret, settings } from './registry-fixture.ts'

let registry: RegistryFixture

beforeAll(async () => {
  registry = await createRegistryFixture()
  const { change, deps } = registry
  await registry.makeCompany()
  await registry.makeRoleNamed('readonly')
  for (const name of ['changed', 'suspended', 'retired', 'expired']) await registry.makeIdentityNamed(name)
  await change((by) => changeIdentity(deps, by, 'changed', { attributes: { tier: 'gold', rank: 2 } }))
  await change((by) => changeIdentity(deps, by, 'expired', { expiresAt: new Date(by.now.getTime() + 1000) }))
  await change((by) => suspendIdentity(by, 'suspended', {}))
  await change((by) => retireIdentity(by, 'retired', {}))
  await change((by) => changeOwner(by, 'payments', { deputy: null, contact: '#other' }))
  await change((by) => changePerson(by, 'grace@example.com', { state: 'left' }))
  await change((by) => changeRole(deps, by, 'orders-db/readonly', { parameters: { schema: { one_of: ['a', 'b'] } } }))
  await change((by) => retireRole(by, 'orders-db/readonly', {}))
  await change((by) => changeResource(deps, by, 'orders-db', { settings: { ...settings, port: 6000 }, secret }))
  await change((by) => retireResource(by, 'orders-db', {}))
  const issuer = { issuer: 'https://builds.example', audiences: ['mayfly'] }
  await change((by) => registerTrustProvider(by, { name: 'builds', kind: 'oidc', settings: issuer }))
  const wanted = { trustProvider: 'builds', identity: 'changed', subject: 'repo:acme/a' }
  const { row } = await change((by) => registerBinding(by, wanted))
  await change((by) => changeBinding(by, row.binding_id, { claims: { branch: 'main', run: 7 } }))
  await change((by) => retireBinding(by, row.binding_id, {}))
  await change((by) => changeTrustProvider(by, 'builds', { freshForSeconds: 60 }))
  await change((by) => retireTrustProvider(by, 'builds', {}))
  registry.clock.moveTo(later)
  await runIdentityExpiries(deps, tenantId, new AbortController().signal)
})
afterAll(() => registry.close())

const tables = ['person', 'owner', 'identity', 'resource', 'role', 'trust_provider', 'binding'] as const

test.each(tables)('each row of %s is as the log says, and a change past the log is seen', async (table) => {
  expect(await differences(table)).toEqual([])
  await registry.bySuperuser(`update ${table} set version = version`)
  expect((await differences(table)).length, 'control').toBeGreaterThan(0)
})

async function differences(table: (typeof tables)[number]): Promise<string[]> {
  const stated = new Map<string, unknown>()
  for (const entry of await registry.entries()) {
    for (const row of entry.rows) if (row.table === table) stated.set(row.id, row)
  }
  const rows = await registry.inTenant((tx) => tx.query.selectFrom(table).selectAll().execute())
  expect(rows.length).toBeGreaterThan(0)
  return rows
    .map((row) => statedRow(table as StatedTable, row as never))
    .filter(
      (row) =>
        JSON.stringify(stated.get(row.id), Object.keys(row).toSorted()) !==
        JSON.stringify(row, Object.keys(row).toSorted()),
    )
    .map((row) => row.id)
}
