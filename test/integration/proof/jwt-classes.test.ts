/**
 * Classes of fault that concern signed tokens, for every kind of trust provider that takes a JWT alike. A new kind is a
 * line in `kinds`.
 */
import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { Secret } from '@mayfly/provider-kit'
import { describe, expect, test } from 'vitest'
import { registerTrustProvider } from '../../../packages/server/src/application/registry/register-trust-provider.ts'
import {
  type OAuthAnswer,
  type ProofServer,
  proveWithKey,
  proveWithToken,
  registerBoundKeys,
  registerOidc,
  registerWorkload,
  startProofServer,
} from './proof-server.ts'
import { startClusterApi } from './test-cluster-api.ts'
import { encodePart, makeIssuerKey, signJwt, startTestIssuer } from './test-issuer.ts'

type Claims = Record<string, unknown>

interface Scene extends AsyncDisposable {
  readonly server: ProofServer
  readonly key: KeyObject
  readonly kid: string
  readonly alg: string
  /** A good token's claims, new each time. */
  claims(): Claims
  readonly audience: string
  prove(token: string): Promise<OAuthAnswer>
  /** Requests that a hostile header caused somewhere. */
  readonly strange: () => readonly string[]
}

async function openOidc(): Promise<Scene> {
  const server = await startProofServer()
  const issuer = await startTestIssuer({ now: server.clock.now })
  await registerOidc(server, issuer.url)
  const subject = 'repo:acme/orders:ref:refs/heads/main'
  await registerWorkload(server, { name: 'report', trustProvider: 'builds', subject, claims: { stage: 'build' } })
  const [key] = issuer.keys
  if (key === undefined) throw new Error('the issuer has no key')
  return {
    server,
    key: key.privateKey,
    kid: key.kid,
    alg: key.alg,
    audience: 'mayfly',
    claims: () => ({
      iss: issuer.url,
      sub: subject,
      aud: 'mayfly',
      stage: 'build',
      ...times(server),
      jti: randomUUID(),
    }),
    prove: (token) => proveWithToken(server, token),
    strange: () => issuer.strangePaths,
    async [Symbol.asyncDispose]() {
      await issuer[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

async function openCluster(): Promise<Scene> {
  let now = () => new Date()
  const api = await startClusterApi({ now: () => now() })
  const server = await startProofServer({
    clusterReviewer: {
      apiUrl: api.url,
      read: async () => ({ token: new Secret(api.reviewerToken), caPem: api.caPem }),
    },
  })
  now = server.clock.now
  await server.change((change) =>
    registerTrustProvider(change, {
      name: 'cluster',
      kind: 'kubernetes',
      settings: { issuer: api.issuer, api_server: api.url, audiences: ['mayfly'] },
    }),
  )
  const subject = 'system:serviceaccount:shop:report'
  await registerWorkload(server, { name: 'report', trustProvider: 'cluster', subject, claims: { namespace: 'shop' } })
  const pod = api.start()
  return {
    server,
    key: api.key.privateKey,
    kid: api.key.kid,
    alg: api.key.alg,
    audience: 'mayfly',
    claims: () => ({
      iss: api.issuer,
      sub: subject,
      aud: 'mayfly',
      ...times(server),
      jti: randomUUID(),
      'kubernetes.io': { namespace: 'shop', pod: { name: pod.name, uid: pod.uid } },
    }),
    prove: (token) => proveWithToken(server, token),
    strange: () => [],
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await api[Symbol.asyncDispose]()
    },
  }
}

async function openSpiffe(): Promise<Scene> {
  const server = await startProofServer()
  const key = makeIssuerKey('svid-key')
  const { use: _use, alg: _alg, ...jwk } = key.publicJwk as typeof key.publicJwk & { use: string; alg: string }
  const otherUse = makeIssuerKey('authority')
  const bundle = {
    keys: [
      { ...jwk, use: 'jwt-svid' },
      { ...otherUse.publicJwk, use: 'wit-svid' },
    ],
  }
  await server.change((change) =>
    registerTrustProvider(change, {
      name: 'mesh',
      kind: 'spiffe',
      settings: { trust_domain: 'shop.example', bundle: { from: 'static', bundle: JSON.stringify(bundle) } },
    }),
  )
  const subject = 'spiffe://shop.example/report'
  await registerWorkload(server, { name: 'report', trustProvider: 'mesh', subject })
  return {
    server,
    key: key.privateKey,
    kid: key.kid,
    alg: key.alg,
    audience: server.url,
    claims: () => ({ sub: subject, aud: server.url, ...times(server), jti: randomUUID() }),
    prove: (token) => proveWithToken(server, token),
    strange: () => [],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

async function openBoundKey(): Promise<Scene> {
  const server = await startProofServer()
  await registerBoundKeys(server)
  const key = makeIssuerKey('bound')
  const {
    kid: _kid,
    use: _use,
    alg: _alg,
    ...jwk
  } = key.publicJwk as typeof key.publicJwk & { use: string; alg: string }
  await registerWorkload(server, { name: 'report', trustProvider: 'keys', publicJwk: jwk })
  const { subject: kid } = await server.change(({ tx }) =>
    tx.query.selectFrom('binding').select('subject').executeTakeFirstOrThrow(),
  )
  return {
    server,
    key: key.privateKey,
    kid,
    alg: key.alg,
    audience: server.url,
    claims: () => {
      const { iat, exp } = times(server)
      return { iss: 'report', sub: 'report', aud: server.url, iat, exp: Math.min(exp, iat + 60), jti: randomUUID() }
    },
    prove: (token) => proveWithKey(server, token),
    strange: () => [],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

function times(server: ProofServer): { iat: number; exp: number } {
  const iat = Math.floor(server.clock.now().getTime() / 1000)
  return { iat, exp: iat + 300 }
}

const kinds = { oidc: openOidc, kubernetes: openCluster, spiffe: openSpiffe, bound_key: openBoundKey } as const

const jwt = (scene: Scene, header: Claims, claims: unknown, key = scene.key) =>
  signJwt({ alg: scene.alg, kid: scene.kid, ...header }, claims, key)

/** JSON in which a member stands twice, as no object can say it. */
const doubled = (claims: Claims, name: string, first: unknown) =>
  `{${JSON.stringify(name)}:${JSON.stringify(first)},${JSON.stringify(claims).slice(1)}`

const hostile: Record<string, (scene: Scene) => string> = {
  'is not signed': (scene) => `${encodePart({ alg: 'none', kid: scene.kid })}.${encodePart(scene.claims())}.`,
  'says that it is not signed, and is': (scene) => jwt(scene, { alg: 'none' }, scene.claims()),
  'is signed by HMAC with the public key': (scene) => {
    const text = `${encodePart({ alg: 'HS256', kid: scene.kid })}.${encodePart(scene.claims())}`
    const secret = createPublicKey(scene.key).export({ type: 'spki', format: 'pem' })
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
  },
  'names another algorithm than its key has': (scene) =>
    jwt(scene, { alg: scene.alg === 'ES256' ? 'RS256' : 'ES256' }, scene.claims()),
  'names an algorithm in another case': (scene) => jwt(scene, { alg: scene.alg.toLowerCase() }, scene.claims()),
  'is signed by somebody else under a known name': (scene) =>
    jwt(
      scene,
      {},
      scene.claims(),
      scene.alg === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
        : generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
    ),
  'names its key by a path': (scene) =>
    jwt(
      scene,
      { kid: '../../dev/null' },
      scene.claims(),
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
    ),
  'names its key by SQL': (scene) =>
    jwt(scene, { kid: "' or 1=1 --" }, scene.claims(), generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
  'brings its own key': (scene) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    return jwt(scene, { alg: 'ES256', jwk: publicKey.export({ format: 'jwk' }) }, scene.claims(), privateKey)
  },
  'says where its key is': (scene) => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const url = `${scene.server.url}/evil`
    return jwt(scene, { alg: 'ES256', jku: url, x5u: url }, scene.claims(), privateKey)
  },
  'has an extension that must be understood': (scene) => jwt(scene, { crit: ['b64'], b64: false }, scene.claims()),
  'is an access token by its type': (scene) => jwt(scene, { typ: 'at+jwt' }, scene.claims()),
  'is a DPoP proof by its type': (scene) => jwt(scene, { typ: 'dpop+jwt' }, scene.claims()),
  'is a logout token by its type': (scene) => jwt(scene, { typ: 'logout+jwt' }, scene.claims()),
  'is for somebody else': (scene) => jwt(scene, {}, { ...scene.claims(), aud: 'https://other.example' }),
  'is for us in another case': (scene) => jwt(scene, {}, { ...scene.claims(), aud: scene.audience.toUpperCase() }),
  'is for nobody': (scene) => jwt(scene, {}, { ...scene.claims(), aud: [] }),
  'does not say for whom': (scene) => jwt(scene, {}, { ...scene.claims(), aud: undefined }),
  'is for us within a text': (scene) => jwt(scene, {}, { ...scene.claims(), aud: ` ${scene.audience} ` }),
  'hides whom it is for in an object': (scene) => jwt(scene, {}, { ...scene.claims(), aud: { 0: scene.audience } }),
  'says twice whom it is for': (scene) => jwt(scene, {}, doubled(scene.claims(), 'aud', 'https://other.example')),
  'says twice who it is': (scene) => jwt(scene, {}, doubled(scene.claims(), 'sub', 'spiffe://shop.example/admin')),
  'is nobody': (scene) => jwt(scene, {}, { ...scene.claims(), sub: '' }),
  'is a list of names': (scene) => jwt(scene, {}, { ...scene.claims(), sub: [scene.claims()['sub']] }),
  'is us in another case': (scene) =>
    jwt(scene, {}, { ...scene.claims(), sub: String(scene.claims()['sub']).toUpperCase() }),
  'is over': (scene) =>
    jwt(scene, {}, { ...scene.claims(), exp: Math.floor(scene.server.clock.now().getTime() / 1000) - 30 }),
  'never ends': (scene) => jwt(scene, {}, { ...scene.claims(), exp: undefined }),
  'ends at a text': (scene) => jwt(scene, {}, { ...scene.claims(), exp: '9999999999' }),
  'is of the future': (scene) => {
    const later = Math.floor(scene.server.clock.now().getTime() / 1000) + 120
    return jwt(scene, {}, { ...scene.claims(), iat: later, nbf: later, exp: later + 60 })
  },
  'was made long ago': (scene) =>
    jwt(scene, {}, { ...scene.claims(), iat: Math.floor(scene.server.clock.now().getTime() / 1000) - 100_000 }),
  'is huge': (scene) => jwt(scene, {}, { ...scene.claims(), padding: 'x'.repeat(20_000) }),
  'is nested deeper than needed': (scene) => {
    const text = JSON.stringify(scene.claims())
    return jwt(scene, {}, `${text.slice(0, -1)},"deep":${'['.repeat(60)}${']'.repeat(60)}}`)
  },
  'reaches for the prototype': (scene) =>
    jwt(scene, {}, `{"__proto__":{"sub":"x"},${JSON.stringify(scene.claims()).slice(1)}`),
  'has four parts': (scene) => `${jwt(scene, {}, scene.claims())}.x`,
  'is no base64url': (scene) => jwt(scene, {}, scene.claims()).replace('.', '.='),
  'is JSON in place of the compact form': (scene) => {
    const [header, payload, signature] = jwt(scene, {}, scene.claims()).split('.')
    return JSON.stringify({ payload, protected: header, signature })
  },
}

describe.each(Object.entries(kinds))('kind %s', (kind, open) => {
  test('a token of every class of fault is refused, changes nothing, and a good one is not', async () => {
    await using scene = await open()
    const good = () => jwt(scene, {}, scene.claims())
    const first = await scene.prove(good())
    expect(first.status, `control: ${JSON.stringify(first.body)}`).toBe(200)
    const before = (await scene.server.entries()).length
    for (const [name, make] of Object.entries(hostile)) {
      const { status, body } = await scene.prove(make(scene))
      expect({ kind, name, refused: status === 400 || status === 401, token: body['access_token'] }).toEqual({
        kind,
        name,
        refused: true,
        token: undefined,
      })
    }
    expect((await scene.server.entries()).length, 'a refused proof changes nothing').toBe(before)
    expect(scene.strange(), 'what a header points to is never fetched').toEqual([])
    expect((await scene.prove(good())).status, 'control').toBe(200)
  })

  test('a token counts once, also by many at once', async () => {
    await using scene = await open()
    const token = jwt(scene, {}, scene.claims())
    const answers = await Promise.all(Array.from({ length: 6 }, () => scene.prove(token)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    const others = answers.filter(({ status }) => status !== 200)
    expect(others.map(({ body }) => body['reason'])).toEqual(Array<string>(5).fill('proof_replayed'))
  })
})

test('a token of one kind is nothing to another: each finds its own trust provider or none', async () => {
  await using oidc = await openOidc()
  await using spiffe = await openSpiffe()
  const asSvid = await spiffe.prove(jwt(oidc, {}, { ...oidc.claims(), aud: spiffe.audience }))
  expect(asSvid.body).toMatchObject({ reason: 'issuer_unknown' })
  const asId = await oidc.prove(jwt(spiffe, {}, { ...spiffe.claims(), iss: oidc.claims()['iss'], aud: 'mayfly' }))
  expect(asId.status).toBe(400)
  const asAssertion = await proveWithKey(oidc.server, jwt(oidc, {}, oidc.claims()))
  expect(asAssertion.status, 'a platform’s token is no client assertion').toBe(401)
  const granted = await oidc.prove(jwt(oidc, {}, oidc.claims()))
  const access = String(granted.body['access_token'])
  expect((await oidc.prove(access)).status, 'our own access token is no proof').toBe(400)
  expect((await proveWithKey(oidc.server, access)).status).toBe(401)
})

test('[J2] [J4] a JWT-SVID has a key that is named, and no header beside', async () => {
  await using scene = await openSpiffe()
  expect((await scene.prove(jwt(scene, { kid: undefined }, scene.claims()))).body).toMatchObject({
    reason: 'key_unknown',
  })
  for (const header of [{ jku: 'https://x.example' }, { x5c: [] }, { x5t: 'x' }, { cty: 'JWT' }]) {
    expect((await scene.prove(jwt(scene, header, scene.claims()))).body).toMatchObject({ reason: 'proof_malformed' })
  }
  expect((await scene.prove(jwt(scene, { typ: 'jwt' }, scene.claims()))).body, 'exactly').toMatchObject({
    reason: 'type_not_allowed',
  })
  for (const typ of ['JWT', 'JOSE', undefined]) {
    expect((await scene.prove(jwt(scene, { typ }, scene.claims()))).status, 'control').toBe(200)
  }
})

test('[J3] EdDSA is no algorithm of a JWT-SVID, whatever the bundle holds', async () => {
  await using server = await startProofServer()
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const bundle = { keys: [{ ...publicKey.export({ format: 'jwk' }), use: 'jwt-svid', kid: 'ed' }] }
  await server.change((change) =>
    registerTrustProvider(change, {
      name: 'mesh',
      kind: 'spiffe',
      settings: { trust_domain: 'shop.example', bundle: { from: 'static', bundle: JSON.stringify(bundle) } },
    }),
  )
  await registerWorkload(server, { name: 'report', trustProvider: 'mesh', subject: 'spiffe://shop.example/report' })
  const claims = { sub: 'spiffe://shop.example/report', aud: server.url, ...times(server) }
  const answer = await proveWithToken(server, signJwt({ alg: 'EdDSA', kid: 'ed' }, claims, privateKey))
  expect(answer.body).toMatchObject({ reason: 'algorithm_not_allowed' })
})

test('[J5] [J6] [J7] what a JWT-SVID must and may say', async () => {
  await using scene = await openSpiffe()
  const prove = (claims: Claims, key = scene.key, header = {}) =>
    scene.prove(jwt(scene, header, { ...scene.claims(), ...claims }, key))
  for (const sub of [
    'spiffe://shop.example',
    'spiffe://other.example/report',
    'spiffe://shop.example/../report',
    'https://shop.example/report',
  ]) {
    expect((await prove({ sub })).status, sub).toBe(400)
  }
  expect((await prove({ iat: undefined, iss: 'anybody', act: { sub: 'x' } })).status, 'more claims, and no iat').toBe(
    200,
  )
  expect((await prove({ aud: ['https://other.example', scene.audience] })).status, 'several audiences').toBe(200)
  const far = Math.floor(scene.server.clock.now().getTime() / 1000) + 100_000
  expect((await prove({ exp: far })).body).toMatchObject({ reason: 'proof_too_long_lived' })
  const wit = makeIssuerKey('authority')
  expect((await prove({}, wit.privateKey, { kid: 'authority' })).body, 'a key of another use').toMatchObject({
    reason: 'key_unknown',
  })
})

test('[B1] a bundle without keys says that everything is revoked', async () => {
  await using server = await startProofServer()
  await server.change((change) =>
    registerTrustProvider(change, {
      name: 'mesh',
      kind: 'spiffe',
      settings: { trust_domain: 'shop.example', bundle: { from: 'static', bundle: '{"keys":[]}' } },
    }),
  )
  await registerWorkload(server, { name: 'report', trustProvider: 'mesh', subject: 'spiffe://shop.example/report' })
  const key = makeIssuerKey('svid-key')
  const claims = { sub: 'spiffe://shop.example/report', aud: server.url, ...times(server) }
  const answer = await proveWithToken(server, signJwt({ alg: 'ES256', kid: 'svid-key' }, claims, key.privateKey))
  expect(answer.body).toMatchObject({ reason: 'key_unknown' })
})
