/**
 * What AWS, Google and Azure would say of our tokens: each cloud's documented rules, applied to the very trust documents that
 * stand in our guides, with discovery and keys as a stranger fetches them.
 */
import { readFileSync } from 'node:fs'
import { createRemoteJWKSet, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addApi, askFor, openTokensWorld, tokenOf, type TokensWorld } from './tokens-fixture.ts'

let world: TokensWorld
beforeAll(async () => {
  world = await openTokensWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

/** The JSON of a guide, with our test server and its workload in place of the reader's own. */
function guide<T>(cloud: string): T {
  const text = readFileSync(
    new URL(`../../../docs/guides/${cloud}-without-a-stored-secret.md`, import.meta.url),
    'utf8',
  )
  const [, json = ''] = /^```json\n([\s\S]*?)^```$/m.exec(text) ?? []
  const { host } = new URL(world.server.url)
  return JSON.parse(
    json
      .replaceAll('https://mayfly.example.com', world.server.url)
      .replaceAll('mayfly.example.com', host)
      .replaceAll('spiffe://example.com/report', 'spiffe://example.org/development/service/orders-web'),
  ) as T
}

/** The settings of the guide's `resource add`. */
function settings(cloud: string): Record<string, unknown> {
  const text = readFileSync(
    new URL(`../../../docs/guides/${cloud}-without-a-stored-secret.md`, import.meta.url),
    'utf8',
  )
  const audience = /'audience=\[([^\]]+)\]'/.exec(text)?.[1]
  expect(text, 'the guide asks for this form').toContain('--setting algorithm=RS256 --setting typ=JWT')
  return { audience: [audience], algorithm: 'RS256', typ: 'JWT' }
}

async function tokenFor(cloud: string): Promise<string> {
  const [audience] = settings(cloud)['audience'] as string[]
  return tokenOf(await askFor(world.server, world.web, { audience: audience ?? '' }))
}

/** Discovery and signature as all three do it. @throws where the token is not the issuer's */
async function verifyAs(issuer: string, token: string, algorithms: readonly string[]): Promise<JWTPayload> {
  const found = await openid.discovery(new URL(issuer), 'any', undefined, undefined, {
    algorithm: 'oidc',
    execute: [openid.allowInsecureRequests],
  })
  const metadata = found.serverMetadata()
  expect(metadata.issuer).toBe(issuer)
  for (const member of [
    'response_types_supported',
    'subject_types_supported',
    'id_token_signing_alg_values_supported',
  ]) {
    expect(metadata[member], member).toEqual(expect.arrayContaining([expect.any(String)]))
  }
  expect(decodeProtectedHeader(token)).toMatchObject({ kid: expect.any(String), typ: 'JWT' })
  const keys = createRemoteJWKSet(new URL(String(metadata.jwks_uri)))
  const { payload } = await jwtVerify(token, keys, {
    issuer,
    algorithms: [...algorithms],
    requiredClaims: ['sub', 'aud', 'iat', 'exp'],
    currentDate: world.server.clock.now(),
  })
  return payload
}

beforeAll(async () => {
  for (const cloud of ['aws', 'google', 'azure']) {
    await addApi(world.server, `${cloud}-reports`, settings(cloud), { writer: { permission: {} } })
  }
})

describe('AWS', () => {
  interface Trust {
    readonly Statement: readonly {
      readonly Principal: { readonly Federated: string }
      readonly Condition: { readonly StringEquals: Readonly<Record<string, string>> }
    }[]
  }

  /** AssumeRoleWithWebIdentity, as far as the token decides. */
  async function assumeRole(trust: Trust, clientIds: readonly string[], token: string): Promise<boolean> {
    const [statement] = trust.Statement
    const provider = /:oidc-provider\/(.+)$/.exec(statement?.Principal.Federated ?? '')?.[1] ?? ''
    const claims = await verifyAs(`http://${provider}`, token, ['RS256'])
    if (typeof claims.aud !== 'string' || !clientIds.includes(claims.aud)) return false
    const conditions = Object.entries(statement?.Condition.StringEquals ?? {})
    expect(conditions, 'a trust policy pins audience and subject').toHaveLength(2)
    return conditions.every(([key, value]) => claims[key.slice(provider.length + 1)] === value)
  }

  test('takes the token of the workload that its trust policy names, and of no other', async () => {
    const trust = guide<Trust>('aws')
    expect(await assumeRole(trust, ['sts.amazonaws.com'], await tokenFor('aws'))).toBe(true)
    const another = tokenOf(await askFor(world.server, world.orders, { audience: 'sts.amazonaws.com' }))
    expect(await assumeRole(trust, ['sts.amazonaws.com'], another), 'control: another workload').toBe(false)
    expect(await assumeRole(trust, ['sts.amazonaws.com'], await tokenFor('azure')), 'control: another cloud').toBe(
      false,
    )
  })
})

describe('Google', () => {
  interface Provider {
    readonly oidc: { readonly issuerUri: string }
    readonly name: string
    readonly attributeMapping: Readonly<Record<string, string>>
    readonly attributeCondition: string
  }

  /** The Security Token Service, as far as the token decides. */
  async function exchange(
    { oidc, name, attributeMapping, attributeCondition }: Provider,
    token: string,
  ): Promise<string> {
    const claims = await verifyAs(oidc.issuerUri, token, ['RS256', 'ES256'])
    if (claims.aud !== `https://iam.googleapis.com/${name}`) throw new Error('audience')
    if (Number(claims.exp) - Number(claims.iat) > 86_400) throw new Error('lifetime')
    const [, member = '', value] = /^assertion\.(\w+) == '([^']*)'$/.exec(attributeCondition) ?? []
    if (value === undefined || claims[member] !== value) throw new Error('condition')
    const mapped = /^assertion\.(\w+)$/.exec(attributeMapping['google.subject'] ?? '')?.[1] ?? ''
    const subject = String(claims[mapped])
    if (Buffer.byteLength(subject) > 127) throw new Error('subject')
    return subject
  }

  test('takes the token of the workload that its provider names, and of no other', async () => {
    const provider = guide<Provider>('google')
    const token = await tokenFor('google')
    expect(await exchange(provider, token)).toBe('spiffe://example.org/development/service/orders-web')
    const audience = `https://iam.googleapis.com/${provider.name}`
    const another = tokenOf(await askFor(world.server, world.orders, { resource: audience }))
    await expect(exchange(provider, another), 'control: another workload').rejects.toThrow('condition')
    await expect(exchange(provider, await tokenFor('aws')), 'control: another cloud').rejects.toThrow('audience')
  })
})

describe('Azure', () => {
  interface FederatedCredential {
    readonly issuer: string
    readonly subject: string
    readonly audiences: readonly string[]
  }

  /** The token endpoint of Entra, as far as the assertion decides. */
  async function accept({ issuer, subject, audiences }: FederatedCredential, token: string): Promise<boolean> {
    const claims = await verifyAs(issuer, token, ['RS256'])
    for (const text of [issuer, subject, ...audiences]) expect(text.length).toBeLessThanOrEqual(600)
    return claims.sub === subject && typeof claims.aud === 'string' && audiences.includes(claims.aud)
  }

  test('takes the token of the workload that its federated credential names, and of no other', async () => {
    const credential = guide<FederatedCredential>('azure')
    expect(await accept(credential, await tokenFor('azure'))).toBe(true)
    const another = tokenOf(await askFor(world.server, world.orders, { resource: 'api://AzureADTokenExchange' }))
    expect(await accept(credential, another), 'control: another workload').toBe(false)
    expect(await accept({ ...credential, subject: credential.subject.toUpperCase() }, await tokenFor('azure'))).toBe(
      false,
    )
  })
})

test('the RSA key is made when it is first needed, once, and rotated ahead of use like the others', async () => {
  await using fresh = await openTokensWorld()
  const { server, web } = fresh
  const keysOf = async () => {
    const { keys } = (await (await fetch(`${server.url}/oauth/jwks`)).json()) as {
      keys: { alg: string; kid: string }[]
    }
    return keys.filter(({ alg }) => alg === 'RS256').map(({ kid }) => kid)
  }
  expect(await keysOf()).toEqual([])
  await addApi(server, 'cloud', { audience: ['cloud'], algorithm: 'RS256', typ: 'JWT' }, { one: { permission: {} } })
  const answers = await Promise.all([1, 2, 3, 4].map(() => askFor(server, web, { audience: 'cloud' })))
  const kids = new Set(answers.map((answer) => decodeProtectedHeader(tokenOf(answer)).kid))
  expect([...kids]).toEqual(await keysOf())
  expect(kids.size).toBe(1)
  const { rotateSigningKey } = await import('../../../packages/server/src/application/proof/rotate-signing-key.ts')
  await server.change(({ tx, now, actor }) =>
    rotateSigningKey(server, tx, { purpose: 'federated_token', now, actor, requestId: 'test' }),
  )
  expect(await keysOf(), 'the next one is published before it signs').toHaveLength(2)
  const after = tokenOf(await askFor(server, web, { audience: 'cloud' }))
  expect(kids).toContain(decodeProtectedHeader(after).kid)
})

test('another tenant has an issuer, a discovery document and keys of its own', async () => {
  const { server } = world
  const root = (await (await fetch(`${server.url}/.well-known/openid-configuration`)).json()) as Record<string, unknown>
  expect(root).toMatchObject({ issuer: server.url, jwks_uri: `${server.url}/oauth/jwks` })
  expect((await fetch(`${server.url}/t/nobody/.well-known/openid-configuration`)).status).toBe(404)
})
