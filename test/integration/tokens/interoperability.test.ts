/** Clients that are not ours exchange tokens and ask for audiences and roles: oauth4webapi and openid-client. */
import { decodeJwt } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bearerToken, type Client } from '../oauth/oauth-fixture.ts'
import {
  accessTokenType,
  exchangeGrant,
  openTokensWorld,
  ordersUri,
  stockUri,
  type TokensWorld,
} from './tokens-fixture.ts'

/** Our test servers speak HTTP on loopback. */
const onLoopback = { [oauth.allowInsecureRequests]: true }

let world: TokensWorld
beforeAll(async () => {
  world = await openTokensWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

async function discover(algorithm: 'oauth2' | 'oidc' = 'oauth2'): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(world.server.url)
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm, ...onLoopback }))
}

const openidOf = async (client: Client) =>
  openid.discovery(new URL(world.server.url), client.identityId, {}, openid.PrivateKeyJwt(client.key.privateKey), {
    execute: [openid.allowInsecureRequests],
  })

test('[RFC8693 2.1] oauth4webapi exchanges a token, and validates what it gets as a resource server does', async () => {
  const { server, web, orders } = world
  const as = await discover()
  expect(as.grant_types_supported).toContain(exchangeGrant)
  const client: oauth.Client = { client_id: orders.identityId }
  const form = {
    subject_token: await bearerToken(server, web),
    subject_token_type: accessTokenType,
    resource: stockUri,
  }
  const auth = oauth.PrivateKeyJwt(orders.key.privateKey)
  const answer = await oauth.genericTokenEndpointRequest(as, client, auth, exchangeGrant, form, onLoopback)
  const tokens = await oauth.processGenericTokenEndpointResponse(as, client, answer)
  expect(tokens).toMatchObject({ token_type: 'bearer', issued_token_type: accessTokenType, scope: 'stock:read' })
  const request = new Request('https://stock.example/api/items', {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  })
  const claims = await oauth.validateJwtAccessToken(as, request, stockUri, onLoopback)
  expect(claims).toMatchObject({
    client_id: orders.identityId,
    act: { sub: expect.stringContaining('orders-service') },
  })
  await expect(
    oauth.validateJwtAccessToken(as, request, ordersUri, onLoopback),
    'control: another resource server refuses it',
  ).rejects.toThrow(/aud/)
})

test('[RFC8707 2] oauth4webapi asks for a resource, with DPoP, and validates the proof too', async () => {
  const { web } = world
  const as = await discover()
  const client: oauth.Client = { client_id: web.identityId }
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
  const ask = () =>
    oauth.clientCredentialsGrantRequest(
      as,
      client,
      oauth.PrivateKeyJwt(web.key.privateKey),
      { resource: ordersUri, scope: 'writer' },
      { DPoP, ...onLoopback },
    )
  const first: unknown = await oauth
    .processClientCredentialsResponse(as, client, await ask())
    .catch((error: unknown) => error)
  expect(oauth.isDPoPNonceError(first)).toBe(true)
  const { access_token: token, token_type } = await oauth.processClientCredentialsResponse(as, client, await ask())
  expect(token_type).toBe('dpop')
  let seen: Request | undefined
  await oauth.protectedResourceRequest(token, 'GET', new URL(ordersUri), undefined, undefined, {
    DPoP,
    [oauth.customFetch]: async (to, init) => {
      seen = new Request(to, { method: init.method, headers: init.headers })
      return new Response('{}')
    },
  })
  if (seen === undefined) throw new Error('nothing was sent')
  const claims = await oauth.validateJwtAccessToken(as, seen, ordersUri, { requireDPoP: true, ...onLoopback })
  expect(claims).toMatchObject({ scope: 'orders:write', cnf: { jkt: expect.any(String) } })
})

test('[RFC9396 6] openid-client asks by authorization_details, introspects and revokes what it gets', async () => {
  const { web, orders } = world
  const config = await openidOf(web)
  expect(config.serverMetadata()['authorization_details_types_supported']).toEqual(['mayfly_role'])
  const details = [{ type: 'mayfly_role', identifier: 'orders-api/reader' }]
  const tokens = await openid.clientCredentialsGrant(config, { authorization_details: JSON.stringify(details) })
  expect(tokens['authorization_details']).toEqual([{ ...details[0], locations: [ordersUri] }])
  const resourceServer = await openidOf(orders)
  const live = await openid.tokenIntrospection(resourceServer, tokens.access_token)
  expect(live).toMatchObject({ active: true, aud: ordersUri, jti: decodeJwt(tokens.access_token).jti })
  await openid.tokenRevocation(config, tokens.access_token)
  expect(await openid.tokenIntrospection(resourceServer, tokens.access_token)).toEqual({ active: false })
  await expect(
    openid.clientCredentialsGrant(config, { authorization_details: JSON.stringify([{ type: 'payment' }]) }),
  ).rejects.toMatchObject({ error: 'invalid_authorization_details' })
})

test('[RFC8693 2.1] openid-client exchanges by discovery as OpenID Connect has it', async () => {
  const { server, web, orders } = world
  const config = await openidOf(orders)
  const tokens = await openid.genericGrantRequest(config, exchangeGrant, {
    subject_token: await bearerToken(server, web),
    subject_token_type: accessTokenType,
    audience: 'stock-api',
  })
  expect(decodeJwt(tokens.access_token)['act']).toEqual({ sub: expect.stringContaining('orders-service') })
})
