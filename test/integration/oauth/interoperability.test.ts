/** Clients and verifiers that are not ours: oauth4webapi, openid-client and jose. */
import { createRemoteJWKSet, exportJWK, generateKeyPair, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { expect, test } from 'vitest'
import { makeCertificate } from '../provider-postgres/make-certificate.ts'
import { registerWorkload } from '../proof/proof-server.ts'
import { type Client, openOAuthWorld, type OAuthWorld, subject } from './oauth-fixture.ts'
import { tlsFetch } from './tls-fetch.ts'

/** Our test servers speak HTTP on loopback. */
const onLoopback = { [oauth.allowInsecureRequests]: true }

async function discover({ server }: OAuthWorld): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(server.url)
  const answer = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...onLoopback })
  return oauth.processDiscoveryResponse(issuer, answer)
}

const keyAuth = ({ key }: Client) => oauth.PrivateKeyJwt(key.privateKey)

async function openidOf({ server }: OAuthWorld, client: Client, more: openid.DiscoveryRequestOptions = {}) {
  return openid.discovery(new URL(server.url), client.identityId, {}, openid.PrivateKeyJwt(client.key.privateKey), {
    algorithm: 'oauth2',
    execute: [openid.allowInsecureRequests],
    ...more,
  })
}

test('[RFC6749 4.4] [RFC7523 2.2] [RFC9068 2] oauth4webapi proves itself with private_key_jwt, and jose verifies the token by our metadata alone', async () => {
  await using world = await openOAuthWorld()
  const { worker } = world
  const as = await discover(world)
  const client: oauth.Client = { client_id: worker.identityId }
  const answer = await oauth.clientCredentialsGrantRequest(as, client, keyAuth(worker), {}, onLoopback)
  const {
    access_token: token,
    token_type,
    expires_in,
  } = await oauth.processClientCredentialsResponse(as, client, answer)
  expect([token_type, expires_in]).toEqual(['bearer', expect.any(Number)])

  const keys = createRemoteJWKSet(new URL(as.jwks_uri ?? ''))
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    typ: 'at+jwt',
    issuer: as.issuer,
    audience: as.issuer,
    requiredClaims: ['sub', 'client_id', 'iat', 'exp', 'jti'],
  })
  expect(payload).toMatchObject({ client_id: worker.identityId, sub: expect.stringMatching(/^spiffe:/) })
  expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) })
  await expect(jwtVerify(token, keys, { typ: 'JWT' }), 'control: jose looks at the type').rejects.toThrow('typ')
  await expect(jwtVerify(token, keys, { audience: 'https://other.example' }), 'control').rejects.toThrow('aud')
})

test('[RFC9068 4] oauth4webapi, as a resource server, accepts our token with its DPoP proof', async () => {
  await using world = await openOAuthWorld()
  const { worker, server } = world
  const as = await discover(world)
  const client: oauth.Client = { client_id: worker.identityId }
  const dpopKey = await oauth.generateKeyPair('ES256')
  const handle = oauth.DPoP(client, dpopKey)
  const ask = () =>
    oauth.clientCredentialsGrantRequest(as, client, keyAuth(worker), {}, { DPoP: handle, ...onLoopback })
  const first = await ask()
  const refusal: unknown = await oauth
    .processClientCredentialsResponse(as, client, first)
    .catch((error: unknown) => error)
  expect(oauth.isDPoPNonceError(refusal)).toBe(true)
  const { access_token: token, token_type } = await oauth.processClientCredentialsResponse(as, client, await ask())
  expect(token_type).toBe('dpop')

  const url = new URL(`${server.url}/v1/who`)
  const used = await oauth.protectedResourceRequest(token, 'GET', url, undefined, undefined, {
    DPoP: handle,
    ...onLoopback,
  })
  expect(await used.json(), 'our own API believes it').toEqual({ kind: 'identity', id: worker.identityId })
  await expect(
    oauth.protectedResourceRequest(token, 'GET', url, undefined, undefined, onLoopback),
    'control: as a bearer token it is worth nothing',
  ).rejects.toMatchObject({ cause: [{ scheme: 'bearer' }, { scheme: 'dpop' }] })

  let seen: Request | undefined
  await oauth.protectedResourceRequest(token, 'GET', new URL('https://resource.example/'), undefined, undefined, {
    DPoP: handle,
    [oauth.customFetch]: async (to, init) => {
      seen = new Request(to, { method: init.method, headers: init.headers })
      return new Response('{}')
    },
  })
  if (seen === undefined) throw new Error('nothing was sent')
  const claims = await oauth.validateJwtAccessToken(as, seen, server.url, { requireDPoP: true, ...onLoopback })
  expect(claims).toMatchObject({ client_id: worker.identityId, cnf: { jkt: expect.any(String) } })
})

test('[RFC9449 8] openid-client finds its way by the metadata, with DPoP and its own repetition for the nonce', async () => {
  await using world = await openOAuthWorld()
  const { worker, watcher, server } = world
  const config = await openidOf(world, worker)
  const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair())
  const tokens = await openid.clientCredentialsGrant(config, {}, { DPoP })
  expect(tokens.token_type).toBe('dpop')
  const url = new URL(`${server.url}/v1/who`)
  const used = await openid.fetchProtectedResource(config, tokens.access_token, url, 'GET', null, undefined, { DPoP })
  expect(await used.json()).toEqual({ kind: 'identity', id: worker.identityId })

  const resourceServer = await openidOf(world, watcher)
  const live = await openid.tokenIntrospection(resourceServer, tokens.access_token)
  expect(live).toMatchObject({ active: true, client_id: worker.identityId, token_type: 'DPoP' })
  await openid.tokenRevocation(config, tokens.access_token)
  expect(await openid.tokenIntrospection(resourceServer, tokens.access_token)).toEqual({ active: false })
})

test('[RFC9701 5] a signed answer of introspection is verified by oauth4webapi with our keys', async () => {
  await using world = await openOAuthWorld()
  const { worker, watcher } = world
  const as = await discover(world)
  const workerClient: oauth.Client = { client_id: worker.identityId }
  const answer = await oauth.clientCredentialsGrantRequest(as, workerClient, keyAuth(worker), {}, onLoopback)
  const { access_token: token } = await oauth.processClientCredentialsResponse(as, workerClient, answer)
  const asker: oauth.Client = { client_id: watcher.identityId, introspection_signed_response_alg: 'ES256' }
  const signed = await oauth.introspectionRequest(as, asker, keyAuth(watcher), token, {
    requestJwtResponse: true,
    ...onLoopback,
  })
  expect(signed.headers.get('content-type')).toBe('application/token-introspection+jwt')
  const told = await oauth.processIntrospectionResponse(as, asker, signed)
  await oauth.validateApplicationLevelSignature(as, signed, onLoopback)
  expect(told).toMatchObject({ active: true, client_id: worker.identityId })
  const unsigned: oauth.Client = { client_id: watcher.identityId }
  const plain = await oauth.introspectionRequest(as, unsigned, keyAuth(watcher), token, onLoopback)
  expect(plain.headers.get('content-type'), 'control: unasked it is JSON').toContain('application/json')
})

test('[RFC7523 2.1] oauth4webapi and openid-client exchange the token of a platform', async () => {
  await using world = await openOAuthWorld()
  const { server, issuer, worker } = world
  const build = await registerWorkload(server, { name: 'build', trustProvider: 'builds', subject })
  const as = await discover(world)
  const client: oauth.Client = { client_id: build.identityId }
  const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
  const form = () => ({ assertion: issuer.token() })
  const answer = await oauth.genericTokenEndpointRequest(as, client, oauth.None(), grant, form(), onLoopback)
  const tokens = await oauth.processGenericTokenEndpointResponse(as, client, answer)
  expect(tokens.token_type).toBe('bearer')

  const config = await openidOf(world, { ...worker, identityId: build.identityId }, {})
  const anonymous = new openid.Configuration(config.serverMetadata(), build.identityId, {}, openid.None())
  openid.allowInsecureRequests(anonymous)
  expect((await openid.genericGrantRequest(anonymous, grant, form())).access_token).toMatch(/^ey/)
})

test('[RFC8705 3] oauth4webapi uses the aliases of mutual TLS, and gets a token that is bound to its certificate', async () => {
  const certificate = makeCertificate('127.0.0.1')
  await using world = await openOAuthWorld({ mutualTls: { cert: certificate.certificatePem, key: certificate.keyPem } })
  const { worker, server } = world
  const own = makeCertificate('worker.example')
  using tls = tlsFetch({ ca: certificate.caPem, cert: own.certificatePem, key: own.keyPem })
  const as = await discover(world)
  const client: oauth.Client = { client_id: worker.identityId, use_mtls_endpoint_aliases: true }
  const asked: string[] = []
  const viaTls = {
    [oauth.customFetch]: (url: string, init: { method: string; headers: Record<string, string>; body?: unknown }) => {
      asked.push(url)
      return tls.fetch(url, init)
    },
  }
  const answer = await oauth.clientCredentialsGrantRequest(as, client, keyAuth(worker), {}, viaTls)
  const { access_token: token } = await oauth.processClientCredentialsResponse(as, client, answer)
  expect(asked).toEqual([`${server.mutualTlsUrl}/oauth/token`])
  const used = await oauth.protectedResourceRequest(
    token,
    'GET',
    new URL(`${server.mutualTlsUrl}/v1/who`),
    undefined,
    undefined,
    viaTls,
  )
  expect(await used.json()).toEqual({ kind: 'identity', id: worker.identityId })
  const who = await fetch(`${server.url}/v1/who`, { headers: { authorization: `Bearer ${token}` } })
  expect(who.status, 'control: elsewhere it is worth nothing').toBe(401)
})

test('a wrong key is told apart from a wrong request by a client that is not ours', async () => {
  await using world = await openOAuthWorld()
  const { worker } = world
  const as = await discover(world)
  const client: oauth.Client = { client_id: worker.identityId }
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const refused = await oauth.clientCredentialsGrantRequest(as, client, oauth.PrivateKeyJwt(privateKey), {}, onLoopback)
  expect(refused.status).toBe(401)
  const scoped = await oauth.clientCredentialsGrantRequest(as, client, keyAuth(worker), { scope: 'admin' }, onLoopback)
  await expect(oauth.processClientCredentialsResponse(as, client, scoped)).rejects.toMatchObject({
    error: 'invalid_scope',
  })
  expect(await exportJWK(privateKey)).toHaveProperty('d')
})
