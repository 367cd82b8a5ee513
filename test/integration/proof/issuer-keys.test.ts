import { expect, test } from 'vitest'
import { proveWithToken, registerOidc, registerWorkload, startProofServer } from './proof-server.ts'
import { makeIssuerKey, startTestIssuer } from './test-issuer.ts'

const subject = 'repo:acme/orders:ref:refs/heads/main'

async function serverWithIssuer(settings: Record<string, unknown> = {}) {
  const server = await startProofServer()
  const issuer = await startTestIssuer({ now: server.clock.now })
  await registerOidc(server, issuer.url, settings)
  await registerWorkload(server, { name: 'nightly-report', trustProvider: 'builds', subject })
  return {
    server,
    issuer,
    prove: async (...token: Parameters<typeof issuer.token>) => proveWithToken(server, issuer.token(...token)),
    async [Symbol.asyncDispose]() {
      await issuer[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

test('a new key of the issuer is found at once, a withdrawn one is refused once the set is read again', async () => {
  await using at = await serverWithIssuer()
  expect((await at.prove()).status).toBe(200)
  const [former] = at.issuer.keys
  const next = makeIssuerKey('second', 'RS256')
  at.issuer.keys = [next]
  at.server.clock.forward(11)
  expect((await at.prove()).status, 'control: signed with the new key').toBe(200)
  const old = await at.prove({}, former === undefined ? {} : { key: former })
  expect(old.body).toMatchObject({ error: 'invalid_grant', reason: 'key_unknown' })
})

test('a key that the issuer withdrew while nobody asked is refused by the first who does', async () => {
  await using at = await serverWithIssuer()
  expect((await at.prove()).status).toBe(200)
  const [former] = at.issuer.keys
  at.issuer.keys = [makeIssuerKey('second')]
  at.server.clock.forward(660)
  const old = await at.prove({}, former === undefined ? {} : { key: former })
  expect(old.body).toMatchObject({ reason: 'key_unknown' })
  expect((await at.prove()).status, 'control: the key that took its place').toBe(200)
})

test('while the issuer is down its known keys verify for a bounded time, and unknown ones never', async () => {
  await using at = await serverWithIssuer({ keys_max_stale_seconds: 1800 })
  expect((await at.prove()).status).toBe(200)
  at.issuer.status = 500
  at.server.clock.forward(900)
  expect((await at.prove()).status, 'stale, and still believed').toBe(200)
  const unknown = await at.prove({}, { key: makeIssuerKey('invented') })
  expect(unknown.status).toBe(503)
  expect(unknown.headers.get('retry-after')).toBe('1')
  at.server.clock.forward(1600)
  const late = await at.prove()
  expect(late.status, 'too old to be believed').toBe(503)
  expect(late.body).toMatchObject({ error: 'temporarily_unavailable' })
  at.issuer.status = 200
  at.server.clock.forward(11)
  expect((await at.prove()).status, 'control: the issuer is back').toBe(200)
})

test('a stream of invented key ids makes one request, not one each', async () => {
  await using at = await serverWithIssuer()
  expect((await at.prove()).status).toBe(200)
  at.server.clock.forward(11)
  const before = at.issuer.fetches()
  for (let count = 0; count < 20; count += 1) {
    const answer = await at.prove({}, { header: { kid: `invented-${count}` } })
    expect(answer.status).toBe(400)
  }
  expect(at.issuer.fetches() - before).toBe(1)
})

test('a key set behind a redirect is not fetched', async () => {
  await using at = await serverWithIssuer()
  at.issuer.status = 302
  expect((await at.prove()).status).toBe(503)
  expect(at.issuer.strangePaths).toEqual([])
  at.issuer.status = 200
  at.server.clock.forward(11)
  expect((await at.prove()).status, 'control: without the redirect').toBe(200)
})

test('keys given beforehand are used without asking anyone', async () => {
  await using server = await startProofServer()
  await using issuer = await startTestIssuer({ now: server.clock.now })
  await registerOidc(server, issuer.url, { keys: { from: 'static', keys: issuer.keys.map((key) => key.publicJwk) } })
  await registerWorkload(server, { name: 'nightly-report', trustProvider: 'builds', subject })
  expect((await proveWithToken(server, issuer.token())).status).toBe(200)
  expect(issuer.fetches()).toBe(0)
  const other = await proveWithToken(server, issuer.token({}, { key: makeIssuerKey('first') }))
  expect(other.body, 'control: another key').toMatchObject({ reason: 'signature_invalid' })
})
