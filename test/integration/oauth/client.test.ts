/** Our own client against our own server: bound tokens without anybody asking for them. */
import { generateKeyPairSync } from 'node:crypto'
import { createMayflyClient, makeDpop, privateKeyAuthorizer, privateKeyTokens, sendRequest } from '@mayfly/client'
import { expect, test } from 'vitest'
import { registerBinding } from '../../../packages/server/src/application/registry/register-binding.ts'
import { askWho, openOAuthWorld } from './oauth-fixture.ts'

test('a client with a private key gets tokens that are bound, and uses them, and gets on when its nonce is old', async () => {
  await using world = await openOAuthWorld()
  const { server, worker } = world
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await server.change((change) =>
    registerBinding(change, {
      trustProvider: 'keys',
      identity: worker.name,
      publicJwk: publicKey.export({ format: 'jwk' }),
    }),
  )
  const seen: { readonly url: string; readonly status: number; readonly authorization: string }[] = []
  const watched: typeof fetch = async (input, init) => {
    const request = new Request(input, init)
    const answer = await fetch(request)
    const authorization = (request.headers.get('authorization') ?? '').split(' ', 1)[0] ?? ''
    seen.push({ url: new URL(request.url).pathname, status: answer.status, authorization })
    return answer
  }
  const options = { baseUrl: server.url, clientId: worker.name, privateKey, now: server.clock.now, fetch: watched }
  const authorizer = privateKeyAuthorizer(options)
  const ask = async () => {
    const answer = await sendRequest(
      { baseUrl: server.url, authorizer, fetch: watched },
      new Request(`${server.url}/v1/who`),
    )
    return (await answer.json()) as object
  }
  expect(await ask()).toEqual({ kind: 'identity', id: worker.identityId })
  expect(await ask()).toEqual({ kind: 'identity', id: worker.identityId })
  expect(seen).toEqual([
    { url: '/.well-known/oauth-authorization-server', status: 200, authorization: '' },
    { url: '/oauth/token', status: 400, authorization: '' },
    { url: '/oauth/token', status: 200, authorization: '' },
    { url: '/v1/who', status: 200, authorization: 'DPoP' },
    { url: '/v1/who', status: 200, authorization: 'DPoP' },
  ])

  server.clock.forward(400)
  seen.length = 0
  expect(await ask()).toEqual({ kind: 'identity', id: worker.identityId })
  expect(seen.map(({ status }) => status)).toEqual([400, 200, 200])

  const bearer = privateKeyTokens(options)
  expect((await askWho(server, { authorization: `Bearer ${await bearer()}` })).status, 'where one must').toBe(200)
})

test('a request with a body is made again whole when its nonce is old', async () => {
  await using world = await openOAuthWorld()
  const { server } = world
  const bodies: string[] = []
  const dpop = makeDpop({ now: server.clock.now })
  let asked = 0
  const answer = await sendRequest(
    {
      baseUrl: server.url,
      authorizer: {
        headersFor: async ({ method, url }) => ({ dpop: dpop.proof({ method, url }) }),
        learnFrom: (given) => dpop.learnFrom(given),
      },
      fetch: async (input) => {
        const request = new Request(input)
        bodies.push(await request.clone().text())
        asked += 1
        return fetch(request)
      },
    },
    new Request(`${server.url}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    }),
  )
  expect(asked).toBe(2)
  expect(bodies).toEqual(['grant_type=client_credentials', 'grant_type=client_credentials'])
  expect(answer.status, 'the proof is good now, and nobody has said who asks').toBe(401)
})

test('the typed client makes a request again when its nonce is old, also with a `fetch` of the call', async () => {
  await using world = await openOAuthWorld()
  const { server } = world
  const asked: string[] = []
  const client = createMayflyClient({
    baseUrl: server.url,
    authorizer: {
      headersFor: async () => ({ 'x-proof': String(asked.length) }),
      learnFrom: async (answer) => answer.headers.get('dpop-nonce') !== null,
    },
  })
  const call = client.GET('/v1/owners', {
    fetch: async (request) => {
      asked.push(request.headers.get('x-proof') ?? '')
      return Response.json(
        { items: [], next_cursor: null },
        asked.length === 1 ? { headers: { 'dpop-nonce': 'new' } } : {},
      )
    },
  })
  expect((await call).data).toEqual({ items: [], next_cursor: null })
  expect(asked, 'each with a proof of its own').toEqual(['0', '1'])
})
