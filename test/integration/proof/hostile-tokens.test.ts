import { createHmac, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { proveWithToken, type ProofServer, registerOidc, registerWorkload, startProofServer } from './proof-server.ts'
import { encodePart, type IssuerKey, makeIssuerKey, signJwt, startTestIssuer, type TestIssuer } from './test-issuer.ts'

const subject = 'repo:acme/orders:ref:refs/heads/main'

/** Refused, each for its own reason. The control is a good token before and after all of them. */
const hostile: readonly (readonly [
  name: string,
  reason: string,
  make: (issuer: TestIssuer, key: IssuerKey, server: ProofServer) => string,
])[] = [
  ['is unsigned', 'proof_malformed', (issuer) => issuer.token().replace(/[^.]+$/, '')],
  ['says alg none', 'proof_malformed', (issuer) => `${encodePart({ alg: 'none' })}.${issuer.token().split('.')[1]}.`],
  [
    'says alg none and has a signature',
    'algorithm_not_allowed',
    (issuer) => issuer.token({}, { header: { alg: 'none' } }),
  ],
  [
    'is an HMAC keyed with the public key',
    'algorithm_not_allowed',
    (issuer, key) => {
      const [, claims] = issuer.token().split('.')
      const text = `${encodePart({ alg: 'HS256', kid: key.kid, typ: 'JWT' })}.${claims}`
      const pem = createPublicKey(key.privateKey).export({ format: 'pem', type: 'spki' })
      return `${text}.${createHmac('sha256', pem).update(text).digest('base64url')}`
    },
  ],
  ['names an algorithm of another key type', 'key_unknown', (issuer) => issuer.token({}, { header: { alg: 'RS256' } })],
  [
    'is signed by another key under a known kid',
    'signature_invalid',
    (issuer, key) => issuer.token({}, { key: { ...makeIssuerKey(key.kid), kid: key.kid } }),
  ],
  ['has a kid that is a path', 'key_unknown', (issuer) => issuer.token({}, { header: { kid: '../../etc/passwd' } })],
  ['has a kid that is SQL', 'key_unknown', (issuer) => issuer.token({}, { header: { kid: "x' or '1'='1" } })],
  ['has a kid that is no text', 'proof_malformed', (issuer) => issuer.token({}, { header: { kid: { a: 1 } } })],
  [
    'brings its own key in the header',
    'signature_invalid',
    (issuer, key) => {
      const own = makeIssuerKey('own')
      const jwks = `${issuer.url}/jwks-of-the-attacker`
      const header = { kid: key.kid, jku: jwks, x5u: jwks, jwk: own.publicJwk, x5c: ['MIIB'] }
      return issuer.token({}, { key: own, header })
    },
  ],
  [
    'has an extension that must be understood',
    'proof_malformed',
    (issuer) => issuer.token({}, { header: { crit: ['b64'] } }),
  ],
  ['is an access token by type', 'type_not_allowed', (issuer) => issuer.token({}, { header: { typ: 'at+jwt' } })],
  ['is of another issuer', 'issuer_unknown', (issuer) => issuer.token({ iss: 'https://other.example' })],
  ['is for another audience', 'audience_wrong', (issuer) => issuer.token({ aud: 'someone-else' })],
  ['is for an audience in other case', 'audience_wrong', (issuer) => issuer.token({ aud: 'Mayfly' })],
  ['is for nobody', 'audience_wrong', (issuer) => issuer.token({ aud: undefined })],
  ['is for an empty list', 'audience_wrong', (issuer) => issuer.token({ aud: [] })],
  ['is for an object', 'audience_wrong', (issuer) => issuer.token({ aud: { 0: 'mayfly' } })],
  ['has an empty subject', 'claim_missing', (issuer) => issuer.token({ sub: '' })],
  ['has a subject in other case', 'binding_missing', (issuer) => issuer.token({ sub: subject.toUpperCase() })],
  ['has a subject that only begins the same', 'binding_missing', (issuer) => issuer.token({ sub: `${subject}-x` })],
  ['has a subject that is a list', 'claim_missing', (issuer) => issuer.token({ sub: [subject] })],
  ['lacks a claim of the binding', 'binding_missing', (issuer) => issuer.token({ repository_owner: undefined })],
  ['has that claim in other case', 'binding_missing', (issuer) => issuer.token({ repository_owner: 'Acme' })],
  ['has that claim empty', 'binding_missing', (issuer) => issuer.token({ repository_owner: '' })],
  ['has that claim as a list', 'binding_missing', (issuer) => issuer.token({ repository_owner: ['acme'] })],
  ['has no exp', 'claim_missing', (issuer) => issuer.token({ exp: undefined })],
  ['has an exp that is a text', 'claim_missing', (issuer) => issuer.token({ exp: '99999999999' })],
  ['has an exp beyond all numbers', 'claim_missing', (issuer) => issuer.token({ exp: 1e300 })],
  ['expired', 'proof_expired', (issuer) => issuer.token({ exp: Math.floor(Date.now() / 1000) - 10 })],
  ['is not yet valid', 'proof_not_yet_valid', (issuer) => issuer.token({ nbf: Math.floor(Date.now() / 1000) + 60 })],
  ['is older than allowed', 'proof_too_old', (issuer) => issuer.token({ iat: Math.floor(Date.now() / 1000) - 7200 })],
  ['has a jti that is no text', 'claim_wrong', (issuer) => issuer.token({ jti: 1 })],
  [
    'names a claim twice',
    'proof_malformed',
    (issuer, key) => {
      const iat = Math.floor(Date.now() / 1000)
      const text = `{"iss":"${issuer.url}","sub":"${subject}","aud":"other","aud":"mayfly","iat":${iat},"exp":${iat + 60},"jti":"${randomUUID()}"}`
      return signJwt({ alg: 'ES256', kid: key.kid }, text, key.privateKey)
    },
  ],
  [
    'reaches for the prototype',
    'proof_malformed',
    (_issuer, key) =>
      signJwt({ alg: 'ES256', kid: key.kid }, '{"__proto__":{"sub":"x"},"iss":"a","sub":"b"}', key.privateKey),
  ],
  [
    'is nested deeper than needed',
    'proof_malformed',
    (_, key) => signJwt({ alg: 'ES256', kid: key.kid }, `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`, key.privateKey),
  ],
  ['is huge', 'proof_malformed', (issuer) => issuer.token({ padding: 'x'.repeat(20_000) })],
  [
    'is signed on another curve',
    'key_unknown',
    (issuer) => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
      return issuer.token({}, { key: { ...makeIssuerKey('k1'), privateKey } })
    },
  ],
]

test('[RFC7523 3] tokens that are not what they should be are refused, each with its reason', async () => {
  await using server = await startProofServer()
  await using issuer = await startTestIssuer({ now: server.clock.now })
  await registerOidc(server, issuer.url)
  await registerWorkload(server, {
    name: 'nightly-report',
    trustProvider: 'builds',
    subject,
    claims: { repository_owner: 'acme' },
  })
  const [key] = issuer.keys
  if (key === undefined) throw new Error('the issuer has no key')
  const good = () => issuer.token({ repository_owner: 'acme' })
  // Every hostile token is a good one but for what its name says.
  const nearlyGood: TestIssuer = {
    ...issuer,
    token: (claims, options) => issuer.token({ repository_owner: 'acme', ...claims }, options),
  }
  expect((await proveWithToken(server, good())).status, 'control: a good token').toBe(200)
  const entriesBefore = (await server.entries()).length

  for (const [name, reason, make] of hostile) {
    const answer = await proveWithToken(server, make(nearlyGood, key, server))
    expect({ name, status: answer.status, error: answer.body['error'], reason: answer.body['reason'] }).toEqual({
      name,
      status: 400,
      error: 'invalid_grant',
      reason,
    })
    expect(answer.headers.get('cache-control')).toBe('no-store')
  }

  expect(issuer.strangePaths, 'addresses in headers are never fetched').toEqual([])
  expect((await server.entries()).length, 'a refused proof changes nothing').toBe(entriesBefore)
  expect((await proveWithToken(server, good())).status, 'control: a good token').toBe(200)
})

test('a wrong clock is named as such, with by how much', async () => {
  await using server = await startProofServer()
  await using issuer = await startTestIssuer({ now: server.clock.now })
  await registerOidc(server, issuer.url)
  await registerWorkload(server, { name: 'nightly-report', trustProvider: 'builds', subject })
  const seconds = Math.floor(server.clock.now().getTime() / 1000)
  const ahead = await proveWithToken(server, issuer.token({ iat: seconds + 90, exp: seconds + 600 }))
  expect(ahead.body['error_description']).toMatch(/clock skew: .*(89|90) s in the future.*5 s allowed.*NTP/)
  const within = await proveWithToken(server, issuer.token({ iat: seconds + 3, exp: seconds + 600 }))
  expect(within.status, 'control: three seconds are tolerated').toBe(200)
})

test('one subject for several identities: the claims tell them apart, or the request does', async () => {
  await using server = await startProofServer()
  await using issuer = await startTestIssuer({ now: server.clock.now })
  await registerOidc(server, issuer.url)
  const stages = ['build', 'release'] as const
  const ids: string[] = []
  for (const stage of stages) {
    const { identityId } = await registerWorkload(server, {
      name: `orders-${stage}`,
      trustProvider: 'builds',
      subject,
      claims: { '/job/stage': stage },
    })
    ids.push(identityId)
  }
  const token = (stage: string) => issuer.token({ job: { stage } })
  for (const [index, stage] of stages.entries()) {
    const answer = await proveWithToken(server, token(stage))
    expect(answer.status).toBe(200)
    const other = await proveWithToken(server, token(stage), { client_id: ids[1 - index] ?? '' })
    expect(other.body, 'a client id does not make another claim fit').toMatchObject({ reason: 'binding_missing' })
    expect((await proveWithToken(server, token(stage), { client_id: `orders-${stage}` })).status).toBe(200)
  }
})
