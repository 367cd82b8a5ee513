/** Tokens for another audience, as any grant gives them. */
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addClient, bearerToken } from '../oauth/oauth-fixture.ts'
import {
  addApi,
  askFor,
  credentialIdOf,
  introspect,
  openTokensWorld,
  ordersUri,
  statusOf,
  stockUri,
  tokenOf,
  type TokensWorld,
  verify,
} from './tokens-fixture.ts'

let world: TokensWorld
beforeAll(async () => {
  world = await openTokensWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

test('[RFC8707 2] a client that names a resource gets a token for it, which jose verifies by our metadata alone', async () => {
  const { server, web, orders } = world
  const answer = await askFor(server, web, { resource: ordersUri, scope: 'reader' })
  expect(answer.body).toMatchObject({ token_type: 'Bearer', expires_in: expect.any(Number), scope: 'orders:read' })
  const token = tokenOf(answer)
  const { payload, protectedHeader } = await verify(server, token, ordersUri)
  expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) })
  expect(payload).toEqual({
    iss: server.url,
    sub: 'spiffe://example.org/development/orders-web',
    aud: ordersUri,
    client_id: web.identityId,
    scope: 'orders:read',
    iat: expect.any(Number),
    exp: expect.any(Number),
    jti: answer.body['credential_id'],
    status: { status_list: { idx: expect.any(Number), uri: expect.stringContaining('/oauth/status-lists/') } },
  })
  expect(Number(payload.exp) - Number(payload.iat)).toBeLessThanOrEqual(300)
  await expect(verify(server, token, stockUri), 'control: the audience is looked at').rejects.toThrow('aud')
  expect(await statusOf(server, token)).toBe(0)
  expect(await introspect(server, orders, token)).toMatchObject({
    active: true,
    sub: payload.sub,
    aud: ordersUri,
    iss: server.url,
    scope: 'orders:read',
    client_id: web.identityId,
    exp: payload.exp,
    iat: payload.iat,
    jti: payload.jti,
  })
})
