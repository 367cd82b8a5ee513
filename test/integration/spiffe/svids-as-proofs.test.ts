/** What was proven with an SVID of our own ends with it, and with the proof that it came of; what was proven with another does not. */
import { createPublicKey, type KeyObject, randomUUID } from 'node:crypto'
import { defaultTenantId } from '@mayfly/domain'
import { privateKeyTokens } from '@mayfly/client'
import { decodeJwt, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { acceptProof } from '../../../packages/server/src/application/proof/accept-proof.ts'
import { registerBinding } from '../../../packages/server/src/application/registry/register-binding.ts'
import { registerTrustProvider } from '../../../packages/server/src/application/registry/register-trust-provider.ts'
import { requestRevocation } from '../../../packages/server/src/application/revocation/request-revocation.ts'
import { findSvidBySerial } from '../../../packages/server/src/store/svid-rows.ts'
import { canLogIn, until } from '../../support/index.ts'
import { type Caller, makeCaller } from '../http/caller.ts'
import { startWorld, type World } from '../http/world.ts'
import { tlsFetch } from '../oauth/tls-fetch.ts'
import { assertionType, jwtBearer, postForm } from '../proof/proof-server.ts'
import { startSpiffe } from './spiffe-fixture.ts'
import { issueJwt, issueX509, makeWorkloadKey } from './spiffe-world.ts'

type Workload = World['worker']

let world: World
beforeAll(async () => {
  world = await startWorld({ MAYFLY_MUTUAL_TLS_LISTEN: '127.0.0.1:0' })
  await world.admin.get('POST', '/v1/trust-providers', {
    name: 'own',
    kind: 'spiffe',
    settings: { trust_domain: 'mayfly.internal', bundle: { from: 'own' } },
    fresh_for_seconds: 3600,
  })
})
afterAll(() => world[Symbol.asyncDispose]())

/** A workload that may also prove itself by its SVID. */
async function workload(trustProvider = 'own'): Promise<Workload> {
  const made = await world.make.workload()
  const identity = await world.admin.get<{ spiffe_id: string }>('GET', `/v1/identities/${made.identity.name}`)
  await world.admin.get('POST', '/v1/bindings', {
    trust_provider: trustProvider,
    identity: made.identity.name,
    subject: identity.spiffe_id,
  })
  return made
}

interface Proven {
  readonly caller: Caller
  readonly attestationId: string
}

/** Proves anew by its key: an attestation of its own each time. */
async function proveByKey({ identity, privateKey }: Workload): Promise<Proven> {
  const tokens = privateKeyTokens({ baseUrl: world.server.url, clientId: identity.name, privateKey })
  return provenBy(await tokens())
}

function provenBy(token: unknown): Proven {
  if (typeof token !== 'string') throw new Error('no token was given')
  return {
    caller: makeCaller(
      world.server.url,
      async () => token,
      () => undefined,
    ),
    attestationId: String(decodeJwt(token)['jti']),
  }
}

const ask = async (form: Record<string, string>) => {
  const { status, body } = await postForm(`${world.server.url}/oauth/token`, form)
  expect(status, JSON.stringify(body)).toBe(200)
  return provenBy(body['access_token'])
}

/** Each way in which an SVID is a proof. */
const ways: Record<string, (svidOf: Proven, who: Workload) => Promise<Proven>> = {
  'the grant of a JWT': async ({ caller }, { identity }) => {
    const { token: assertion } = await issueJwt(caller, [world.server.url])
    return ask({ grant_type: jwtBearer, assertion, client_id: identity.name })
  },
  'a client assertion': async ({ caller }) => {
    const { token } = await issueJwt(caller, [world.server.url])
    const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe'
    return ask({ grant_type: 'client_credentials', client_assertion_type: type, client_assertion: token })
  },
  'mutual TLS': async ({ caller }, { identity }) => proveByCertificate(caller, identity.name),
}

async function proveByCertificate(caller: Caller, clientId: string): Promise<Proven> {
  const { privateKey, spki } = makeWorkloadKey()
  const { certificates } = await issueX509(caller, { public_key: spki })
  using client = tlsFetch({ cert: pemOf(certificates), key: keyPem(privateKey), rejectUnauthorized: false })
  const answer = await client.fetch(`${world.server.mutualTlsUrl}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId }),
  })
  const body = (await answer.json()) as Record<string, unknown>
  expect(answer.status, JSON.stringify(body)).toBe(200)
  // Its token is worth something on that connection only, so what is issued is issued by way of an SVID of its own.
  const token = String(body['access_token'])
  const bound = tlsFetch({ cert: pemOf(certificates), key: keyPem(privateKey), rejectUnauthorized: false })
  opened.push(bound)
  return { caller: callerOver(bound, token), attestationId: String(decodeJwt(token)['jti']) }
}

const opened: Disposable[] = []
afterAll(() => {
  for (const one of opened) one[Symbol.dispose]()
})

function callerOver(client: ReturnType<typeof tlsFetch>, token: string): Caller {
  const send = async (method: string, path: string, body: unknown) => {
    const answer = await client.fetch(`${world.server.mutualTlsUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, headers: answer.headers, text, json: JSON.parse(text) as Record<string, unknown> }
  }
  return {
    token: async () => token,
    ask: ({ method, path }, asked = {}) => send(method, path, asked.body),
    async get<T>(method: string, path: string, body?: unknown) {
      const answer = await send(method, path, body)
      expect(answer.status, answer.text).toBeLessThan(300)
      return answer.json as T
    },
  }
}

function pemOf(ders: readonly string[]): string {
  return ders.map((der) => `-----BEGIN CERTIFICATE-----\n${der}\n-----END CERTIFICATE-----\n`).join('')
}

function keyPem(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }) as string
}

interface Login {
  readonly credentialId: string
  works(): Promise<boolean>
}

/** A login at the database, issued to whoever proved. */
async function logInAs({ caller }: Proven): Promise<Login> {
  const issued = await caller.get<{ credential_id: string; fields: Record<string, string> }>(
    'POST',
    '/v1/credentials',
    { role: world.workerRole },
  )
  const { host, port, database } = world.place
  const { username: user = '', password = '' } = issued.fields
  return {
    credentialId: issued.credential_id,
    works: () => canLogIn({ host, port, database, user, password }),
  }
}

const who = ({ caller }: Proven) =>
  caller.ask({ method: 'GET', path: '/v1/trust-bundles' } as never).then(({ status }) => status)

async function isGone(login: Login): Promise<void> {
  await until(async () => !(await login.works()), { withinMs: 10_000, describe: 'the login is gone' })
}

const preview = (kind: string, ref: string) =>
  world.admin.get<{ total: number; svids: number }>('POST', '/v1/revocations/preview', { selector: { kind, ref } })

const revoke = (kind: string, ref: string, more: object = {}) =>
  world.admin.get<{ revocation_id: string; total: number }>('POST', '/v1/revocations', {
    selector: { kind, ref },
    ...more,
  })

describe('what was proven with an SVID ends with the proof that it came of, at the target, and nothing else does', () => {
  test.each(Object.entries(ways))('by %s', async (_name, proveBySvid) => {
    const orders = await workload()
    const [first, other] = [await proveByKey(orders), await proveByKey(orders)]
    const [mine, kept] = [await proveBySvid(first, orders), await proveBySvid(other, orders)]
    const [login, keptLogin] = [await logInAs(mine), await logInAs(kept)]
    expect([await login.works(), await who(mine)], 'before').toEqual([true, 200])

    const told = await preview('attestation', first.attestationId)
    expect(told, 'the preview counts what rests on it').toMatchObject({ total: 1, svids: 1 })
    const ended = await revoke('attestation', first.attestationId)
    expect(ended.total).toBe(1)
    expect(await who(mine), 'its token is refused from the commit on').toBe(401)
    await isGone(login)
    expect([await keptLogin.works(), await who(kept)], 'control: proven with another SVID').toEqual([true, 200])
  })

  test.each([
    ['trust provider is retired', (name: string) => world.admin.get('POST', `/v1/trust-providers/${name}/retire`, {})],
    [
      'trust provider is worth less',
      (name: string) => world.admin.get('PATCH', `/v1/trust-providers/${name}`, { strength: 'bootstrap' }),
    ],
  ])('when its %s', async (_name, change) => {
    const orders = await workload()
    const other = await proveByKey(orders)
    const key = makeWorkloadKey()
    const keys = await world.make.trustProvider()
    await world.admin.get('POST', '/v1/bindings', {
      trust_provider: keys.name,
      identity: orders.identity.name,
      public_jwk: createPublicKey(key.privateKey).export({ format: 'jwk' }),
    })
    const first = await proveByKey({ ...orders, privateKey: key.privateKey })
    const way = ways['the grant of a JWT']
    if (way === undefined) throw new Error('there is such a way')
    const [mine, kept] = [await way(first, orders), await way(other, orders)]
    const [login, keptLogin] = [await logInAs(mine), await logInAs(kept)]
    expect(await preview('trust_provider', keys.name)).toMatchObject({ total: 1, svids: 1 })
    await change(keys.name)
    expect(await who(mine)).toBe(401)
    await isGone(login)
    expect([await keptLogin.works(), await who(kept)], 'control: by a proof of another').toEqual([true, 200])
  })

  test('a chain of proofs ends as a whole, by whichever of its links, and the trust material is of its weakest', async () => {
    const orders = await workload()
    const key = await proveByKey(orders)
    const way = ways['the grant of a JWT']
    if (way === undefined) throw new Error('there is such a way')
    const second = await way(key, orders)
    const third = await way(second, orders)
    const fourth = await way(third, orders)
    const login = await logInAs(fourth)
    const rows = await world.sql<{ strength: string; svid_chain_length: number }>(
      'select strength, svid_chain_length from attestation where attestation_id = any($1) order by accepted_at',
      [[second, third, fourth].map(({ attestationId }) => attestationId)],
    )
    // The trust provider says `platform`; the key that it all began with is worth less.
    expect(rows).toEqual([1, 2, 3].map((svid_chain_length) => ({ strength: 'bound_key', svid_chain_length })))
    const fifth = await way(fourth, orders)
    const { token: assertion } = await issueJwt(fifth.caller, [world.server.url])
    const tooLong = await postForm(`${world.server.url}/oauth/token`, {
      grant_type: jwtBearer,
      assertion,
      client_id: orders.identity.name,
    })
    expect(tooLong.body).toMatchObject({ reason: 'chain_too_long' })

    const [svid] = await world.sql<{ serial_number: string }>(
      'select s.serial_number from svid s join attestation a on a.proven_by_svid_id = s.svid_id where a.attestation_id = $1',
      [third.attestationId],
    )
    const serial = svid?.serial_number ?? ''
    expect(await preview('svid', serial)).toMatchObject({ total: 1, svids: 4 })
    const ended = await revoke('svid', serial)
    expect(ended.total).toBe(1)
    expect([await who(key), await who(second)], 'control: above it').toEqual([200, 200])
    expect([await who(third), await who(fourth), await who(fifth)]).toEqual([401, 401, 401])
    await isGone(login)
    const [recorded] = await world.sql<{ svid_count: number }>(
      'select svid_count from revocation where revocation_id = $1',
      [ended.revocation_id],
    )
    expect(recorded?.svid_count).toBe(4)
  })

  test('also where our own bundle was given by hand, which says nothing of revocations', async () => {
    const bundle = await (await fetch(`${world.server.url}/spiffe/bundle`)).text()
    const own = await world.admin.get<{ trust_provider_id: string; version: number; settings: object }>(
      'GET',
      '/v1/trust-providers/own',
    )
    const settings = { trust_domain: 'mayfly.internal', bundle: { from: 'static', bundle } }
    await world.admin.get('PATCH', '/v1/trust-providers/own', { settings })
    try {
      const orders = await workload()
      const first = await proveByKey(orders)
      const way = ways['the grant of a JWT']
      if (way === undefined) throw new Error('there is such a way')
      const mine = await way(first, orders)
      const { token: unused } = await issueJwt(first.caller, [world.server.url])
      await revoke('attestation', first.attestationId)
      expect(await who(mine)).toBe(401)
      const late = await postForm(`${world.server.url}/oauth/token`, { grant_type: jwtBearer, assertion: unused })
      expect(late.body).toMatchObject({ reason: 'proof_revoked' })
    } finally {
      await world.admin.get('PATCH', '/v1/trust-providers/own', { settings: own.settings })
    }
  })
})

test('a token that was exchanged for an SVID ends with the proof that the SVID came of', async () => {
  const [caller, service] = [await workload(), await workload()]
  const uri = `https://${world.fresh('stock')}.example`
  const api = await world.make.resource({ provider: 'jwt', settings: { audience: [uri] }, secret: {} })
  const permission = { scopes: ['stock:read'] }
  await world.admin.get('POST', '/v1/roles', { resource: api.name, name: 'reader', permission })
  const exchange = async (by: Proven) => {
    const { token } = await issueJwt(by.caller, [world.server.url])
    const answer = await postForm(`${world.server.url}/oauth/token`, {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      ...(await clientAssertion(service)),
      subject_token: token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      resource: uri,
    })
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    return String(answer.body['access_token'])
  }
  const isActive = async (token: string) => {
    const form = { token, ...(await clientAssertion(service)) }
    return (await postForm(`${world.server.url}/oauth/introspect`, form)).body['active']
  }
  const [first, other] = [await proveByKey(caller), await proveByKey(caller)]
  const [mine, kept] = [await exchange(first), await exchange(other)]
  expect(await isActive(mine), 'before').toBe(true)
  expect(await preview('attestation', first.attestationId)).toMatchObject({ total: 1, svids: 1 })
  expect((await revoke('attestation', first.attestationId)).total).toBe(1)
  expect(await isActive(mine)).toBe(false)
  expect(await isActive(kept), 'control: exchanged for another SVID').toBe(true)
})

async function clientAssertion({ identity, privateKey }: Workload) {
  const id = identity.identity_id
  const assertion = await new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer(id)
    .setSubject(id)
    .setAudience(world.server.url)
    .setIssuedAt()
    .setExpirationTime('1m')
    .sign(privateKey)
  return { client_assertion_type: assertionType, client_assertion: assertion }
}

test('what is proven while its SVID is revoked ends with it, or is refused', async () => {
  await using at = await startSpiffe()
  const orders = await at.workload('orders')
  await at.server.change(async (change) => {
    const settings = { trust_domain: 'example.org', bundle: { from: 'own' } }
    await registerTrustProvider(change, { name: 'own', kind: 'spiffe', settings })
    const subject = 'spiffe://example.org/development/service/orders'
    await registerBinding(change, { trustProvider: 'own', identity: 'orders', subject })
  })
  const svid = await at.x509(await orders.prove())
  const row = await at.inTenant((tx) => findSvidBySerial(tx, svid.serialNumber))
  const outcomes: string[] = []
  const proving = Array.from({ length: 8 }, async () => {
    for (;;) {
      const answer = await acceptProof(at.server.proof, {
        tenantId: defaultTenantId,
        form: 'certificate',
        chain: svid.certificates,
        clientId: orders.name,
        sourceAddress: '127.0.0.1',
        requestId: randomUUID(),
      })
      outcomes.push(answer.outcome === 'rejected' ? answer.reason : answer.outcome)
      if (answer.outcome !== 'granted') return
    }
  })
  await until(() => outcomes.length >= 16, { describe: 'it is being proven' })
  await at.inTenant((tx) =>
    requestRevocation(tx, {
      selector: { kind: 'svid', id: row?.svid_id ?? '' },
      cause: 'requested_by_operator',
      requestedBy: { kind: 'system', id: 'test' },
      now: at.server.clock.now(),
    }),
  )
  await Promise.all(proving)
  expect(outcomes.filter((outcome) => outcome === 'granted').length, 'control').toBeGreaterThan(8)
  expect(outcomes.filter((outcome) => outcome !== 'granted')).toEqual(Array.from({ length: 8 }, () => 'proof_revoked'))
  const fresh = await at.inTenant((tx) =>
    tx.query
      .selectFrom('attestation')
      .select('attestation_id')
      .where('proven_by_svid_id', 'is not', null)
      .where('state', '=', 'fresh')
      .execute(),
  )
  expect(fresh).toEqual([])
})
