/** Each endpoint of the OAuth surface, asked in every wrong way: a new one without a row fails. */
import { newId, type TenantId } from '@mayfly/domain'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensureKeys } from '../../../packages/server/src/application/proof/ensure-keys.ts'
import { ensureTenant } from '../../../packages/server/src/store/tenant-rows.ts'
import { postForm } from '../proof/proof-server.ts'
import { bearerToken, clientAssertion, openOAuthWorld, type OAuthWorld, requestToken } from './oauth-fixture.ts'

interface Row {
  readonly method: 'POST' | 'GET'
  /** Why nobody need say who they are; absent: they must. */
  readonly public?: string
  /** What a good request holds beside the proof of who asks. */
  readonly form?: Record<string, string>
  /** How long it may be kept; default 300. */
  readonly maxAgeSeconds?: number
  /** Asked with an access token too. */
  readonly takesTokens?: true
  /** Asked by POST though it is public: every answer is another, and none is kept. */
  readonly fresh?: { readonly member: string; readonly without: string }
}

const rows: Readonly<Record<string, Row>> = {
  '/oauth/token': { method: 'POST', form: { grant_type: 'client_credentials' } },
  '/oauth/introspect': { method: 'POST', form: { token: 'unknown' }, takesTokens: true },
  '/oauth/revoke': { method: 'POST', form: { token: 'unknown' }, takesTokens: true },
  '/oauth/challenge': {
    method: 'POST',
    public: 'a challenge says nothing, and whoever is to prove itself has proven nothing yet',
    form: { client_id: 'anyone' },
    fresh: { member: 'challenge', without: 'client_id' },
  },
  '/oauth/jwks': { method: 'GET', public: 'public keys are public' },
  '/oauth/status-lists': {
    method: 'GET',
    public: 'verifiers that are offline must know what ended',
    maxAgeSeconds: 30,
  },
  '/.well-known/oauth-authorization-server': { method: 'GET', public: 'how to ask is public' },
  '/.well-known/openid-configuration': { method: 'GET', public: 'clouds read where our keys are' },
}
const closed = Object.entries(rows).filter(([, row]) => row.public === undefined)
const open = Object.entries(rows).filter(([, row]) => row.public !== undefined && row.method === 'GET')
const asked = Object.entries(rows).filter(([, row]) => row.public !== undefined && row.method === 'POST')
const form = 'application/x-www-form-urlencoded'

let world: OAuthWorld
beforeAll(async () => {
  world = await openOAuthWorld()
  const other = newId<TenantId>()
  await world.server.proof.database.outsideTenants((query) =>
    ensureTenant(query, { tenant_id: other, name: 'acme', created_at: new Date() }),
  )
  await ensureKeys(world.server.proof, other)
})
afterAll(() => world[Symbol.asyncDispose]())

test('every endpoint that the metadata names has its row, and so has every route of the surface', async () => {
  const answer = await fetch(`${world.server.url}/.well-known/oauth-authorization-server`)
  const metadata = (await answer.json()) as Record<string, unknown>
  const named = Object.entries(metadata)
    .filter(([member]) => /(_endpoint|_uri)$/.test(member))
    .map(([, url]) => new URL(String(url)).pathname)
  expect(named.toSorted()).toEqual(
    Object.keys(rows)
      .filter((path) => !path.startsWith('/.well-known'))
      .toSorted(),
  )
  const routes = world.server.app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .filter((line) => line.includes('oauth'))
  expect(routes.length).toBeGreaterThanOrEqual(Object.keys(rows).length)
})

describe.each(closed)('%s', (path, row) => {
  const url = () => `${world.server.url}${path}`
  const good = async () => ({ ...row.form, ...(await clientAssertion(world.server, world.watcher)) })

  test('[RFC6749 5.1] answers whoever proves who they are, and no cache keeps it', async () => {
    const answer = await postForm(url(), await good())
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
  })

  test('[RFC6749 5.2] [RFC7662 2.3] tells the anonymous to authenticate, with a challenge', async () => {
    const answer = await postForm(url(), row.form ?? {})
    expect([answer.status, answer.body['error']]).toEqual([401, 'invalid_client'])
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="mayfly", DPoP /)
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  test('[RFC6749 2.3] takes no password, and refuses it in the scheme that was used', async () => {
    const basic = await postForm(url(), row.form ?? {}, { authorization: 'Basic bmlnaHRseTpzZWNyZXQ=' })
    expect([basic.status, basic.body['error']]).toEqual([401, 'invalid_client'])
    expect(basic.headers.get('www-authenticate')).toBe('Basic realm="mayfly"')
    const posted = await postForm(url(), { ...row.form, client_id: world.worker.identityId, client_secret: 'secret' })
    expect([posted.status, posted.body['error']]).toEqual([401, 'invalid_client'])
    const both = await postForm(url(), { ...(await good()), client_secret: 'secret' })
    expect([both.status, both.body['error']]).toEqual([400, 'invalid_request'])
    const twice = await postForm(url(), await good(), { authorization: 'Basic bmlnaHRseTpzZWNyZXQ=' })
    expect([twice.status, twice.body['error']]).toEqual([400, 'invalid_request'])
  })

  test('[RFC7521 4.2] takes an assertion only of a type that it knows, and of the client that is named', async () => {
    for (const wrong of [
      { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' },
      { client_id: world.worker.identityId },
      { client_assertion: 'a.b.c' },
    ]) {
      const answer = await postForm(url(), { ...(await good()), ...wrong })
      expect({ wrong, status: answer.status, error: answer.body['error'] }).toEqual({
        wrong,
        status: 401,
        error: 'invalid_client',
      })
    }
    const named = await postForm(url(), { ...(await good()), client_id: world.watcher.identityId })
    expect(named.status, 'control').toBe(200)
  })

  test('an assertion for another tenant proves nothing here', async () => {
    const other = `${world.server.url}/t/acme`
    const answer = await postForm(`${other}${path}`, await good())
    expect([answer.status, answer.body['error']]).toEqual([401, 'invalid_client'])
    const nowhere = await postForm(`${world.server.url}/t/nobody${path}`, await good())
    expect(nowhere.status).toBe(404)
  })

  test('[RFC6749 3.2] refuses a parameter that is there twice, and ignores one that it does not know', async () => {
    const [name = ''] = Object.keys(row.form ?? {})
    const body = new URLSearchParams(await good())
    body.append(name, body.get(name) ?? '')
    const twice = await postForm(url(), body.toString())
    expect([twice.status, twice.body['error']]).toEqual([400, 'invalid_request'])
    const unknown = await postForm(url(), { ...(await good()), nonsense: '1' })
    expect(unknown.status).toBe(200)
  })

  test('[RFC6749 5.2] names what is missing, and refuses what is no form, too large, or cut off', async () => {
    const asked = async (body: string, headers: Record<string, string> = {}) => {
      const answer = await postForm(url(), body, headers)
      return [answer.status, answer.body['error']]
    }
    expect(await asked(new URLSearchParams(await clientAssertion(world.server, world.watcher)).toString())).toEqual([
      400,
      'invalid_request',
    ])
    expect(await asked('{}', { 'content-type': 'application/json' })).toEqual([400, 'invalid_request'])
    expect(await asked(`padding=${'x'.repeat(70_000)}`)).toEqual([413, 'invalid_request'])
    const many = Array.from({ length: 31 }, (_, index) => `p${index}=1`).join('&')
    expect(await asked(many)).toEqual([400, 'invalid_request'])
    const none = await fetch(url(), { method: 'POST' })
    expect(none.status).toBe(400)
  })

  test('[RFC6749 3.2] is asked by POST only, and says so', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      const answer = await fetch(url(), { method })
      expect({ method, status: answer.status, allow: answer.headers.get('allow') }).toEqual({
        method,
        status: 405,
        allow: 'POST, OPTIONS',
      })
      expect(await answer.json()).toMatchObject({ error: 'invalid_request' })
    }
    expect((await fetch(url(), { method: 'OPTIONS' })).status).toBe(204)
    const parameters = new URLSearchParams(await good()).toString()
    const inQuery = await fetch(`${url()}?${parameters}`, { method: 'POST', headers: { 'content-type': form } })
    expect(inQuery.status, 'a parameter in the address is none').not.toBe(200)
  })

  test('takes an access token of its caller only where a resource server asks', async () => {
    const headers = { authorization: `Bearer ${await bearerToken(world.server, world.watcher)}` }
    const answer = await postForm(url(), row.form ?? {}, headers)
    expect(answer.status).toBe(row.takesTokens === true ? 200 : 401)
    const bad = await postForm(url(), row.form ?? {}, { authorization: 'Bearer nonsense' })
    expect(bad.status).toBe(401)
    expect(bad.headers.get('www-authenticate')).toMatch(
      row.takesTokens === true ? /^Bearer realm="mayfly", error="invalid_token"/ : /^Bearer realm="mayfly", DPoP/,
    )
  })
})

describe.each(open)('%s', (path, { maxAgeSeconds = 300 }) => {
  test('is there for everyone, of each tenant that there is, and may be kept a little while', async () => {
    const answer = await fetch(`${world.server.url}${path}`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe(`public, max-age=${maxAgeSeconds}`)
    const post = await fetch(`${world.server.url}${path}`, { method: 'POST' })
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
    expect((await fetch(`${world.server.url}/t/acme${path}`)).status).toBe(200)
    expect((await fetch(`${world.server.url}/t/nobody${path}`)).status).toBe(404)
  })
})

describe.each(asked)('%s', (path, { form: good = {}, fresh }) => {
  const url = () => `${world.server.url}${path}`

  test('answers everyone, of each tenant that there is, anew each time, and no cache keeps it', async () => {
    if (fresh === undefined) throw new Error('the row does not say what is new each time')
    const [one, other] = [await postForm(url(), good), await postForm(url(), good)]
    expect([one.status, one.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(one.body[fresh.member]).toMatch(/./)
    expect(other.body[fresh.member]).not.toBe(one.body[fresh.member])
    expect((await postForm(`${world.server.url}/t/acme${path}`, good)).status).toBe(200)
    expect((await postForm(`${world.server.url}/t/nobody${path}`, good)).status).toBe(404)
  })

  test('[RFC6749 5.2] names what is missing or there twice, and refuses what is too long, no form, or asked otherwise', async () => {
    const { without = '' } = fresh ?? {}
    const wrong = async (body: Parameters<typeof postForm>[1], headers: Record<string, string> = {}) => {
      const answer = await postForm(url(), body, headers)
      return [answer.status, answer.body['error']]
    }
    expect(await wrong({ ...good, [without]: '' })).toEqual([400, 'invalid_request'])
    expect(await wrong({ ...good, [without]: 'x'.repeat(301) })).toEqual([400, 'invalid_request'])
    const twice = new URLSearchParams(good)
    twice.append(without, 'another')
    expect(await wrong(twice.toString())).toEqual([400, 'invalid_request'])
    expect(await wrong('{}', { 'content-type': 'application/json' })).toEqual([400, 'invalid_request'])
    expect(await wrong(`${without}=${'x'.repeat(70_000)}`)).toEqual([413, 'invalid_request'])
    const get = await fetch(url())
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST, OPTIONS'])
    expect((await postForm(url(), good)).status, 'control').toBe(200)
  })
})

test('[RFC8414 3.1] the metadata of a tenant is found in either place, and says the same', async () => {
  const { url } = world.server
  const read = async (path: string) => (await (await fetch(`${url}${path}`)).json()) as Record<string, unknown>
  const before = await read('/.well-known/oauth-authorization-server/t/acme')
  const after = await read('/t/acme/.well-known/oauth-authorization-server')
  expect(before).toEqual(after)
  expect(before).toMatchObject({ issuer: `${url}/t/acme`, token_endpoint: `${url}/t/acme/oauth/token` })
  expect(await read('/.well-known/oauth-authorization-server')).toMatchObject({ issuer: url })
})

test('[RFC8414 2] [RFC9449 5.1] what the metadata promises is so', async () => {
  const answer = await fetch(`${world.server.url}/.well-known/oauth-authorization-server`)
  const metadata = (await answer.json()) as Record<string, readonly string[]>
  for (const grant of metadata['grant_types_supported'] ?? []) {
    const asked = await postForm(`${world.server.url}/oauth/token`, { grant_type: grant })
    expect({ grant, error: asked.body['error'] }).not.toEqual({ grant, error: 'unsupported_grant_type' })
  }
  const other = await postForm(`${world.server.url}/oauth/token`, { grant_type: 'password' })
  expect(other.body, 'control').toMatchObject({ error: 'unsupported_grant_type' })
  expect(metadata['dpop_signing_alg_values_supported']).toEqual(['ES256', 'ES384', 'EdDSA', 'RS256', 'PS256'])
  expect(metadata['response_types_supported']).toEqual([])
  expect(answer.headers.get('content-type')).toContain('application/json')
})

test('[RFC6749 3.3] [RFC8707 2] Mayfly itself has no scopes, unknown resources are none, and asking costs no proof', async () => {
  const { server, worker } = world
  const proof = { grant_type: 'client_credentials', ...(await clientAssertion(server, worker)) }
  const ask = async (more: Record<string, string>) => {
    const answer = await postForm(`${server.url}/oauth/token`, { ...proof, ...more })
    return [answer.status, answer.body['error']]
  }
  expect(await ask({ scope: 'admin' })).toEqual([400, 'invalid_scope'])
  expect(await ask({ resource: 'not a URI' })).toEqual([400, 'invalid_target'])
  expect(await ask({ resource: server.url }), 'control: the proof is still good').toEqual([200, undefined])
  const other = await requestToken(server, worker, {}, { resource: 'https://other.example' })
  expect([other.status, other.body['error']]).toEqual([400, 'invalid_target'])
})
