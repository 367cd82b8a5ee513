import { randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { registerTrustProvider } from '../../../packages/server/src/application/registry/register-trust-provider.ts'
import { postForm, proveWithToken, registerWorkload } from '../proof/proof-server.ts'
import { askNonce, clientAssertion, dpopProof, makeDpopKey, openOAuthWorld } from './oauth-fixture.ts'

const jwtSpiffe = 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe'
const id = 'spiffe://shop.example/report'

/** A workload of another trust domain, whose bundle is known. */
async function openSpiffeWorld() {
  const world = await openOAuthWorld()
  const { server } = world
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const bundle = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', use: 'jwt-svid' }] })
  const settings = { trust_domain: 'shop.example', bundle: { from: 'static', bundle } }
  await server.change((change) => registerTrustProvider(change, { name: 'shop', kind: 'spiffe', settings }))
  const workload = await registerWorkload(server, { name: 'report', trustProvider: 'shop', subject: id })
  const svid = (claims: object = {}) => {
    const iat = Math.floor(server.clock.now().getTime() / 1000)
    return new SignJWT({ sub: id, aud: server.url, iat, exp: iat + 300, jti: randomUUID(), ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'one', typ: 'JWT' })
      .sign(privateKey)
  }
  const assertion = async (claims: object = {}) => ({
    client_assertion_type: jwtSpiffe,
    client_assertion: await svid(claims),
  })
  return { world, server, workload, svid, assertion, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() }
}

test('[OAUTH-SPIFFE 3.1] a JWT-SVID authenticates its workload, whose client id is its SPIFFE ID or left out', async () => {
  await using at = await openSpiffeWorld()
  const url = `${at.server.url}/oauth/token`
  const ask = async (more: Record<string, string> = {}, claims: object = {}) =>
    postForm(url, { grant_type: 'client_credentials', ...(await at.assertion(claims)), ...more })
  expect((await ask()).body).toMatchObject({ token_type: 'Bearer' })
  expect((await ask({ client_id: id })).status).toBe(200)
  const refused: Record<string, Awaited<ReturnType<typeof ask>>> = {
    'another client': await ask({ client_id: 'spiffe://shop.example/other' }),
    'the name that we give it': await ask({ client_id: at.workload.name }),
    'an SVID of another workload': await ask({}, { sub: 'spiffe://shop.example/other' }),
    'an SVID for someone else': await ask({}, { aud: 'https://other.example' }),
    'an SVID of another trust domain': await ask({}, { sub: 'spiffe://other.example/report' }),
    'an SVID that is over': await ask({}, { exp: Math.floor(Date.now() / 1000) - 60 }),
    'a subject that is no SPIFFE ID': await ask({}, { sub: 'report' }),
    'an assertion of the other type': await ask({
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    }),
    'the assertion of a key': await ask({
      client_assertion: (await clientAssertion(at.server, at.world.worker)).client_assertion,
    }),
  }
  for (const [name, { status, body }] of Object.entries(refused)) {
    expect({ name, status, error: body['error'] }).toEqual({ name, status: 401, error: 'invalid_client' })
  }
})

test('[OAUTH-SPIFFE 3.1] an SVID counts once, is a grant of its own too, and its token can be bound', async () => {
  await using at = await openSpiffeWorld()
  const { server } = at
  const url = `${server.url}/oauth/token`
  const form = { grant_type: 'client_credentials', ...(await at.assertion()) }
  const key = await makeDpopKey()
  const nonce = await askNonce(server, key)
  const bound = await postForm(url, form, { dpop: await dpopProof(server, key, { url, nonce }) })
  expect(bound.body).toMatchObject({ token_type: 'DPoP' })
  expect((await postForm(url, form)).body).toMatchObject({ error: 'invalid_client', reason: 'proof_replayed' })
  expect((await proveWithToken(server, await at.svid())).status, 'by the JWT bearer grant').toBe(200)
  const token = String(bound.body['access_token'])
  const given = await postForm(`${server.url}/oauth/revoke`, { token, ...(await at.assertion()) })
  expect(given.status, 'at the other endpoints as well').toBe(200)
})
