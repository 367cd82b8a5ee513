import { encodePem, type JsonObject } from '@mayfly/domain'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { importOfflineBundle } from '../../../packages/server/src/application/offline/import-bundle.ts'
import { applyManifest, planManifest } from '../../../packages/server/src/application/registry/apply-manifest.ts'
import { listUnlisted } from '../../../packages/server/src/application/registry/list-unlisted.ts'
import { getOfflineSite } from '../../../packages/server/src/store/offline-rows.ts'
import { findIdentity, listIdentities } from '../../../packages/server/src/store/identity-rows.ts'
import {
  createRegistryFixture,
  refusalOf,
  type RegistryFixture,
  secret,
  secretPassword,
  settings,
} from './registry-fixture.ts'
import { makeOfflineSite, makeSiteKey } from '../offline/make-offline-site.ts'
import { makeAuthority } from '../spiffe/make-authority.ts'

let registry: RegistryFixture

beforeAll(async () => {
  registry = await createRegistryFixture()
})
afterAll(() => registry.close())

const plan = (manifest: JsonObject) => registry.change((by) => planManifest(registry.deps, by, manifest))
const apply = (manifest: JsonObject, digest?: string) =>
  registry.change((by) => applyManifest(registry.deps, by, manifest, digest))

const company = (more: JsonObject = {}): JsonObject => ({
  version: 1,
  people: [
    { name: 'Ada', email: 'ada@example.com', roles: ['administrator'] },
    { name: 'Grace', email: 'Grace@example.com' },
  ],
  owners: [{ name: 'payments', contact: '#payments', primary: 'ada@example.com', deputy: 'grace@example.com' }],
  trust_providers: [
    { name: 'builds', kind: 'oidc', settings: { issuer: 'https://builds.example', audiences: ['mayfly'] } },
  ],
  identities: [
    {
      template: {
        name: 'worker-{{n}}',
        kind: 'job',
        owner: 'payments',
        purpose: 'works through the queue of open orders',
        environment: 'staging',
        expires_at: '2027-06-01',
      },
      count: 100,
    },
  ],
  resources: [
    {
      name: 'orders-db',
      provider: 'postgres',
      environment: 'staging',
      reach: 'data',
      data_class: 'internal',
      exposure: 'internal',
      owner: 'payments',
      settings,
      secret,
    },
  ],
  roles: [{ resource: 'orders-db', name: 'readonly', permission: { member_of: ['readers'] } }],
  bindings: [
    {
      template: { trust_provider: 'builds', identity: 'worker-{{n}}', subject: 'repo:acme/worker-{{n}}' },
      count: 100,
    },
  ],
  ...more,
})

describe('apply', () => {
  test('a plan shows what applying does and leaves nothing behind', async () => {
    const before = await registry.entries()
    const made = await plan(company())
    expect(made).toMatchObject({ created: 206, updated: 0, unchanged: 0, endsCredentials: 0 })
    expect(JSON.stringify(made)).not.toContain(secretPassword)
    expect(made.items.find((item) => item.section === 'owners')?.changes).toContainEqual({
      field: 'primary',
      from: null,
      to: 'ada@example.com',
    })
    expect(await registry.inTenant((tx) => findIdentity(tx, 'worker-1'))).toBeUndefined()
    expect(await registry.entries()).toEqual(before)
    expect((await plan(company())).digest, 'planned again it is the same plan').toBe(made.digest)
  })

  test('a hundred identities from a template in one go; again, nothing', async () => {
    const before = (await registry.entries()).length
    const { digest } = await plan(company())
    const first = await apply(company(), digest)
    expect(first.plan).toMatchObject({ created: 206, unchanged: 0 })
    expect(await registry.inTenant((tx) => listIdentities(tx, {}, { limit: 200 }))).toHaveLength(100)
    const entries = (await registry.entries()).slice(before)
    expect(entries, 'one for each object, and one that sums up').toHaveLength(207)
    expect(entries.at(-1)).toMatchObject({
      action: 'manifest.applied',
      body: { created: 206, plan_digest: first.plan.digest },
    })

    const again = await apply(company())
    expect(again).toMatchObject({ plan: { created: 0, updated: 0, unchanged: 206 }, receipt: null })
    expect(await registry.entries()).toHaveLength(before + 207)
  })

  test('a difference is shown field by field, with names in place of ids', async () => {
    const changed = company({
      owners: [{ name: 'payments', contact: '#payments', primary: 'grace@example.com', deputy: 'ada@example.com' }],
      roles: [
        { resource: 'orders-db', name: 'readonly', permission: { member_of: ['readers'] }, max_ttl_seconds: 600 },
      ],
    })
    const made = await plan(changed)
    expect(made).toMatchObject({ created: 0, updated: 2 })
    expect(
      made.items.filter((item) => item.outcome === 'updated').map(({ name, changes }) => ({ name, changes })),
    ).toEqual([
      {
        name: 'payments',
        changes: [
          { field: 'primary', from: 'ada@example.com', to: 'grace@example.com' },
          { field: 'deputy', from: 'grace@example.com', to: 'ada@example.com' },
        ],
      },
      { name: 'orders-db/readonly', changes: [{ field: 'max_ttl_seconds', from: null, to: 600 }] },
    ])
  })

  test('a plan says how many credentials would end', async () => {
    const identity = await registry.inTenant((tx) => findIdentity(tx, 'worker-1'))
    const [role] = await registry.bySuperuser<{ role_id: never }>('select role_id from role')
    if (identity === undefined || role === undefined) throw new Error('nothing was applied')
    const { identity_id: identityId } = identity
    const attestationId = await registry.attest({ identityId })
    const live = { identityId, attestationId, roleId: role.role_id }
    await registry.makeCredentials(3, live)
    const narrower = company({
      roles: [{ resource: 'orders-db', name: 'readonly', permission: { member_of: ['fewer'] } }],
    })
    expect(await plan(narrower)).toMatchObject({ updated: 1, endsCredentials: 3 })
    const states = await registry.bySuperuser('select distinct state from credential')
    expect(states, 'the plan ended nothing').toEqual([{ state: 'active' }])
  })

  test('where the registry has changed since the plan, nothing is applied', async () => {
    const wanted = company({
      identities: [
        {
          name: 'late',
          kind: 'job',
          owner: 'payments',
          purpose: 'comes after the others in the queue',
          environment: 'staging',
          expires_at: '2027-06-01T00:00:00Z',
        },
      ],
    })
    const { digest } = await plan(wanted)
    await registry.bySuperuser(`update role set max_ttl_seconds = 60`)
    expect(await refusalOf(apply(wanted, digest))).toMatchObject({ code: 'plan_changed' })
    expect(await registry.inTenant((tx) => findIdentity(tx, 'late'))).toBeUndefined()
  })

  test('what is not in the file stays, and is told where that is asked', async () => {
    const { plan: done } = await apply({ version: 1 })
    expect(done).toMatchObject({ created: 0, updated: 0 })
    const without = company({ roles: [], identities: [] })
    const unlisted = await registry.inTenant((tx) => listUnlisted(tx, without))
    expect(unlisted.filter((thing) => thing.section === 'identities')).toHaveLength(100)
    expect(unlisted).toContainEqual({ section: 'roles', name: 'orders-db/readonly' })
    expect(unlisted).not.toContainEqual({ section: 'people', name: 'grace@example.com' })
  })
})

describe('offline sites', () => {
  const depot = makeOfflineSite('depot', { now: () => registry.deps.clock.now() })
  const sites = (more: JsonObject = {}): JsonObject => ({
    version: 1,
    trust_providers: [
      {
        name: 'depot-tokens',
        kind: 'oidc',
        settings: {
          issuer: depot.origin,
          audiences: ['mayfly'],
          types: ['at+jwt'],
          keys: { from: 'offline_site', site: 'depot' },
        },
      },
    ],
    offline_sites: [{ name: 'depot', origin: depot.origin, keys: [depot.vkey], ...more }],
  })
  const site = () => registry.inTenant((tx) => getOfflineSite(tx, 'depot'))

  test('are registered and changed; again, nothing; and what a file does not say is the default', async () => {
    expect((await apply(sites({ max_age_seconds: 3600 }))).plan).toMatchObject({ created: 2 })
    expect(await site()).toMatchObject({ origin: depot.origin, keys: [depot.vkey], max_age_seconds: 3600 })
    expect((await apply(sites({ max_age_seconds: 3600 }))).plan).toMatchObject({ unchanged: 2, updated: 0 })
    const { plan: done } = await apply(sites())
    expect(done.items.find(({ section }) => section === 'offline_sites')?.changes).toEqual([
      { field: 'max_age_seconds', from: 3600, to: 604_800 },
    ])
    const unlisted = await registry.inTenant((tx) => listUnlisted(tx, { version: 1 }))
    expect(unlisted).toContainEqual({ section: 'offline_sites', name: 'depot' })
    expect(await registry.inTenant((tx) => listUnlisted(tx, sites()))).not.toContainEqual({
      section: 'offline_sites',
      name: 'depot',
    })
  })

  test('whose bundles have listed other keys since are not pinned anew by the same file, only by other keys', async () => {
    const next = makeSiteKey(depot.origin)
    const bring = (keys: readonly string[], by = [depot.key]) =>
      registry.change(async (by_) =>
        importOfflineBundle(by_, 'depot', Buffer.from(await depot.bundle({ keys: [...keys], by }))),
      )
    await bring([depot.vkey, next.vkey])
    await bring([next.vkey], [depot.key, next])
    expect((await site()).keys).toEqual([next.vkey])
    const attestationId = await attestAt('depot-tokens')
    expect((await apply(sites())).plan).toMatchObject({ unchanged: 2, updated: 0 })
    expect(await site(), 'what was imported is still there').toMatchObject({ keys: [next.vkey] })
    expect((await site()).sequence).not.toBeNull()

    expect((await apply(sites({ keys: [next.vkey] }))).plan).toMatchObject({ updated: 1 })
    expect((await site()).sequence, 'the keys that are believed anyway: nothing is forgotten').not.toBeNull()
    expect((await apply(sites({ keys: [next.vkey] }))).plan).toMatchObject({ unchanged: 2 })
    expect(await stateOf(attestationId)).toBe('fresh')

    const other = makeSiteKey(depot.origin)
    const made = await plan(sites({ keys: [other.vkey] }))
    expect(made).toMatchObject({ updated: 1 })
    expect((await site()).keys, 'a plan changes nothing').toEqual([next.vkey])
    await apply(sites({ keys: [other.vkey] }))
    expect(await site(), 'control: other keys').toMatchObject({ keys: [other.vkey], sequence: null })
    expect(await stateOf(attestationId)).toBe('revoked')
  })

  test('are refused by their place in the file: a key of another site, a fixed origin', async () => {
    const stranger = makeSiteKey('https://mayfly.other.example')
    expect(await refusalOf(plan(sites({ keys: [stranger.vkey] })))).toMatchObject({
      code: 'manifest_invalid',
      pointers: ['/offline_sites/0/keys/0'],
    })
    const moved = sites({ origin: 'https://mayfly.elsewhere.example' })
    expect(await refusalOf(plan(moved))).toMatchObject({ pointers: ['/offline_sites/0/origin'] })
    expect(await refusalOf(plan(sites({ max_age_seconds: 5 })))).toMatchObject({
      pointers: ['/offline_sites/0/max_age_seconds'],
    })
    expect(await plan(sites({ keys: ['x'] })).catch(() => 'refused')).toBe('refused')
  })

  async function attestAt(name: string): Promise<string> {
    const identity = await registry.inTenant((tx) => findIdentity(tx, 'worker-2'))
    if (identity === undefined) throw new Error('nothing was applied')
    const attestationId = await registry.attest({ identityId: identity.identity_id })
    const provider = `(select trust_provider_id from trust_provider where name = '${name}')`
    const proof = `attestation_id = '${attestationId}'`
    await registry.bySuperuser(`update attestation set trust_provider_id = ${provider} where ${proof}`)
    await registry.bySuperuser(
      `update binding set trust_provider_id = ${provider}
       where binding_id = (select binding_id from attestation where ${proof})`,
    )
    return attestationId
  }

  async function stateOf(attestationId: string): Promise<unknown> {
    const [row] = await registry.bySuperuser<{ state: string }>(
      `select state from attestation where attestation_id = '${attestationId}'`,
    )
    return row?.state
  }
})

test('what a proof is worth that the file does not say stays what its kind is usually worth', async () => {
  const privateCa = {
    version: 1,
    trust_providers: [
      {
        name: 'private-ca',
        kind: 'x509',
        settings: { authorities_pem: encodePem('CERTIFICATE', makeAuthority({ commonName: 'Acme' }).der) },
      },
    ],
  }
  await apply(privateCa)
  const strength = () => registry.bySuperuser(`select strength from trust_provider where name = 'private-ca'`)
  expect(await strength()).toEqual([{ strength: 'bound_key' }])
  expect((await apply(privateCa)).plan, 'a second time makes it no stronger').toMatchObject({ unchanged: 1 })
  expect(await strength()).toEqual([{ strength: 'bound_key' }])
})

describe('refused', () => {
  test('every fault at once, each by its place in the file, and nothing is written', async () => {
    const before = (await registry.entries()).length
    const refusal = await refusalOf(
      apply({
        version: 1,
        owners: [
          { name: 'Bad Name', contact: 'x', primary: 'nobody@example.com' },
          { name: 'good-one', contact: '#good', primary: 'ada@example.com' },
        ],
        identities: [
          {
            template: {
              name: 'x-{{name}}',
              kind: 'job',
              owner: 'payments',
              purpose: 'todo todo todo',
              environment: 'prod',
              expires_at: 'next year',
            },
            each: [{ name: 'a' }],
          },
          { name: 'worker-1', kind: 'service', owner: 'payments', environment: 'staging' },
        ],
        resources: [{ name: 'new-db', settings: {} }],
        roles: [{ resource: 'orders-db', name: 'r', permission: { sql: 'grant all' } }],
        bindings: [{ trust_provider: 'builds', identity: 'worker-2', subject: 'repo:acme/*' }],
      }),
    )
    expect(refusal.code).toBe('manifest_invalid')
    expect(refusal.pointers).toEqual(
      expect.arrayContaining([
        '/owners/0/name',
        '/owners/0/contact',
        '/owners/0/primary',
        '/identities/0/template/environment',
        '/identities/0/template/expires_at',
        '/identities/1/purpose',
        '/identities/1/expires_at',
        '/resources/0/provider',
        '/roles/0/permission/member_of',
        '/roles/0/permission/sql',
        '/bindings/0/subject',
      ]),
    )
    expect(refusal.detail).toContain('of `x-a`, each/0')
    expect(await registry.entries()).toHaveLength(before)
    expect(await registry.bySuperuser(`select from owner where name = 'good-one'`), 'all or nothing').toEqual([])
  })

  test('what is fixed, what is retired, what stands twice, and a new resource without a login', async () => {
    const worker = {
      name: 'worker-1',
      kind: 'service',
      owner: 'payments',
      purpose: 'works through the queue of open orders',
      environment: 'production',
      expires_at: '2027-06-01',
    }
    const fixed = await refusalOf(plan({ version: 1, identities: [worker] }))
    expect(fixed).toMatchObject({
      code: 'manifest_invalid',
      pointers: ['/identities/0/kind', '/identities/0/environment'],
    })
    await registry.bySuperuser(`update identity set state = 'retired' where name = 'worker-100'`)
    const retired = { ...worker, name: 'worker-100', kind: 'job', environment: 'staging' }
    expect(await refusalOf(plan({ version: 1, identities: [retired] }))).toMatchObject({ code: 'manifest_invalid' })
    const person = { name: 'Ada', email: 'ada@example.com', roles: ['administrator'] }
    const twice = await refusalOf(plan({ version: 1, people: [person, { ...person, email: 'ADA@example.com' }] }))
    expect(twice).toMatchObject({ code: 'manifest_invalid', pointers: ['/people/1'] })
    const resource = (company()['resources'] as readonly JsonObject[])[0] ?? {}
    const { secret: _login, ...bare } = resource
    const loginless = await refusalOf(plan({ version: 1, resources: [{ ...bare, name: 'another-db' }] }))
    expect(loginless).toMatchObject({ code: 'manifest_invalid', pointers: ['/resources/0/secret'] })
    expect(await plan({ version: 1, resources: [bare] }), 'control: a known one needs none').toMatchObject({
      unchanged: 1,
    })
  })

  test('a refusal by the database is a fault of its item, and the others are judged all the same', async () => {
    const provider = (name: string) => ({
      name,
      kind: 'oidc',
      settings: { issuer: 'https://same.example', audiences: ['mayfly'] },
    })
    const refusal = await refusalOf(
      plan({ version: 1, trust_providers: [provider('first'), provider('second')], owners: [{ name: 'x' }] }),
    )
    expect(refusal.pointers).toEqual(
      expect.arrayContaining(['/trust_providers/1/settings/issuer', '/owners/0/contact', '/owners/0/primary']),
    )
  })
})
