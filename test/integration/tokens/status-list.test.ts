/** The status list as an endpoint: what it says, to whom, how fresh, and how it grows. */
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { defaultTenantId } from '@mayfly/domain'
import { openStatusLists } from '../../../packages/server/src/application/proof/status-list-token.ts'
import { openStatusPlaces } from '../../../packages/server/src/application/revocation/status-places.ts'
import {
  askFor,
  credentialIdOf,
  openTokensWorld,
  revokeBy,
  statusOf,
  stockUri,
  tokenOf,
  type TokensWorld,
} from './tokens-fixture.ts'

let world: TokensWorld
beforeAll(async () => {
  world = await openTokensWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const getToken = async () => tokenOf(await askFor(world.server, world.web, { resource: stockUri }))

function placeOf(token: string): { idx: number; uri: string } {
  return (decodeJwt(token)['status'] as { status_list: { idx: number; uri: string } }).status_list
}

test('[SL 5.1] the list is a JWT of its own type, whose subject is its address', async () => {
  const { server } = world
  const { uri } = placeOf(await getToken())
  const answer = await fetch(uri)
  expect(answer.headers.get('content-type')).toBe('application/statuslist+jwt')
  const text = await answer.text()
  expect(decodeProtectedHeader(text)).toMatchObject({ typ: 'statuslist+jwt', alg: 'ES256' })
  const claims = decodeJwt(text)
  expect(claims).toEqual({
    iss: server.url,
    sub: uri,
    iat: expect.any(Number),
    exp: Number(claims.iat) + 900,
    ttl: 30,
    status_list: { bits: 1, lst: expect.any(String), aggregation_uri: `${server.url}/oauth/status-lists` },
  })
  const own = await fetch(`${server.url}/v1/who`, { headers: { authorization: `Bearer ${text}` } })
  expect(own.status, 'and it is a token for nothing').toBe(401)
})

test('[SL 8.2] a list comes in one form, and is cached shortly, by its tag', async () => {
  const { uri } = placeOf(await getToken())
  const ask = (headers: Record<string, string>) => fetch(uri, { headers })
  expect((await ask({ accept: 'application/statuslist+cwt' })).status).toBe(406)
  expect((await ask({ accept: 'application/statuslist+jwt;q=0' })).status).toBe(406)
  const good = await ask({ accept: 'text/html, application/statuslist+jwt;q=0.5' })
  expect(good.status).toBe(200)
  expect(good.headers.get('cache-control')).toBe('public, max-age=30')
  expect(good.headers.get('access-control-allow-origin')).toBe('*')
  const etag = good.headers.get('etag') ?? ''
  expect((await ask({ 'if-none-match': etag })).status).toBe(304)
  await revokeBy(world.server, { kind: 'credential', id: credentialIdOf(await getToken()) })
  expect((await ask({ 'if-none-match': etag })).status, 'control: after a revocation it is another').toBe(200)
})

test('[SL 8.4] former states are not kept, and the answer says so', async () => {
  const { uri } = placeOf(await getToken())
  expect((await fetch(`${uri}?time=1686925000`)).status).toBe(501)
})

test('a list that is not there, or is no list, is not found; other methods are refused', async () => {
  const { server } = world
  const lists = `${server.url}/oauth/status-lists`
  expect((await fetch(`${lists}/00000000-0000-7000-8000-000000000009`)).status).toBe(404)
  expect((await fetch(`${lists}/nonsense`)).status).toBe(404)
  const { uri } = placeOf(await getToken())
  expect((await fetch(uri, { method: 'POST', body: 'x' })).status).toBe(405)
  const elsewhere = uri.replace('/oauth/', '/t/nobody/oauth/')
  expect((await fetch(elsewhere)).status).toBe(404)
})

test('[SL 9.3] the aggregation names every list that may hold a live token, and the metadata names it', async () => {
  const { server } = world
  const { uri } = placeOf(await getToken())
  const metadata = (await (await fetch(`${server.url}/.well-known/oauth-authorization-server`)).json()) as Record<
    string,
    string
  >
  const answer = await fetch(metadata['status_list_aggregation_endpoint'] ?? '')
  expect(answer.headers.get('content-type')).toContain('application/json')
  expect(await answer.json()).toEqual({ status_lists: [uri] })
})

test('law 3: the list that is read after a revocation says so, on every server', async () => {
  const { server } = world
  const token = await getToken()
  const { uri } = placeOf(token)
  // Another server, which has the list of before in its memory.
  const other = openStatusLists({ ...server.issue, keys: server.keys, tenants: server.proof.tenants })
  const id = uri.split('/').at(-1) as never
  const before = await other.find(defaultTenantId, id)
  expect((await other.find(defaultTenantId, id))?.tag, 'control: unchanged, it is not made again').toBe(before?.tag)
  expect(await statusOf(server, token)).toBe(0)
  await revokeBy(server, { kind: 'credential', id: credentialIdOf(token) })
  expect(await statusOf(server, token)).toBe(1)
  expect((await other.find(defaultTenantId, id))?.tag).not.toBe(before?.tag)
})

test('[SL 13.2] no index is given out twice, whichever server gives it, and a full list is followed by another', async () => {
  await using small = await openTokensWorld({ statusListSize: 512 })
  const { server } = small
  const { database, clock } = server.issue
  const servers = [1, 2, 3].map(() => openStatusPlaces({ database, clock }, { listSize: 512 }))
  const taken = await Promise.all(
    Array.from({ length: 1_200 }, async (_, at) => servers[at % servers.length]?.take(defaultTenantId)),
  )
  const places = new Set(taken.map((place) => `${place?.listId}/${place?.index}`))
  expect(places.size).toBe(1_200)
  expect(new Set(taken.map((place) => place?.listId)).size).toBeGreaterThanOrEqual(3)
  const token = tokenOf(await askFor(server, small.web, { resource: stockUri }))
  expect(await statusOf(server, token)).toBe(0)
})

test('a place that was not used is given to the next, and one that was is not', async () => {
  const { server } = world
  const { database, clock } = server.issue
  const places = openStatusPlaces({ database, clock })
  const place = await places.take(defaultTenantId)
  places.giveBack(defaultTenantId, place)
  expect(await places.take(defaultTenantId)).toEqual(place)
  expect(await places.take(defaultTenantId)).not.toEqual(place)
})
