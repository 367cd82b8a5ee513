import { randomUUID } from 'node:crypto'
import { newId, type TenantId } from '@mayfly/domain'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { authenticateAccessToken } from '../../../packages/server/src/application/proof/authenticate.ts'
import { ensureKeys } from '../../../packages/server/src/application/proof/ensure-keys.ts'
import { registerBinding } from '../../../packages/server/src/application/registry/register-binding.ts'
import {
  retireIdentity,
  suspendIdentity,
} from '../../../packages/server/src/application/registry/change-identity-state.ts'
import { ensureTenant } from '../../../packages/server/src/store/tenant-rows.ts'
import {
  postForm,
  type ProofServer,
  proveWithKey,
  proveWithToken,
  registerBoundKeys,
  registerOidc,
  registerWorkload,
  startProofServer,
} from './proof-server.ts'
import { startTestIssuer } from './test-issuer.ts'

const subject = 'repo:acme/orders:ref:refs/heads/main'

/** A server with a workload that proves itself in either way, and a service that introspects. */
async function serverWithWorkload() {
  const server = await startProofServer()
  const issuer = await startTestIssuer({ now: server.clock.now })
  await registerOidc(server, issuer.url)
  await registerBoundKeys(server)
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true })
  const watcherKey = await generateKeyPair('RS256', { extractable: true })
  const workload = await registerWorkload(server, { name: 'nightly-report', trustProvider: 'builds', subject })
  const watcher = await registerWorkload(server, {
    name: 'resource-server',
    trustProvider: 'keys',
    publicJwk: await exportJWK(watcherKey.publicKey),
  })
  await server.change(async (change) => {
    await registerBinding(change, {
      trustProvider: 'keys',
      identity: 'nightly-report',
      publicJwk: await exportJWK(publicKey),
    })
  })
  const sign = (id: string, key: typeof privateKey, alg: string) => {
    const nowSeconds = Math.floor(server.clock.now().getTime() / 1000)
    return new SignJWT({ iss: id, sub: id, aud: server.url, iat: nowSeconds, exp: nowSeconds + 60, jti: randomUUID() })
      .setProtectedHeader({ alg })
      .sign(key)
  }
  const grants = {
    'jwt-bearer': async () => proveWithToken(server, issuer.token()),
    client_credentials: async () => proveWithKey(server, await sign(workload.identityId, privateKey, 'EdDSA')),
  }
  return {
    server,
    issuer,
    workload,
    grants,
    watcherToken: async () =>
      String(
        (await proveWithKey(server, await sign(watcher.identityId, watcherKey.privateKey, 'RS256'))).body[
          'access_token'
        ],
      ),
    watcherAssertion: () => sign(watcher.identityId, watcherKey.privateKey, 'RS256'),
    async [Symbol.asyncDispose]() {
      await issuer[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

type Setting = Awaited<ReturnType<typeof serverWithWorkload>>

async function introspect(at: Setting, bearer: string, token: string) {
  return postForm(`${at.server.url}/oauth/introspect`, { token }, { authorization: `Bearer ${bearer}` })
}

async function asIntruder(server: ProofServer, statement: string): Promise<void> {
  await server.change(async ({ tx }) => {
    await sql.raw(statement).execute(tx.query)
  })
}

/** What ends the authority of an identity; each must close every way to a token, and every token that is out. */
const endings: Record<string, (at: Setting) => Promise<unknown>> = {
  'is suspended': (at) => at.server.change((change) => suspendIdentity(change, 'nightly-report', {})),
  'is retired': (at) => at.server.change((change) => retireIdentity(change, 'nightly-report', {})),
  'has expired': (at) =>
    asIntruder(at.server, `update identity set expires_at = now() - interval '1 second' where name = 'nightly-report'`),
  'has no owner any more': (at) => asIntruder(at.server, `update owner set state = 'departed'`),
  'has a retired trust provider': (at) =>
    asIntruder(at.server, `update trust_provider set state = 'retired' where name in ('builds', 'keys')`),
  'has retired bindings': (at) =>
    asIntruder(at.server, `update binding set state = 'retired' where identity_id = '${at.workload.identityId}'`),
}

for (const [ending, end] of Object.entries(endings)) {
  test(`an identity that ${ending} gets no token by any grant, and those that are out end at once`, async () => {
    await using at = await serverWithWorkload()
    const watcher = await at.watcherToken()
    const out: string[] = []
    for (const [grant, prove] of Object.entries(at.grants)) {
      const answer = await prove()
      expect({ grant, status: answer.status }, 'control').toEqual({ grant, status: 200 })
      out.push(String(answer.body['access_token']))
    }
    for (const token of out) {
      expect((await introspect(at, watcher, token)).body, 'control').toMatchObject({ active: true })
      await authenticateAccessToken(at.server.proof, { token: token, scheme: 'Bearer' })
    }

    await end(at)

    for (const [grant, prove] of Object.entries(at.grants)) {
      const answer = await prove()
      expect({ grant, granted: 'access_token' in answer.body }).toEqual({ grant, granted: false })
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.status).toBeLessThan(500)
    }
    for (const token of out) {
      await expect(authenticateAccessToken(at.server.proof, { token: token, scheme: 'Bearer' })).rejects.toMatchObject({
        code: 'token_invalid',
      })
    }
  })
}

test('a denial says why, and leaves a decision and one entry', async () => {
  await using at = await serverWithWorkload()
  await asIntruder(at.server, `update identity set state = 'suspended' where name = 'nightly-report'`)
  const before = await at.server.entries()
  const answer = await at.grants['jwt-bearer']()
  expect(answer.status).toBe(400)
  expect(answer.body).toMatchObject({
    error: 'unauthorized_client',
    decision_id: expect.any(String),
    reasons: [{ code: 'identity_suspended' }],
  })
  const added = (await at.server.entries()).slice(before.length)
  expect(added.map((entry) => entry.action)).toEqual(['decision.denied'])
})

test('[RFC7662 2.2] introspection tells a live token to a permitted caller, and of all else only that it is not active', async () => {
  await using at = await serverWithWorkload()
  const watcher = await at.watcherToken()
  const token = String((await at.grants['jwt-bearer']()).body['access_token'])
  const live = await introspect(at, watcher, token)
  expect(live.headers.get('cache-control')).toBe('no-store')
  expect(live.body).toMatchObject({
    active: true,
    token_type: 'Bearer',
    client_id: at.workload.identityId,
    sub: 'spiffe://example.org/development/service/nightly-report',
    iss: at.server.url,
    aud: at.server.url,
  })
  const byAssertion = await postForm(`${at.server.url}/oauth/introspect`, {
    token,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await at.watcherAssertion(),
  })
  expect(byAssertion.body, 'the caller may authenticate with its key too').toMatchObject({ active: true })

  for (const other of ['', 'x', 'a.b.c', `${token}x`, token.slice(0, -4), at.issuer.token()]) {
    const answer = await introspect(at, watcher, other === '' ? ' ' : other)
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({ active: false })
  }
  expect((await postForm(`${at.server.url}/oauth/introspect`, { token })).status, 'nobody').toBe(401)
  expect((await introspect(at, 'nonsense', token)).status, 'a bad caller').toBe(401)
  expect((await introspect(at, watcher, token)).body, 'control').toMatchObject({ active: true })

  at.server.clock.forward(301)
  const later = await at.watcherToken()
  expect((await introspect(at, later, token)).body, 'expired').toEqual({ active: false })
})

test('[RFC7662 2.1] a caller whom no policy permits may not introspect', async () => {
  await using at = await serverWithWorkload()
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const job = await registerWorkload(at.server, {
    name: 'batch-job',
    kind: 'job',
    trustProvider: 'keys',
    publicJwk: await exportJWK(publicKey),
  })
  const nowSeconds = Math.floor(at.server.clock.now().getTime() / 1000)
  const assertion = await new SignJWT({
    iss: job.identityId,
    sub: job.identityId,
    aud: at.server.url,
    iat: nowSeconds,
    exp: nowSeconds + 60,
    jti: randomUUID(),
  })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(privateKey)
  const bearer = String((await proveWithKey(at.server, assertion)).body['access_token'])
  const answer = await introspect(at, bearer, bearer)
  expect(answer.status).toBe(403)
  expect(answer.body).toMatchObject({ error: 'insufficient_scope', decision_id: expect.any(String) })
})

test('[RFC7009 2.2] a holder gives its token back: it ends at once; another’s stays', async () => {
  await using at = await serverWithWorkload()
  const watcher = await at.watcherToken()
  const token = String((await at.grants['jwt-bearer']()).body['access_token'])
  const revoke = (bearer: string, what: string) =>
    postForm(`${at.server.url}/oauth/revoke`, { token: what }, { authorization: `Bearer ${bearer}` })
  expect((await revoke(watcher, token)).status, 'of another: no effect, and no word').toBe(200)
  expect((await introspect(at, watcher, token)).body).toMatchObject({ active: true })
  expect((await revoke(watcher, 'unknown')).status).toBe(200)

  expect((await revoke(token, token)).status).toBe(200)
  expect((await introspect(at, watcher, token)).body).toEqual({ active: false })
  const entries = await at.server.entries()
  expect(entries.filter((entry) => entry.action === 'access_token.revoked')).toHaveLength(1)
  expect((await revoke(token, token)).status, 'a dead token authenticates nobody').toBe(401)
})

test('requests that are not as OAuth wants them are refused in its own words', async () => {
  await using at = await serverWithWorkload()
  const url = `${at.server.url}/oauth/token`
  const cases: readonly (readonly [string, string, number, string])[] = [
    ['nothing', '', 400, 'invalid_request'],
    ['no grant type', 'assertion=x', 400, 'invalid_request'],
    ['an unknown grant type', 'grant_type=password&username=a&password=b', 400, 'unsupported_grant_type'],
    ['a parameter twice', 'grant_type=client_credentials&grant_type=client_credentials', 400, 'invalid_request'],
    [
      'no assertion',
      `grant_type=${encodeURIComponent('urn:ietf:params:oauth:grant-type:jwt-bearer')}`,
      400,
      'invalid_request',
    ],
    ['no client authentication', 'grant_type=client_credentials', 401, 'invalid_client'],
    ['a password', 'grant_type=client_credentials&client_id=a&client_secret=b', 401, 'invalid_client'],
    ['a scope', 'grant_type=client_credentials&scope=admin', 400, 'invalid_scope'],
    ['a resource that is no URI', 'grant_type=client_credentials&resource=other', 400, 'invalid_target'],
    // Which resources there are is for those to know who have proven who they are.
    ['another resource', 'grant_type=client_credentials&resource=https%3A%2F%2Fother.example', 401, 'invalid_client'],
    ['too much', `grant_type=${'x'.repeat(70_000)}`, 413, 'invalid_request'],
  ]
  for (const [name, body, status, error] of cases) {
    const answer = await postForm(url, body)
    expect({ name, status: answer.status, error: answer.body['error'] }).toEqual({ name, status, error })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.body['error_description']).toMatch(/^[\x20-\x7e]+$/)
  }
  const json = await postForm(url, '{}', { 'content-type': 'application/json' })
  expect(json.body).toMatchObject({ error: 'invalid_request' })
  const basic = await postForm(url, { grant_type: 'client_credentials' }, { authorization: 'Basic YTpi' })
  expect([basic.status, basic.body['error']]).toEqual([401, 'invalid_client'])
})

test('each tenant has an issuer and keys of its own, and no token crosses', async () => {
  await using at = await serverWithWorkload()
  const other = newId<TenantId>()
  await at.server.proof.database.outsideTenants((query) =>
    ensureTenant(query, { tenant_id: other, name: 'acme', created_at: new Date() }),
  )
  await ensureKeys(at.server.proof, other)
  const metadata = async (path: string) =>
    (await (await fetch(`${at.server.url}/.well-known/oauth-authorization-server${path}`)).json()) as Record<
      string,
      string
    >
  expect((await metadata('/t/acme'))['issuer']).toBe(`${at.server.url}/t/acme`)
  expect((await metadata(''))['issuer']).toBe(at.server.url)
  const keysOf = async (path: string) =>
    ((await (await fetch(`${at.server.url}${path}/oauth/jwks`)).json()) as { keys: { kid: string }[] }).keys.map(
      (key) => key.kid,
    )
  const [own, theirs] = [await keysOf(''), await keysOf('/t/acme')]
  expect(own).toHaveLength(1)
  expect(theirs).toHaveLength(1)
  expect(theirs).not.toEqual(own)
  expect((await fetch(`${at.server.url}/t/nobody/oauth/jwks`)).status).toBe(404)

  const crossed = await postForm(`${at.server.url}/t/acme/oauth/token`, {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: at.issuer.token(),
  })
  expect(crossed.body, "the default tenant's issuer is unknown there").toMatchObject({ reason: 'issuer_unknown' })
  const watcher = await at.watcherToken()
  const asked = await postForm(
    `${at.server.url}/t/acme/oauth/introspect`,
    { token: watcher },
    { authorization: `Bearer ${watcher}` },
  )
  expect(asked.status).toBe(401)
})
