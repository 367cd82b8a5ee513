import { once } from 'node:events'
import { connect } from 'node:net'
import { type AttestationId, defaultTenantId, type EntryId, type IdentityId, MayflyError, newId } from '@mayfly/domain'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Database } from '../../store/database.ts'
import { bindRoutes, buildHttp } from './app.ts'
import { defineEventRoute, definePublicRoute, defineRoute, defineSelfGatedRoute, type Route } from './define-route.ts'
import type { HttpDeps, HttpOptions } from './http-deps.ts'
import { timestamp } from './wire.ts'

const actor = { kind: 'identity', identityId: newId<IdentityId>(), attestationId: newId<AttestationId>() } as const
const receipt = { entryId: newId<EntryId>(), leafHash: new Uint8Array(32), at: new Date() }
const asked: unknown[] = []
const logged: unknown[] = []

// The gate and the tokens have suites of their own on a real database; here only the way of a request is at stake.
const deps: HttpDeps = {
  database: undefined as unknown as Database,
  clock: { now: () => new Date() },
  logger: {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (fields) => logged.push(fields),
  },
  authenticate: async ({ token }) => {
    if (token !== 'good') throw new MayflyError('token_invalid')
    return { tenantId: defaultTenantId, actor }
  },
  gate: async (_ctx, request, work) => {
    asked.push(request)
    if (request.resource.type !== 'Tenant') throw new MayflyError('policy_denied', { extra: { decision_id: 'd' } })
    return work(undefined as never, undefined as never)
  },
  promiseSigner: async () => () => 'promise',
  assertMayMint: () => undefined,
}

const thing = z.object({ name: z.string(), at: timestamp })

const routes: readonly Route<HttpDeps>[] = [
  defineRoute({
    method: 'POST',
    path: '/v1/things',
    name: 'makeThing',
    summary: 'make a thing',
    action: 'owner.write',
    body: z.strictObject({ name: z.string() }),
    resource: () => ({ type: 'Tenant' }),
    changes: true,
    response: thing,
    status: 201,
    handle: async (_deps: HttpDeps, _ctx, { body }) => ({ name: body.name, at: new Date(0), entry: receipt }),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/things/{ref}',
    name: 'getThing',
    summary: 'get a thing',
    action: 'registry.read',
    params: z.strictObject({ ref: z.string() }),
    resource: ({ params }) => ({ type: 'Owner', id: params.ref }),
    response: thing,
    handle: async (_deps: HttpDeps) => ({ name: 'a', at: new Date(0) }),
  }),
  defineSelfGatedRoute({
    method: 'POST',
    path: '/v1/breaks',
    name: 'break',
    summary: 'break',
    action: 'owner.write',
    response: thing,
    handle: async (_deps: HttpDeps) => {
      throw new Error('host host-seven.internal said hunter2')
    },
  }),
  definePublicRoute({
    method: 'GET',
    path: '/open/{path*}',
    name: 'readOpen',
    summary: 'read',
    why: 'a test',
    params: z.strictObject({ path: z.string() }),
    response: z.string(),
    produces: 'text/plain',
    handle: async (_deps: HttpDeps, ctx, { params }) => ({ body: `${params.path} ${ctx.sourceAddress ?? ''}` }),
  }),
  defineEventRoute({
    path: '/v1/events',
    name: 'followEvents',
    summary: 'follow',
    action: 'revocation.read',
    admit: async () => undefined,
    response: z.object({ n: z.int() }),
    events: async function* (_deps: HttpDeps) {
      yield { event: 'step', id: '1', data: { n: 1 } }
      yield { event: 'step', data: { n: 2 } }
    },
  }),
]

const options: HttpOptions = {
  trustedProxies: [],
  callerLimit: { perSecond: 1000, burst: 1000 },
  refusalLimit: { perSecond: 1000, burst: 1000 },
}
const auth = { authorization: 'Bearer good' }
let app: FastifyInstance

beforeAll(async () => {
  app = await buildHttp(deps, [bindRoutes(deps, routes)], options)
  await app.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(() => app.close())

const call = (method: 'GET' | 'POST' | 'PUT' | 'HEAD' | 'OPTIONS', url: string, more: object = {}) =>
  app.inject({ method, url, ...more })

describe('a closed route', () => {
  test('tells the anonymous to bring a token, before reading what they sent', async () => {
    const answer = await call('POST', '/v1/things', { payload: '{', headers: { 'content-type': 'application/json' } })
    expect(answer.statusCode).toBe(401)
    expect(answer.headers['www-authenticate']).toBe(
      'Bearer realm="mayfly", DPoP realm="mayfly", algs="ES256 ES384 EdDSA RS256 PS256"',
    )
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expect(answer.json()).toMatchObject({ code: 'token_missing', type: 'urn:mayfly:problem:token_missing' })
  })

  test('refuses a bad token with the challenge of RFC 6750', async () => {
    const answer = await call('GET', '/v1/things/a', { headers: { authorization: 'Bearer bad' } })
    expect(answer.statusCode).toBe(401)
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"')
  })

  test('is decided on by the gate, which gets action, resource and whether it only reads', async () => {
    asked.length = 0
    const answer = await call('GET', '/v1/things/a', { headers: auth })
    expect(answer.statusCode).toBe(403)
    expect(answer.json()).toMatchObject({ code: 'policy_denied', decision_id: 'd', retry: 'after_change' })
    expect(asked).toEqual([{ action: 'registry.read', readOnly: true, resource: { type: 'Owner', id: 'a' } }])
  })

  test('answers a change with the entry and its promise', async () => {
    const answer = await call('POST', '/v1/things', { payload: { name: 'a' }, headers: auth })
    expect(answer.statusCode).toBe(201)
    expect(answer.json()).toEqual({
      name: 'a',
      at: '1970-01-01T00:00:00.000Z',
      entry: { entry_id: receipt.entryId, leaf_hash: 'A'.repeat(43) + '=', promise: 'promise' },
    })
  })

  test('sends events one by one', async () => {
    const answer = await call('GET', '/v1/events', { headers: auth })
    expect(answer.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    expect(answer.headers['x-content-type-options']).toBe('nosniff')
    expect(answer.body).toBe('event: step\nid: 1\ndata: {"n":1}\n\nevent: step\ndata: {"n":2}\n\n')
    expect((await call('GET', '/v1/events')).statusCode, 'control').toBe(401)
  })
})

test('a server that stops ends its streams, and lets the rest finish', async () => {
  let ended = false
  const endless = defineEventRoute({
    path: '/v1/endless',
    name: 'followEndless',
    summary: 'follow',
    action: 'revocation.read',
    admit: async () => undefined,
    response: z.object({}),
    events: async function* (_deps: HttpDeps, ctx) {
      yield { event: 'step', data: {} }
      await once(ctx.signal, 'abort')
      ended = true
    },
  })
  const stopping = await buildHttp(deps, [bindRoutes(deps, [endless])], options)
  const url = await stopping.listen({ host: '127.0.0.1', port: 0 })
  const answer = await fetch(`${url}/v1/endless`, { headers: auth })
  expect(answer.status).toBe(200)
  const [text] = await Promise.all([answer.text(), stopping.close()])
  expect(text).toContain('event: step')
  expect(ended).toBe(true)
})

test('what fails before the first event is a problem like any other', async () => {
  const failing = defineEventRoute({
    path: '/v1/failing',
    name: 'followFailing',
    summary: 'follow',
    action: 'revocation.read',
    admit: async () => undefined,
    response: z.object({}),
    // oxlint-disable-next-line require-yield
    events: async function* (_deps: HttpDeps) {
      throw new MayflyError('resource_not_found')
    },
  })
  const server = await buildHttp(deps, [bindRoutes(deps, [failing])], options)
  const answer = await server.inject({ method: 'GET', url: '/v1/failing', headers: auth })
  expect(answer.json()).toMatchObject({ status: 404, code: 'resource_not_found' })
  await server.close()
})

describe('every answer', () => {
  test('has a request id, ours or a well-formed one of the caller', async () => {
    expect((await call('GET', '/nowhere')).headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
    const given = await call('GET', '/nowhere', { headers: { 'x-request-id': 'deploy-7.3_a' } })
    expect(given.headers['x-request-id']).toBe('deploy-7.3_a')
    expect(given.json()).toMatchObject({ request_id: 'deploy-7.3_a' })
    const hostile = await call('GET', '/nowhere', { headers: { 'x-request-id': 'a b\tc{}' } })
    expect(hostile.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('may not be stored, sniffed or framed, and does not say what made it', async () => {
    const { headers } = await call('GET', '/open/x')
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect(headers['server']).toBeUndefined()
    expect(headers['x-powered-by']).toBeUndefined()
  })

  test('of a failure inside tells nothing of it', async () => {
    logged.length = 0
    const answer = await call('POST', '/v1/breaks', { headers: auth })
    expect(answer.statusCode).toBe(500)
    expect(answer.json()).toMatchObject({ code: 'internal' })
    expect(answer.body).not.toMatch(/hunter2|host-seven/)
    expect(logged, 'control: the log has it').toHaveLength(1)
  })
})

describe('a request that does not fit', () => {
  test('unknown path, other method, other media type, too large', async () => {
    expect((await call('GET', '/v1/nothing')).json()).toMatchObject({ status: 404, code: 'route_unknown' })
    const other = await call('PUT', '/v1/things', { headers: auth })
    expect(other.statusCode).toBe(405)
    expect(other.headers['allow']).toBe('POST, OPTIONS')
    expect((await call('OPTIONS', '/v1/things')).statusCode).toBe(204)
    expect((await call('HEAD', '/open/x')).statusCode).toBe(200)
    const xml = await call('POST', '/v1/things', { payload: '<a/>', headers: { ...auth, 'content-type': 'text/xml' } })
    expect(xml.json()).toMatchObject({ status: 415, code: 'media_type_unsupported' })
    const large = await call('POST', '/v1/things', { payload: { name: 'x'.repeat(300_000) }, headers: auth })
    expect(large.json()).toMatchObject({ status: 413, code: 'request_too_large' })
    const twice = await call('POST', '/v1/things', {
      payload: '{"name":"a","name":"b"}',
      headers: { ...auth, 'content-type': 'application/json' },
    })
    expect(twice.json()).toMatchObject({ status: 400, code: 'request_malformed' })
    const bad = await call('POST', '/v1/things', { payload: { nam: 'a' }, headers: auth })
    expect(bad.json()).toMatchObject({ code: 'request_invalid', errors: [{ pointer: '/name' }, { pointer: '/nam' }] })
  })

  test('what is no HTTP gets a problem document and the connection ends', async () => {
    const { port } = app.server.address() as { port: number }
    const text = await new Promise<string>((resolve, reject) => {
      let all = ''
      const socket = connect(port, '127.0.0.1', () => socket.write('NONSENSE\r\n\r\n'))
      socket.setEncoding('utf8').on('data', (chunk: string) => (all += chunk))
      socket.on('end', () => resolve(all)).on('error', reject)
    })
    expect(text).toMatch(/^HTTP\/1\.1 400 /)
    expect(text).toContain('"code":"request_malformed"')
  })
})

describe('who is a proxy', () => {
  const forwarded = { 'x-forwarded-for': '203.0.113.9' }

  test('nobody, unless it is listed', async () => {
    expect((await call('GET', '/open/x', { headers: forwarded })).body).toBe('x 127.0.0.1')
    const behind = await buildHttp(deps, [bindRoutes(deps, routes)], { ...options, trustedProxies: ['127.0.0.1'] })
    const answer = await behind.inject({ method: 'GET', url: '/open/a/b', headers: forwarded })
    expect(answer.body, 'control').toBe('a/b 203.0.113.9')
    await behind.close()
  })
})

describe('limits of rate', () => {
  test('a caller over its limit waits, and is told how long', async () => {
    const slow = await buildHttp(deps, [bindRoutes(deps, routes)], {
      ...options,
      callerLimit: { perSecond: 0.5, burst: 1 },
    })
    const ask = () => slow.inject({ method: 'GET', url: '/v1/things/a', headers: auth })
    expect((await ask()).statusCode).toBe(403)
    const refused = await ask()
    expect(refused.json()).toMatchObject({ status: 429, code: 'rate_limited' })
    expect(refused.headers['retry-after']).toBe('2')
    await slow.close()
  })

  test('an address that guesses tokens waits; one that works does not', async () => {
    const wary = await buildHttp(deps, [bindRoutes(deps, routes)], {
      ...options,
      refusalLimit: { perSecond: 0.01, burst: 2 },
    })
    const ask = (token: string) =>
      wary.inject({ method: 'GET', url: '/v1/things/a', headers: { authorization: `Bearer ${token}` } })
    for (let work = 0; work < 5; work++) expect((await ask('good')).statusCode).toBe(403)
    expect((await ask('guess')).statusCode).toBe(401)
    expect((await ask('guess')).statusCode).toBe(401)
    expect((await ask('good')).statusCode).toBe(429)
    await wary.close()
  })
})
