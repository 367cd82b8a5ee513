/** JWT-SVIDs, with jose as a verifier that is not ours. */
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startWorld, type World } from '../http/world.ts'
import { fetchBundle, issueJwt } from './spiffe-world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
}, 60_000)
afterAll(() => world[Symbol.asyncDispose]())

async function bundleKeys(): Promise<JSONWebKeySet> {
  const { bundle } = await fetchBundle(world)
  // jose knows nothing of `use: jwt-svid`; a SPIFFE verifier looks at it first.
  const keys = bundle.keys.filter((key) => key['use'] === 'jwt-svid').map(({ use: _use, ...key }) => key)
  return { keys }
}

test('[J7] a JWT-SVID verifies with the keys of the bundle that are meant for it, and with no other', async () => {
  const { caller } = await world.make.workload()
  const { token, spiffe_id: spiffeId } = await issueJwt(caller, ['orders'])
  const keys = await bundleKeys()
  const { payload } = await jwtVerify(token, createLocalJWKSet(keys), { audience: 'orders', subject: spiffeId })
  expect(payload.sub).toBe(spiffeId)
  const accessTokenKeys = (await (await fetch(`${world.server.url}/oauth/jwks`)).json()) as JSONWebKeySet
  await expect(jwtVerify(token, createLocalJWKSet(accessTokenKeys)), 'control').rejects.toThrow('no applicable key')
})

test('[J1] it is one compact text of three parts', async () => {
  const { caller } = await world.make.workload()
  const { token } = await issueJwt(caller, ['orders'])
  expect(token).toMatch(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}$/)
})

test('[J2] [J3] [J4] its header says alg, kid and typ and nothing else, ES256, and the kid is in the bundle', async () => {
  const { caller } = await world.make.workload()
  const { token } = await issueJwt(caller, ['orders'])
  const header = decodeProtectedHeader(token)
  expect(Object.keys(header).toSorted()).toEqual(['alg', 'kid', 'typ'])
  expect(header).toMatchObject({ alg: 'ES256', typ: 'JWT' })
  expect((await bundleKeys()).keys.map((key) => key.kid)).toContain(header.kid)
})

test('[J5] it names its subject, its audiences and its end, five minutes away at most where nobody asks', async () => {
  const { caller, identity } = await world.make.workload()
  const { token } = await issueJwt(caller, ['orders', 'https://billing.example'])
  const claims = decodeJwt(token)
  expect(claims.sub).toBe(`spiffe://mayfly.internal/development/service/${identity.name}`)
  expect(claims.aud).toEqual(['orders', 'https://billing.example'])
  expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBeLessThanOrEqual(300)
  expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBeGreaterThan(290)
  await expect(
    jwtVerify(token, createLocalJWKSet(await bundleKeys()), { audience: 'payroll' }),
    'control: another audience',
  ).rejects.toThrow('aud')
  expect(Object.keys(claims).toSorted()).toEqual(['aud', 'exp', 'iat', 'jti', 'sub'])
})

test('[J5] nobody gets one without an audience, nor with an empty or doubled one', async () => {
  const { caller } = await world.make.workload()
  for (const audiences of [
    undefined,
    [],
    [''],
    [' '],
    ['orders', 'orders'],
    Array.from({ length: 11 }, (_, at) => `a${at}`),
  ]) {
    const answer = await caller.ask({ method: 'POST', path: '/v1/svids/jwt' }, { body: { audiences } })
    expect(answer.status, JSON.stringify(audiences)).toBe(400)
  }
})

test('[J6] its jti names the row of the SVID, and never comes twice', async () => {
  const { caller } = await world.make.workload()
  const tokens = await Promise.all(Array.from({ length: 10 }, () => issueJwt(caller, ['orders'])))
  const ids = tokens.map(({ token }) => decodeJwt(token).jti ?? '')
  expect(new Set(ids).size).toBe(10)
  const rows = await world.sql<{ count: number }>(
    `select count(*)::int as count from svid where kind = 'jwt' and state = 'live' and serial_number = any($1)`,
    [ids],
  )
  expect(rows[0]?.count).toBe(10)
})

test('a policy that asks for bound credentials gets X509-SVIDs only', async () => {
  const text = `@id("all") permit (principal is Person, action, resource);
    @id("tokens") permit (principal, action == Action::"token.issue", resource);
    @id("bound") @require_binding("key") permit (principal, action == Action::"svid.issue", resource);`
  const { items } = await world.admin.get<{ items: { policy_version_id: string; state: string }[] }>(
    'GET',
    '/v1/policies',
  )
  const former = items.find((each) => each.state === 'active')?.policy_version_id ?? ''
  const draft = await world.admin.get<{ policy_version_id: string }>('POST', '/v1/policies', { text, note: 'bound' })
  const { caller } = await world.make.workload()
  await issueJwt(caller, ['orders'])
  await world.admin.get('POST', `/v1/policies/${draft.policy_version_id}/activate`, {})
  const denied = await caller.ask({ method: 'POST', path: '/v1/svids/jwt' }, { body: { audiences: ['orders'] } })
  expect(denied.status, denied.text).toBe(403)
  expect(denied.json).toMatchObject({ code: 'policy_denied', reasons: [{ code: 'binding_not_offered' }] })
  expect((await caller.ask({ method: 'POST', path: '/v1/svids/x509' }, { body: { make_key: true } })).status).toBe(201)
  // Back, so that the other tests have what they began with.
  const again = await world.admin.get<{ text: string }>('GET', `/v1/policies/${former}`)
  const next = await world.admin.get<{ policy_version_id: string }>('POST', '/v1/policies', {
    text: `${again.text}\n`,
    note: 'back',
  })
  await world.admin.get('POST', `/v1/policies/${next.policy_version_id}/activate`, {})
  await issueJwt(caller, ['orders'])
})
