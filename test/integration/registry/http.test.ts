/** The registry over HTTP, with the real gate and the default policies. How callers prove themselves is judged elsewhere. */
import type { AddressInfo } from 'node:net'
import { MayflyError, newId, type TenantId } from '@mayfly/domain'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Actor } from '../../../packages/server/src/application/context.ts'
import { withAuthority } from '../../../packages/server/src/application/decision/with-authority.ts'
import { bindRoutes, buildHttp } from '../../../packages/server/src/surfaces/http/app.ts'
import { applyRoutes } from '../../../packages/server/src/surfaces/http/apply.ts'
import { bindingRoutes } from '../../../packages/server/src/surfaces/http/bindings.ts'
import type { HttpDeps } from '../../../packages/server/src/surfaces/http/http-deps.ts'
import { identityRoutes } from '../../../packages/server/src/surfaces/http/identities.ts'
import { ownerRoutes } from '../../../packages/server/src/surfaces/http/owners.ts'
import { peopleRoutes } from '../../../packages/server/src/surfaces/http/people.ts'
import { resourceRoutes } from '../../../packages/server/src/surfaces/http/resources.ts'
import { roleRoutes } from '../../../packages/server/src/surfaces/http/roles.ts'
import { trustProviderRoutes } from '../../../packages/server/src/surfaces/http/trust-providers.ts'
import { tenantId } from '../decision/decision-fixture.ts'
import { createRegistryFixture, type RegistryFixture, secret, secretPassword, settings } from './registry-fixture.ts'

let registry: RegistryFixture
let app: FastifyInstance
let url: string
const callers = new Map<string, { tenantId: TenantId; actor: Actor }>()

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown> & { readonly items: Record<string, unknown>[]; readonly code?: string }
  readonly text: string
}

/** A member that is text. */
function textOf(of: Record<string, unknown> | undefined, member: string): string {
  const value = of?.[member]
  if (typeof value !== 'string') throw new Error(`\`${member}\` is no text`)
  return value
}

async function call(method: string, path: string, body?: unknown, as = 'administrator'): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${as}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: JSON.parse(text) as Answer['body'], text }
}

beforeAll(async () => {
  registry = await createRegistryFixture()
  await registry.makeCompany()
  const administrator = await registry.makePerson('administrator')
  callers.set('administrator', await registry.personContext(administrator, 'administrator'))
  callers.set('nobody', await registry.personContext(await registry.makePerson()))
  const http: HttpDeps = {
    ...registry.authorityDeps,
    authenticate: async ({ token }) => {
      const caller = callers.get(token)
      if (caller === undefined) throw new MayflyError('token_invalid')
      return caller
    },
    gate: (ctx, request, work) => withAuthority(registry.authorityDeps, ctx, request, work),
    promiseSigner: async () => () => 'signed',
    assertMayMint: () => undefined,
  }
  const deps = { ...registry.deps, ...http, tenantPathOf: async () => '' }
  app = await buildHttp(
    http,
    [
      bindRoutes(deps, peopleRoutes),
      bindRoutes(deps, ownerRoutes),
      bindRoutes(deps, identityRoutes),
      bindRoutes(deps, resourceRoutes),
      bindRoutes(deps, roleRoutes),
      bindRoutes(deps, trustProviderRoutes),
      bindRoutes(deps, bindingRoutes),
      bindRoutes(deps, applyRoutes),
    ],
    {
      trustedProxies: [],
      callerLimit: { perSecond: 10_000, burst: 10_000 },
      refusalLimit: { perSecond: 10_000, burst: 10_000 },
    },
  )
  await app.listen({ host: '127.0.0.1', port: 0 })
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
})
afterAll(async () => {
  await app.close()
  await registry.close()
})

const identity = (name: string) => ({
  name,
  kind: 'service',
  owner: 'payments',
  purpose: 'reads open orders for the nightly report',
  environment: 'staging',
  expires_at: '2027-06-01T02:00:00+02:00',
})

const resource = {
  name: 'orders-db',
  provider: 'postgres',
  environment: 'staging',
  reach: 'data',
  data_class: 'internal',
  exposure: 'internal',
  owner: 'payments',
  settings,
  secret,
}

/** Each thing with a request that makes one, and where it is found again. */
const things = [
  ['/v1/people', 'person_id', { name: 'Eve', email: 'Eve@Example.com', roles: ['auditor'] }, 'eve@example.com'],
  ['/v1/owners', 'owner_id', { name: 'search', contact: '#search', primary: 'ada@example.com' }, 'search'],
  ['/v1/identities', 'identity_id', identity('orders-api'), 'orders-api'],
  ['/v1/resources', 'resource_id', resource, 'orders-db'],
  [
    '/v1/roles',
    'role_id',
    { resource: 'orders-db', name: 'readonly', permission: { member_of: ['readers'] } },
    'orders-db%2Freadonly',
  ],
  [
    '/v1/trust-providers',
    'trust_provider_id',
    { name: 'builds', kind: 'oidc', settings: { issuer: 'https://builds.example', audiences: ['mayfly'] } },
    'builds',
  ],
  [
    '/v1/bindings',
    'binding_id',
    { trust_provider: 'builds', identity: 'orders-api', subject: 'repo:acme/orders' },
    undefined,
  ],
] as const

describe('each thing of the registry', () => {
  test.each(things)(
    '%s: made with exactly one entry, found by id and name, listed; denied, nothing is written',
    async (path, member, body, name) => {
      const before = (await registry.entries()).length
      const denied = await call('POST', path, body, 'nobody')
      expect(denied).toMatchObject({ status: 403, body: { code: 'policy_denied' } })
      const refusals = (await registry.entries()).slice(before)
      expect(refusals.map((entry) => entry.action)).toEqual(['decision.denied'])

      const made = await call('POST', path, body)
      expect(made, `answered ${made.text}`).toMatchObject({
        status: 201,
        body: { version: 1, entry: { promise: 'signed' } },
      })
      expect(made.text).not.toContain(secretPassword)
      const [entry, ...more] = (await registry.entries()).slice(before + 1)
      expect(more).toEqual([])
      expect(entry?.subject['decision_id'], 'under the decision that permitted it').toMatch(/^[0-9a-f-]{36}$/)

      const { entry: _entry, ...shown } = made.body
      const id = textOf(shown, member)
      for (const ref of name === undefined ? [id] : [id, name]) {
        expect(await call('GET', `${path}/${ref}`), `${path}/${ref}`).toMatchObject({ status: 200, body: shown })
      }
      const list = await call('GET', `${path}?limit=200`)
      expect(list.body.items).toContainEqual(expect.objectContaining(shown))
      expect(list.text).not.toContain(secretPassword)
    },
  )

  test('unknown fields and faults are named, all at once', async () => {
    const { status, body } = await call('POST', '/v1/identities', { ...identity('x'), purpse: 'a', expires_at: 'soon' })
    expect(status).toBe(400)
    expect((body['errors'] as { pointer: string }[]).map((error) => error.pointer).toSorted()).toEqual([
      '/expires_at',
      '/purpse',
    ])
  })

  test('what the body names and is not there is the body’s fault', async () => {
    const identityOf = await call('POST', '/v1/identities', { ...identity('y'), owner: 'no-team' })
    expect(identityOf).toMatchObject({
      status: 400,
      body: { code: 'identity_owner_missing', errors: [{ pointer: '/owner' }] },
    })
    const role = await call('POST', '/v1/roles', { resource: 'no-db', name: 'a', permission: { member_of: ['b'] } })
    expect(role).toMatchObject({ status: 400, body: { code: 'request_invalid', errors: [{ pointer: '/resource' }] } })
    const binding = await call('POST', '/v1/bindings', { trust_provider: 'builds', identity: 'no-one', subject: 'a' })
    expect(binding).toMatchObject({ status: 400, body: { errors: [{ pointer: '/identity' }] } })
  })

  test('text that PostgreSQL cannot hold is refused, not broken on', async () => {
    for (const attributes of [{ a: 'x\u0000y' }, { a: '\ud800' }]) {
      const { status, text } = await call('POST', '/v1/identities', { ...identity('z'), attributes })
      expect(status, `answered ${text}`).toBe(400)
    }
    expect(await call('GET', '/v1/identities/a%00b')).toMatchObject({ status: 400 })
    expect(
      await call('POST', '/v1/identities', { ...identity('whole'), attributes: { a: '\u{1f98b}' } }),
    ).toMatchObject({
      status: 201,
      body: { attributes: { a: '\u{1f98b}' } },
    })
  })
})

describe('change', () => {
  test('a stale version is a conflict, a change that changes nothing has no entry', async () => {
    await call('POST', '/v1/identities', identity('patched'))
    const purpose = 'reads open orders for the weekly report'
    expect(await call('PATCH', '/v1/identities/patched', { purpose, version: 1 })).toMatchObject({
      status: 200,
      body: { purpose, version: 2 },
    })
    expect(await call('PATCH', '/v1/identities/patched', { purpose: 'x y z w v u t s', version: 1 })).toMatchObject({
      status: 409,
      body: { code: 'version_conflict' },
    })
    expect(await call('PATCH', '/v1/identities/patched', { purpose })).toMatchObject({
      status: 200,
      body: { entry: null },
    })
  })

  test('suspend, holds, resume, retire, each without a body', async () => {
    await call('POST', '/v1/identities', identity('moved'))
    expect(await call('POST', '/v1/identities/moved/suspend')).toMatchObject({
      status: 200,
      body: { state: 'suspended', usable: false },
    })
    expect(await call('GET', '/v1/identities/moved/holds')).toMatchObject({
      status: 200,
      body: { usable: false, why_not: ['suspended'], credential_count: 0, credentials: [] },
    })
    expect(await call('POST', '/v1/identities/moved/resume', {})).toMatchObject({ body: { usable: true } })
    expect(await call('POST', '/v1/identities/moved/retire', { reason: 'not needed' })).toMatchObject({ status: 200 })
    expect(await call('POST', '/v1/identities/moved/resume')).toMatchObject({ status: 409 })
  })

  test('a new address without the login is refused, and the login is never shown', async () => {
    const moved = { settings: { ...settings, port: 6000 } }
    const refused = await call('PATCH', '/v1/resources/orders-db', moved)
    expect(refused).toMatchObject({ status: 400, body: { code: 'secret_required', errors: [{ pointer: '/secret' }] } })
    const done = await call('PATCH', '/v1/resources/orders-db', { ...moved, secret })
    expect(done).toMatchObject({ status: 200, body: { settings: { port: 6000 } } })
    expect(done.text).not.toContain(secretPassword)
  })

  test('roles, trust providers, bindings and resources are retired', async () => {
    const [binding] = (await call('GET', '/v1/bindings?identity=orders-api')).body.items
    for (const path of [
      `/v1/bindings/${textOf(binding, 'binding_id')}`,
      '/v1/roles/orders-db%2Freadonly',
      '/v1/trust-providers/builds',
      '/v1/resources/orders-db',
    ]) {
      expect(await call('POST', `${path}/retire`), `retire ${path}`).toMatchObject({
        status: 200,
        body: { state: 'retired' },
      })
    }
  })
})

describe('lists', () => {
  test('pages meet without gap or overlap, filters hold, and a cursor belongs to its filters', async () => {
    for (let n = 1; n <= 5; n++) await call('POST', '/v1/identities', { ...identity(`page-${n}`), kind: 'device' })
    const names: unknown[] = []
    let next: string | null = ''
    while (next !== null) {
      const cursor = next === '' ? '' : `&cursor=${next}`
      const { body } = await call('GET', `/v1/identities?kind=device&owner=payments&limit=2${cursor}`)
      names.push(...body.items.map((item) => item['name']))
      next = body['next_cursor'] === null ? null : textOf(body, 'next_cursor')
    }
    expect(names).toEqual(['page-1', 'page-2', 'page-3', 'page-4', 'page-5'])
    const { body } = await call('GET', '/v1/identities?kind=device&limit=2')
    const foreign = await call('GET', `/v1/identities?kind=job&limit=2&cursor=${textOf(body, 'next_cursor')}`)
    expect(foreign).toMatchObject({ status: 400, body: { code: 'cursor_invalid' } })
    expect((await call('GET', '/v1/identities?kind=job')).body.items).toEqual([])
    expect(await call('GET', '/v1/identities?owner=no-team')).toMatchObject({ status: 404 })
  })
})

test('another tenant finds nothing, by name or by id', async () => {
  const other = newId<TenantId>()
  await registry.database.outsideTenants((query) =>
    query.insertInto('tenant').values({ tenant_id: other, name: 'other' }).execute(),
  )
  const own = callers.get('administrator')
  if (own === undefined) throw new Error('nobody asks')
  callers.set('stranger', { tenantId: other, actor: own.actor })
  for (const path of ['/v1/identities/orders-api', '/v1/owners/payments', '/v1/identities']) {
    const { status, text } = await call('GET', path, undefined, 'stranger')
    expect([401, 403, 404], `${path}: ${text}`).toContain(status)
    expect(text).not.toContain('spiffe')
  }
  expect(callers.get('administrator')?.tenantId).toBe(tenantId)
})

describe('apply', () => {
  const manifest = {
    version: 1,
    identities: [{ template: { ...identity('hundred-{{n}}'), expires_at: '2027-06-01' }, count: 100 }],
  }

  test('plan, apply with its digest, apply again', async () => {
    const plan = await call('POST', '/v1/apply/plan', { manifest, list_unlisted: true })
    expect(plan).toMatchObject({ status: 200, body: { created: 100 } })
    expect(plan.body['unlisted']).toContainEqual({ section: 'owners', name: 'payments' })
    expect(await call('GET', '/v1/identities/hundred-1')).toMatchObject({ status: 404 })
    const done = await call('POST', '/v1/apply', { manifest, plan_digest: plan.body['digest'] })
    expect(done).toMatchObject({
      status: 200,
      body: { created: 100, digest: plan.body['digest'], entry: { promise: 'signed' } },
    })
    expect(await call('POST', '/v1/apply', { manifest })).toMatchObject({
      status: 200,
      body: { created: 0, unchanged: 100, entry: null },
    })
    const stale = await call('POST', '/v1/apply', { manifest, plan_digest: plan.body['digest'] })
    expect(stale).toMatchObject({ status: 409, body: { code: 'plan_changed' } })
  })

  test('faults come by their place, a caller without the right gets nowhere', async () => {
    const wrong = { version: 2, identities: [{ template: { name: '{{x}}' }, count: 1 }] }
    const refused = await call('POST', '/v1/apply', { manifest: wrong })
    expect(refused).toMatchObject({ status: 400, body: { code: 'manifest_invalid' } })
    expect((refused.body['errors'] as { pointer: string }[]).map((error) => error.pointer)).toContain('/version')
    for (const path of ['/v1/apply', '/v1/apply/plan']) {
      expect(await call('POST', path, { manifest }, 'nobody')).toMatchObject({ status: 403 })
    }
  })
})
