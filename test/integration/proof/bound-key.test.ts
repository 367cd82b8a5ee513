import { randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, jwtVerify, createRemoteJWKSet, SignJWT } from 'jose'
import * as oauth from 'oauth4webapi'
import { expect, test } from 'vitest'
import { proveWithKey, registerBoundKeys, registerWorkload, startProofServer } from './proof-server.ts'

async function serverWithClient() {
  const server = await startProofServer()
  await registerBoundKeys(server)
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const workload = await registerWorkload(server, {
    name: 'orders-worker',
    trustProvider: 'keys',
    publicJwk: await exportJWK(publicKey),
  })
  const assertion = (claims: Record<string, unknown> = {}, key: typeof privateKey = privateKey, header = {}) => {
    const nowSeconds = Math.floor(server.clock.now().getTime() / 1000)
    return new SignJWT({
      iss: workload.identityId,
      sub: workload.identityId,
      aud: server.url,
      iat: nowSeconds,
      exp: nowSeconds + 60,
      jti: randomUUID(),
      ...claims,
    })
      .setProtectedHeader({ alg: 'ES256', ...header })
      .sign(key)
  }
  return {
    server,
    workload,
    privateKey,
    assertion,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

test('an OAuth client of other authors discovers the server, gets a token, and the token verifies by the published keys', async () => {
  await using at = await serverWithClient()
  const allowed = { [oauth.allowInsecureRequests]: true }
  const issuer = new URL(at.server.url)
  const discovered = await oauth.discoveryRequest(issuer, { ...allowed, algorithm: 'oauth2' })
  const as = await oauth.processDiscoveryResponse(issuer, discovered)
  const client = { client_id: at.workload.identityId }
  const answer = await oauth.clientCredentialsGrantRequest(
    as,
    client,
    oauth.PrivateKeyJwt(at.privateKey),
    new URLSearchParams(),
    allowed,
  )
  const token = await oauth.processClientCredentialsResponse(as, client, answer)
  expect(token).toMatchObject({ token_type: 'bearer' })
  expect(token.expires_in).toBeGreaterThan(0)
  expect(token.expires_in).toBeLessThanOrEqual(300)

  const keys = createRemoteJWKSet(new URL(as.jwks_uri ?? ''))
  const { payload, protectedHeader } = await jwtVerify(token.access_token, keys, {
    issuer: as.issuer,
    audience: as.issuer,
    typ: 'at+jwt',
    algorithms: ['ES256'],
    requiredClaims: ['iss', 'sub', 'aud', 'client_id', 'iat', 'exp', 'jti'],
  })
  expect(payload).toMatchObject({
    client_id: at.workload.identityId,
    sub: 'spiffe://example.org/development/service/orders-worker',
  })
  expect(protectedHeader.kid).toEqual(expect.any(String))
})

test('what is wrong with an assertion is refused as invalid_client', async () => {
  await using at = await serverWithClient()
  const stranger = await generateKeyPair('ES256')
  const nowSeconds = Math.floor(Date.now() / 1000)
  const wrong: Record<string, Promise<string>> = {
    'another key': at.assertion({}, stranger.privateKey),
    'for several audiences': at.assertion({ aud: [at.server.url, 'https://other.example'] }),
    'for another audience': at.assertion({ aud: 'https://other.example' }),
    'for no audience': at.assertion({ aud: undefined }),
    'of another issuer': at.assertion({ iss: 'someone' }),
    'without jti': at.assertion({ jti: undefined }),
    'ends too late': at.assertion({ exp: nowSeconds + 3600 }),
    'has ended': at.assertion({ exp: nowSeconds - 30, iat: nowSeconds - 60 }),
    'of a client that does not exist': at.assertion({ iss: randomUUID(), sub: randomUUID() }),
    'an access token by type': at.assertion({}, at.privateKey, { typ: 'at+jwt' }),
    'with a kid of nobody': at.assertion({}, at.privateKey, { kid: 'nobody' }),
    'no JWT': Promise.resolve('a.b.c'),
  }
  for (const [name, made] of Object.entries(wrong)) {
    const answer = await proveWithKey(at.server, await made)
    expect({ name, status: answer.status, error: answer.body['error'] }).toEqual({
      name,
      status: 401,
      error: 'invalid_client',
    })
    expect(answer.headers.get('www-authenticate')).toContain('Bearer')
    expect(answer.headers.get('cache-control')).toBe('no-store')
  }
  expect((await proveWithKey(at.server, await at.assertion())).status, 'control: a good one').toBe(200)
  const byName = await at.assertion({ iss: 'orders-worker', sub: 'orders-worker' })
  expect((await proveWithKey(at.server, byName)).status, 'control: the identity by its name').toBe(200)
  const list = await at.assertion({ aud: [`${at.server.url}/oauth/token`] })
  expect((await proveWithKey(at.server, list)).status, 'control: the token endpoint as the one audience').toBe(200)
})

test('an unknown client hears exactly what a known one with a wrong key hears', async () => {
  await using at = await serverWithClient()
  const stranger = await generateKeyPair('ES256')
  const id = randomUUID()
  const unknown = await proveWithKey(at.server, await at.assertion({ iss: id, sub: id }, stranger.privateKey))
  const known = await proveWithKey(at.server, await at.assertion({}, stranger.privateKey))
  expect(unknown.body).toEqual(known.body)
})

test('of many requests with one assertion exactly one gets a token', async () => {
  await using at = await serverWithClient()
  const assertion = await at.assertion()
  const answers = await Promise.all(Array.from({ length: 20 }, () => proveWithKey(at.server, assertion)))
  expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1)
  const others = answers.filter((answer) => answer.status !== 200)
  expect(new Set(others.map((answer) => answer.body['reason']))).toEqual(new Set(['proof_replayed']))
  const accepted = (await at.server.entries()).filter((entry) => entry.action === 'attestation.accepted')
  expect(accepted).toHaveLength(1)
})

test('requests at once share commits, and each is answered for itself', async () => {
  await using at = await serverWithClient()
  const stranger = await generateKeyPair('ES256')
  const made = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      index % 4 === 3 ? at.assertion({}, stranger.privateKey) : at.assertion(),
    ),
  )
  const answers = await Promise.all(made.map((assertion) => proveWithKey(at.server, assertion)))
  expect(answers.map((answer) => answer.status)).toEqual(made.map((_, index) => (index % 4 === 3 ? 401 : 200)))
  const accepted = (await at.server.entries()).filter((entry) => entry.action === 'attestation.accepted')
  expect(accepted).toHaveLength(30)
})
