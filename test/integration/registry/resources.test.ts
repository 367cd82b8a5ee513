import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { changeResource, retireResource } from '../../../packages/server/src/application/registry/change-resource.ts'
import { changeRole, retireRole } from '../../../packages/server/src/application/registry/change-role.ts'
import { checkResource } from '../../../packages/server/src/application/registry/check-resource.ts'
import { registerResource } from '../../../packages/server/src/application/registry/register-resource.ts'
import { registerRole } from '../../../packages/server/src/application/registry/register-role.ts'
import { sealPlace } from '../../../packages/server/src/adapters/keys/seal-place.ts'
import { withAuthority } from '../../../packages/server/src/application/decision/with-authority.ts'
import { getResource } from '../../../packages/server/src/store/resource-rows.ts'
import { preparePostgres } from '../provider-postgres/postgres-fixture.ts'
import {
  createRegistryFixture,
  refusalOf,
  type RegistryFixture,
  resourceInput,
  secret,
  secretPassword,
  settings,
} from './registry-fixture.ts'

let registry: RegistryFixture

beforeAll(async () => {
  registry = await createRegistryFixture()
  await registry.makeCompany()
})
afterAll(() => registry.close())

const register = (name: string, over: object = {}) =>
  registry.change((by) => registerResource(registry.deps, by, { ...resourceInput(name), ...over }))
const change = (name: string, input: Parameters<typeof changeResource>[3]) =>
  registry.change((by) => changeResource(registry.deps, by, name, input))

async function liveOn(resource: string, role: string, count = 2) {
  const identityId = await registry.makeIdentityNamed(`${resource}-user`)
  const { row } = await registry.change((by) =>
    registerRole(registry.deps, by, { resource, name: role, permission: { member_of: ['readers'] } }),
  )
  const attestationId = await registry.attest({ identityId })
  return registry.makeCredentials(count, { identityId, roleId: row.role_id, attestationId })
}

const states = async (credentialIds: readonly string[]) => {
  const rows = await registry.bySuperuser<{ state: string; cause: string | null }>(
    `select c.state, r.cause from credential c left join revocation r using (revocation_id)
     where credential_id = any($1::uuid[])`,
    [credentialIds],
  )
  return [...new Set(rows.map((row) => `${row.state} ${row.cause ?? ''}`.trim()))]
}

describe('the admin login', () => {
  test('is sealed: it stands in no column, no entry and no answer, and opens for its own resource only', async () => {
    const { row, changes } = await register('sealed')
    expect(JSON.stringify([row, changes])).not.toContain(secretPassword)
    const dump = await registry.bySuperuser(`select r::text as row from resource r
      union all select convert_from(data, 'utf8') from entry`)
    expect(JSON.stringify(dump), 'control: the dump holds the settings').toContain('disabled_loopback_only')
    expect(JSON.stringify(dump)).not.toContain(secretPassword)
    await registry.inTenant(async (tx) => {
      const opened = await registry.deps.keys.open(tx, row.sealed_secret, sealPlace.resourceSecret(row.resource_id))
      expect(JSON.parse(opened.reveal())).toEqual(secret)
    })
    const elsewhere = registry.inTenant((tx) =>
      registry.deps.keys.open(tx, row.sealed_secret, sealPlace.resourceSecret('another')),
    )
    expect(await refusalOf(elsewhere)).toMatchObject({ code: 'key_unusable' })
  })

  test.each([
    ['host', { ...settings, host: 'localhost' }],
    ['port', { ...settings, port: 6543 }],
    ['tls', { ...settings, tls: { mode: 'verify_full' } }],
  ])('never follows a new %s: it must be entered again', async (name, moved) => {
    const resource = `moves-${name}`
    await register(resource)
    const refusal = await refusalOf(change(resource, { settings: moved }))
    expect(refusal).toMatchObject({ code: 'secret_required', pointers: ['/secret'] })
    const { row } = await registry.inTenant(async (tx) => ({ row: await getResource(tx, resource) }))
    expect(row.settings, 'nothing was changed').toMatchObject({ host: '127.0.0.1', port: 5432 })
    const done = await change(resource, { settings: moved, secret })
    expect(done.row.settings).toMatchObject(moved)
  })

  test('stays where a setting changes that is no address', async () => {
    await register('limits')
    const { row } = await change('limits', { settings: { ...settings, connection_limit: 3 } })
    expect(row.settings).toMatchObject({ connection_limit: 3 })
  })

  test('entered again as it was changes nothing', async () => {
    await register('same-login')
    expect((await change('same-login', { secret })).receipt).toBeNull()
    const other = await change('same-login', { secret: { ...secret, password: 'another-password' } })
    expect(other.changes).toEqual([{ field: 'secret', from: '[secret]', to: '[secret]' }])
  })

  test('unknown settings, a secret among the settings and an unknown provider are refused by field', async () => {
    const refusal = await refusalOf(
      register('wrong', {
        settings: { ...settings, hots: 'x', password: secretPassword, port: 0 },
        secret: { username: 'a' },
      }),
    )
    expect(refusal.code).toBe('request_invalid')
    expect(refusal.pointers.toSorted()).toEqual([
      '/secret/password',
      '/settings/hots',
      '/settings/password',
      '/settings/port',
    ])
    expect(refusal.detail).not.toContain(secretPassword)
    expect(await refusalOf(register('wrong', { provider: 'oracle' }))).toMatchObject({ code: 'provider_unknown' })
  })
})

test('an address does not move away from accounts that may still stand, unless it is said to be the same target', async () => {
  await register('standing')
  await liveOn('standing', 'reader')
  const moved = { settings: { ...settings, port: 6000 }, secret }
  const refusal = await refusalOf(change('standing', moved))
  expect(refusal).toMatchObject({ code: 'still_in_use', pointers: ['/settings/port'] })
  expect(refusal.detail).toContain('2 accounts')
  await change('standing', { ...moved, sameTarget: true })
  const entry = (await registry.entries()).at(-1)
  expect(entry).toMatchObject({ action: 'resource.updated', body: { fields: { same_target: { to: true } } } })
})

test('retired: what is on it ends in the same moment, and nothing new is made of it', async () => {
  await register('retiring')
  const credentials = await liveOn('retiring', 'reader')
  expect(await states(credentials), 'control').toEqual(['active'])
  await registry.change((by) => retireResource(by, 'retiring', {}))
  expect(await states(credentials)).toEqual(['revoking resource_retired'])
  const role = registry.change((by) =>
    registerRole(registry.deps, by, { resource: 'retiring', name: 'late', permission: { member_of: ['readers'] } }),
  )
  expect(await refusalOf(role)).toMatchObject({ code: 'state_not_allowed' })
})

describe('roles', () => {
  test('a permission is in the provider’s closed words', async () => {
    await register('roled')
    const refusal = await refusalOf(
      registry.change((by) =>
        registerRole(registry.deps, by, {
          resource: 'roled',
          name: 'Bad Role',
          permission: { member_of: [], sql: 'grant all' },
          parameters: { 'Bad Name': { one_of: ['a', 'a'] } },
        }),
      ),
    )
    expect(refusal.pointers.toSorted()).toEqual([
      '/name',
      '/parameters/Bad Name',
      '/parameters/Bad Name/one_of',
      '/permission/member_of',
      '/permission/sql',
    ])
    const nowhere = registry.change((by) =>
      registerRole(registry.deps, by, { resource: 'no-such-db', name: 'a', permission: { member_of: ['x'] } }),
    )
    expect(await refusalOf(nowhere)).toMatchObject({ code: 'request_invalid', pointers: ['/resource'] })
  })

  test('with another permission its live credentials end; with another limit they are decided again', async () => {
    await register('narrowed')
    const credentials = await liveOn('narrowed', 'wide')
    await registry.change((by) => changeRole(registry.deps, by, 'narrowed/wide', { maxTtlSeconds: 600 }))
    expect(await states(credentials), 'control: a limit does not end them here').toEqual(['active'])
    await registry.change((by) =>
      changeRole(registry.deps, by, 'narrowed/wide', { permission: { member_of: ['fewer'] } }),
    )
    expect(await states(credentials)).toEqual(['revoking no_longer_permitted'])
  })

  test('retired: its credentials end', async () => {
    await register('unroled')
    const credentials = await liveOn('unroled', 'gone')
    await registry.change((by) => retireRole(by, 'unroled/gone', {}))
    expect(await states(credentials)).toEqual(['revoking role_retired'])
  })
})

describe('check', () => {
  test('proves at a real target by doing, keeps what it found, and the log says so', async () => {
    await using target = await preparePostgres(18, 'functions')
    await register('checked', { settings: target.settings, secret: target.mayflyLogin })
    const permission = { member_of: [target.readers] }
    await registry.change((by) => registerRole(registry.deps, by, { resource: 'checked', name: 'ro', permission }))
    const admin = await registry.makePerson('administrator')
    const ctx = await registry.personContext(admin, 'administrator')
    const deps = { ...registry.deps, gate: gateOf() }
    const before = (await registry.entries()).length
    const { row } = await checkResource(deps, ctx, 'checked', new AbortController().signal)
    const found = row.check_result as { check: string; outcome: string }[]
    expect(found.map(({ check, outcome }) => `${check} ${outcome}`)).toContain('login passed')
    expect(found.filter(({ outcome }) => outcome === 'failed')).toEqual([])
    expect((await registry.entries()).slice(before).map((entry) => entry.action)).toEqual([
      'resource.checked',
      'resource.login_adopted',
    ])

    await change('checked', { secret: { ...target.mayflyLogin, password: 'wrong' } })
    const after = await checkResource(deps, ctx, 'checked', new AbortController().signal)
    expect(JSON.stringify(after.row.check_result)).toContain('failed')
    expect(JSON.stringify(after.row.check_result)).not.toContain('wrong')
  })

  const gateOf =
    () =>
    <T>(
      ctx: Parameters<typeof withAuthority>[1],
      request: Parameters<typeof withAuthority>[2],
      work: Parameters<typeof withAuthority<T>>[3],
    ) =>
      withAuthority(registry.authorityDeps, ctx, request, work)
})
