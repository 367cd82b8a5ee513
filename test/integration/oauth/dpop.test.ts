import { createHash, randomUUID } from 'node:crypto'
import { request as rawRequest } from 'node:http'
import { decodeJwt } from 'jose'
import { expect, test } from 'vitest'
import { runLapses } from '../../../packages/server/src/application/proof/run-lapses.ts'
import { defaultTenantId } from '@mayfly/domain'
import { postForm, proveWithToken, registerWorkload, startProofServer } from '../proof/proof-server.ts'
import {
  askNonce,
  askWho,
  bearerToken,
  clientAssertion,
  dpopProof,
  dpopToken,
  makeDpopKey,
  openOAuthWorld,
  requestToken,
  subject,
} from './oauth-fixture.ts'

test('[RFC9449 5] [RFC9449 6.1] the token endpoint asks for a nonce first, and binds the token to the key of the proof', async () => {
  await using world = await openOAuthWorld()
  const { server, worker } = world
  const key = await makeDpopKey()
  const url = `${server.url}/oauth/token`
  const first = await requestToken(server, worker, { dpop: await dpopProof(server, key, { url }) })
  expect(first.status).toBe(400)
  expect(first.body).toMatchObject({ error: 'use_dpop_nonce' })
  expect(first.headers.get('cache-control')).toBe('no-store')
  const nonce = first.headers.get('dpop-nonce') ?? ''
  expect(nonce).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/)

  const second = await requestToken(server, worker, { dpop: await dpopProof(server, key, { url, nonce }) })
  expect(second.body).toMatchObject({ token_type: 'DPoP' })
  const token = String(second.body['access_token'])
  expect(decodeJwt(token)['cnf'], 'RFC 9449 section 6.1').toEqual({ jkt: key.jkt })
  const plain = await requestToken(server, worker)
  expect(plain.body, 'control: without a proof it is a bearer token').toMatchObject({ token_type: 'Bearer' })
  expect(decodeJwt(String(plain.body['access_token']))['cnf']).toBeUndefined()
})

test('[RFC9449 5] a token of a platform is exchanged for a bound one too', async () => {
  await using world = await openOAuthWorld()
  const { server, issuer } = world
  await registerWorkload(server, { name: 'build', trustProvider: 'builds', subject })
  const key = await makeDpopKey()
  const url = `${server.url}/oauth/token`
  const dpop = await dpopProof(server, key, { url, nonce: await askNonce(server, key) })
  const answer = await postForm(
    url,
    { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: issuer.token() },
    { dpop },
  )
  expect(answer.body).toMatchObject({ token_type: 'DPoP' })
  expect((await proveWithToken(server, issuer.token())).body, 'control').toMatchObject({ token_type: 'Bearer' })
})

test('[RFC9449 8] what a request proves is not used up by the question for a nonce', async () => {
  await using world = await openOAuthWorld()
  const { server, worker } = world
  const key = await makeDpopKey()
  const url = `${server.url}/oauth/token`
  const form = { grant_type: 'client_credentials', ...(await clientAssertion(server, worker)) }
  const first = await postForm(url, form, { dpop: await dpopProof(server, key, { url }) })
  const nonce = first.headers.get('dpop-nonce') ?? ''
  const second = await postForm(url, form, { dpop: await dpopProof(server, key, { url, nonce }) })
  expect([first.body['error'], second.status]).toEqual(['use_dpop_nonce', 200])
  const third = await postForm(url, form, { dpop: await dpopProof(server, key, { url, nonce }) })
  expect(third.body, 'control: the assertion counts once').toMatchObject({ reason: 'proof_replayed' })
})

test('[RFC9449 8.2] a nonce that ages brings its successor, and an old one is asked for anew', async () => {
  await using world = await openOAuthWorld()
  const { server, worker } = world
  const key = await makeDpopKey()
  const url = `${server.url}/oauth/token`
  const nonce = await askNonce(server, key)
  const ask = async () => requestToken(server, worker, { dpop: await dpopProof(server, key, { url, nonce }) })
  const fresh = await ask()
  expect([fresh.status, fresh.headers.get('dpop-nonce')]).toEqual([200, null])
  server.clock.forward(100)
  const ageing = await ask()
  expect(ageing.status).toBe(200)
  const next = ageing.headers.get('dpop-nonce') ?? ''
  expect(next).not.toBe(nonce)
  server.clock.forward(250)
  expect((await ask()).body).toMatchObject({ error: 'use_dpop_nonce' })
  const renewed = await requestToken(server, worker, { dpop: await dpopProof(server, key, { url, nonce: next }) })
  expect(renewed.status, 'the successor still lives').toBe(200)
})

test('[RFC9449 8] every server of one installation takes a nonce of the other, and a proof counts once on all', async () => {
  await using world = await openOAuthWorld()
  const { server, worker } = world
  await using other = await startProofServer({ store: server.store })
  const key = await makeDpopKey()
  const nonce = await askNonce(server, key)
  const url = `${other.url}/oauth/token`
  const jti = randomUUID()
  const dpop = await dpopProof(server, key, { url, nonce, claims: { jti } })
  const ask = async () =>
    postForm(
      url,
      { grant_type: 'client_credentials', ...(await clientAssertion(server, worker, { aud: other.url })) },
      { dpop },
    )
  expect((await ask()).status).toBe(200)
  expect((await ask()).body).toMatchObject({ error: 'invalid_dpop_proof' })
  // Behind one address both would be asked with the very same proof.
  const useHere = (id: string) =>
    server.proof.dpop.used.submit(defaultTenantId, {
      digest: createHash('sha256').update(`${key.jkt}\n${id}`).digest(),
      expiresAt: new Date(Date.now() + 60_000),
    })
  expect(await useHere(jti), 'used at the other server').toBe(false)
  expect(await useHere(randomUUID()), 'control').toBe(true)
})

test('[RFC9449 11.1] a proof is used once, whoever asks for what with it', async () => {
  await using world = await openOAuthWorld()
  const { server, worker } = world
  const key = await makeDpopKey()
  const url = `${server.url}/oauth/token`
  const nonce = await askNonce(server, key)
  const dpop = await dpopProof(server, key, { url, nonce })
  const answers = await Promise.all(Array.from({ length: 8 }, () => requestToken(server, worker, { dpop })))
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  expect(answers.filter(({ body }) => body['error'] === 'invalid_dpop_proof')).toHaveLength(7)
  const another = await requestToken(server, worker, { dpop: await dpopProof(server, key, { url, nonce }) })
  expect(another.status, 'control: another proof with the same nonce').toBe(200)

  const token = String(another.body['access_token'])
  const who = `${server.url}/v1/who`
  const proof = await dpopProof(server, key, { method: 'GET', url: who, token })
  const headers = { authorization: `DPoP ${token}`, dpop: proof }
  expect((await askWho(server, headers)).status).toBe(200)
  const again = await askWho(server, headers)
  expect([again.status, again.body['code']]).toEqual([401, 'dpop_proof_invalid'])
})

test('proofs that were used are remembered for as long as they could be presented, and no longer', async () => {
  await using world = await openOAuthWorld()
  const { server } = world
  const key = await makeDpopKey()
  await dpopToken(world, key)
  const count = () =>
    server.change(async ({ tx }) => (await tx.query.selectFrom('dpop_proof_seen').selectAll().execute()).length)
  const forget = () => runLapses(server.proof, defaultTenantId, new AbortController().signal)
  await forget()
  expect(await count()).toBe(1)
  server.clock.forward(122)
  await forget()
  expect(await count()).toBe(0)
})

test('[RFC9449 7.1] a bound token opens our API with a proof of its key, for this request and this token', async () => {
  await using world = await openOAuthWorld()
  const { server, worker } = world
  const [key, stolenBy] = [await makeDpopKey(), await makeDpopKey()]
  const token = await dpopToken(world, key)
  const url = `${server.url}/v1/who`
  const get = async (by: typeof key, about: object = {}, scheme = 'DPoP') =>
    askWho(server, {
      authorization: `${scheme} ${token}`,
      dpop: await dpopProof(server, by, { method: 'GET', url, token, ...about }),
    })
  expect(await get(key)).toMatchObject({ status: 200, body: { kind: 'identity', id: worker.identityId } })

  const refusals: Record<string, Awaited<ReturnType<typeof get>>> = {
    'another key': await get(stolenBy),
    'another token': await get(key, { token: await bearerToken(server, worker) }),
    'no token': await get(key, { token: undefined }),
    'another method': await get(key, { method: 'POST' }),
    'another address': await get(key, { url: `${server.url}/v1/owners` }),
    'an old proof': await get(key, { claims: { iat: Math.floor(server.clock.now().getTime() / 1000) - 120 } }),
    'no proof': await askWho(server, { authorization: `DPoP ${token}` }),
  }
  for (const [name, { status, headers, body }] of Object.entries(refusals)) {
    expect({ name, status }).toEqual({ name, status: 401 })
    const error = name === 'another key' ? 'invalid_token' : 'invalid_dpop_proof'
    expect(headers.get('www-authenticate')).toBe(
      `DPoP realm="mayfly", error="${error}", algs="ES256 ES384 EdDSA RS256 PS256"`,
    )
    expect(body['code']).toBe(name === 'another key' ? 'token_invalid' : 'dpop_proof_invalid')
  }
  expect((await get(key, { url: `${url}?a=b` })).status, 'control: a query does not count').toBe(200)
})

test('[RFC9449 7.2] a bound token is no bearer token, and a bearer token is not bound', async () => {
  await using world = await openOAuthWorld()
  const { server, worker } = world
  const key = await makeDpopKey()
  const [bound, bearer] = [await dpopToken(world, key), await bearerToken(server, worker)]
  const url = `${server.url}/v1/who`
  const downgraded = await askWho(server, { authorization: `Bearer ${bound}` })
  expect(downgraded.status).toBe(401)
  expect(downgraded.headers.get('www-authenticate')).toContain('Bearer realm="mayfly", error="invalid_token", DPoP')
  const proof = await dpopProof(server, key, { method: 'GET', url, token: bound })
  expect((await askWho(server, { authorization: `Bearer ${bound}`, dpop: proof })).status).toBe(401)
  const upgraded = await askWho(server, {
    authorization: `DPoP ${bearer}`,
    dpop: await dpopProof(server, key, { method: 'GET', url, token: bearer }),
  })
  expect(upgraded.status).toBe(401)
  expect((await askWho(server, { authorization: `Bearer ${bearer}` })).status, 'control').toBe(200)
})

test('[RFC9449 9] a nonce that comes along at our API is held to its time', async () => {
  await using world = await openOAuthWorld()
  const { server } = world
  const key = await makeDpopKey()
  const nonce = await askNonce(server, key)
  const token = await dpopToken(world, key)
  const url = `${server.url}/v1/who`
  const get = async (given: string) =>
    askWho(server, {
      authorization: `DPoP ${token}`,
      dpop: await dpopProof(server, key, { method: 'GET', url, token, nonce: given }),
    })
  expect((await get(nonce)).status).toBe(200)
  const unknown = await get('AAAAAAAAAAAAAAAAAAAAAAAAAAA')
  expect([unknown.status, unknown.body['code']]).toEqual([401, 'dpop_nonce_required'])
  expect(unknown.headers.get('www-authenticate')).toContain('DPoP realm="mayfly", error="use_dpop_nonce"')
  expect((await get(unknown.headers.get('dpop-nonce') ?? '')).status).toBe(200)
  server.clock.forward(90)
  const ageing = await get(nonce)
  expect(ageing.status).toBe(200)
  expect(ageing.headers.get('dpop-nonce'), 'its successor comes in time').toMatch(/^[\w-]{27}$/)
})

test('[RFC9449 4.3] two DPoP headers are refused, whatever they hold', async () => {
  await using world = await openOAuthWorld()
  const { server, worker } = world
  const key = await makeDpopKey()
  const url = `${server.url}/oauth/token`
  const nonce = await askNonce(server, key)
  const proofs = [await dpopProof(server, key, { url, nonce }), await dpopProof(server, key, { url, nonce })]
  const form = new URLSearchParams({ grant_type: 'client_credentials', ...(await clientAssertion(server, worker)) })
  const ask = (dpop: readonly string[]) =>
    new Promise<{ status: number; body: Record<string, unknown> }>((resolve, reject) => {
      const sent = rawRequest(url, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', dpop: [...dpop] },
      })
      sent.on('error', reject).on('response', (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text) as Record<string, unknown> }),
        )
      })
      sent.end(form.toString())
    })
  expect(await ask(proofs)).toMatchObject({
    status: 400,
    body: { error: 'invalid_dpop_proof', error_description: 'the header DPoP is there more than once' },
  })
  expect((await ask(proofs.slice(1))).status, 'control: one of them').toBe(200)
})

test('[RFC9449 6.2] [RFC9449 7] introspection and revocation take a bound token of their caller, with its proof', async () => {
  await using world = await openOAuthWorld()
  const { server, watcher, worker } = world
  const [key, workersKey] = [await makeDpopKey(), await makeDpopKey()]
  const caller = await dpopToken(world, key, watcher)
  const token = await dpopToken(world, workersKey)
  const ask = async (path: string, by: typeof key, as: string) => {
    const url = `${server.url}${path}`
    return postForm(
      url,
      { token },
      { authorization: `DPoP ${as}`, dpop: await dpopProof(server, by, { url, token: as }) },
    )
  }
  const live = await ask('/oauth/introspect', key, caller)
  expect(live.body).toMatchObject({
    active: true,
    token_type: 'DPoP',
    cnf: { jkt: workersKey.jkt },
    client_id: worker.identityId,
  })
  const stolen = await ask('/oauth/introspect', workersKey, caller)
  expect(stolen.status).toBe(401)
  expect(stolen.headers.get('www-authenticate')).toMatch(/^DPoP realm="mayfly", error="invalid_token"/)
  const bare = await postForm(`${server.url}/oauth/introspect`, { token }, { authorization: `DPoP ${caller}` })
  expect([bare.status, bare.body['error']]).toEqual([401, 'invalid_dpop_proof'])
  expect((await ask('/oauth/revoke', workersKey, token)).status).toBe(200)
  expect((await ask('/oauth/introspect', key, caller)).body).toEqual({ active: false })
})
