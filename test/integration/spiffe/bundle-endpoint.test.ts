/** What is published to everyone: the bundle over https_web, and the CRLs. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startWorld, type World } from '../http/world.ts'
import { activeAuthority, fetchBundle, fetchCrl, issueX509 } from './spiffe-world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
}, 60_000)
afterAll(() => world[Symbol.asyncDispose]())

test('[F2] anyone reads the bundle as JSON, without a token, and no proxy keeps it for long', async () => {
  const { status, headers } = await fetchBundle(world)
  expect(status).toBe(200)
  expect(headers.get('content-type')).toMatch(/^application\/json/)
  expect(headers.get('cache-control')).toBe('public, max-age=30')
})

test('[B2] [B3] each key says its type and its use; X.509 keys have one certificate and no kid, JWT keys a kid', async () => {
  const { bundle } = await fetchBundle(world)
  expect(new Set(bundle.keys.map((key) => key['use']))).toEqual(new Set(['x509-svid', 'jwt-svid']))
  const kid = expect.stringMatching(/^[A-Za-z0-9_-]{43}$/)
  for (const key of bundle.keys) {
    const { use, kty, x5c, kid: itsKid } = key
    const isX509 = use === 'x509-svid'
    expect({ kty, kid: itsKid, certificates: Array.isArray(x5c) ? x5c.length : undefined }).toEqual({
      kty: 'EC',
      kid: isX509 ? undefined : kid,
      certificates: isX509 ? 1 : undefined,
    })
    expect(JSON.stringify(key), 'no private half').not.toMatch(/"d":/)
  }
})

test('[B4] the sequence moves exactly when the keys do', async () => {
  const first = (await fetchBundle(world)).bundle
  await issueX509((await world.make.workload()).caller)
  const second = (await fetchBundle(world)).bundle
  expect(second).toEqual(first)
  await world.admin.get('POST', '/v1/x509-authorities/rotate', {})
  const third = (await fetchBundle(world)).bundle
  expect(third.keys).toHaveLength(first.keys.length + 1)
  expect(third.spiffe_sequence).toBe(first.spiffe_sequence + 1)
  expect(third.spiffe_refresh_hint).toBe(300)
})

test('[B6] another tenant publishes its own below its own path, and a tenant that is not there publishes nothing', async () => {
  const ours = (await fetchBundle(world)).bundle
  const theirs = await fetchBundle(world, '/t/other/spiffe/bundle')
  expect(theirs.status).toBe(200)
  const shared = theirs.bundle.keys.filter((key) => ours.keys.some((own) => own['x'] === key['x']))
  expect(shared).toEqual([])
  expect((await fetchBundle(world, '/t/nobody/spiffe/bundle')).status).toBe(404)
})

test('a workload reads its own bundle first, by the API too', async () => {
  const { caller } = await world.make.workload()
  const answer = await caller.get<{ trust_domain: string; items: { trust_domain: string; bundle: unknown }[] }>(
    'GET',
    '/v1/trust-bundles',
  )
  expect(answer.trust_domain).toBe('mayfly.internal')
  expect(answer.items).toEqual([{ trust_domain: 'mayfly.internal', bundle: (await fetchBundle(world)).bundle }])
})

test('a CRL that is not there, or of another tenant, is not found', async () => {
  const { key_id: keyId } = await activeAuthority(world)
  expect((await fetchCrl(world, keyId)).status, 'control').toBe(200)
  expect((await fetchCrl(world, '0'.repeat(40))).status).toBe(404)
  const crossed = await fetch(`${world.server.url}/t/other/spiffe/crl/${keyId}.crl`)
  expect(crossed.status).toBe(404)
  expect((await fetch(`${world.server.url}/spiffe/crl/..%2f${keyId}`)).status).toBe(400)
})

test('identities of two tenants never share a SPIFFE ID', async () => {
  const rows = await world.sql<{ trust_domain: string }>('select trust_domain from trust_bundle order by trust_domain')
  expect(rows.map((row) => row.trust_domain)).toEqual(['mayfly.internal', 'other.mayfly.internal'])
  const body = {
    name: 'orders',
    kind: 'service',
    purpose: 'takes the orders of the shop',
    environment: 'development',
    expires_at: world.expiresAt(),
  }
  const ours = await world.admin.get<{ spiffe_id: string }>('POST', '/v1/identities', { ...body, owner: 'orders-team' })
  const { items } = await world.stranger.get<{ items: { person_id: string }[] }>('GET', '/v1/people')
  await world.stranger.get('POST', '/v1/owners', { name: 'theirs', contact: '#x-team', primary: items[0]?.person_id })
  const theirs = await world.stranger.get<{ spiffe_id: string }>('POST', '/v1/identities', { ...body, owner: 'theirs' })
  expect(ours.spiffe_id).toBe('spiffe://mayfly.internal/development/service/orders')
  expect(theirs.spiffe_id).toBe('spiffe://other.mayfly.internal/development/service/orders')
})
