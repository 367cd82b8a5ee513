/** Where the bundle of a trust domain comes from: an endpoint, or this server itself. */
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { changeTrustProvider } from '../../../packages/server/src/application/registry/change-trust-provider.ts'
import { registerTrustProvider } from '../../../packages/server/src/application/registry/register-trust-provider.ts'
import { startWorld } from '../http/world.ts'
import { makeCertificate } from '../provider-postgres/make-certificate.ts'
import { issueJwt } from '../spiffe/spiffe-world.ts'
import {
  jwtBearer,
  postForm,
  proveWithToken,
  registerOidc,
  registerWorkload,
  startProofServer,
} from './proof-server.ts'
import { makeIssuerKey, signJwt, startTestIssuer } from './test-issuer.ts'

const subject = 'spiffe://shop.example/report'

test('a bundle endpoint: new keys, outages for a bounded time, and no way back to an older sequence', async () => {
  await using server = await startProofServer()
  const certificate = makeCertificate('127.0.0.1')
  const [first, second] = [makeIssuerKey('first'), makeIssuerKey('second')]
  const bundleOf = (sequence: number, ...keys: (typeof first)[]) => ({
    keys: keys.map(({ publicJwk: { use: _use, alg: _alg, ...jwk } }) => ({ ...jwk, use: 'jwt-svid' })),
    spiffe_sequence: sequence,
    spiffe_refresh_hint: 60,
  })
  let bundle: object = bundleOf(1, first)
  let status = 200
  const endpoint = createServer({ cert: certificate.certificatePem, key: certificate.keyPem }, (_request, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(bundle)),
  )
  await new Promise<void>((listening) => endpoint.listen(0, '127.0.0.1', listening))
  try {
    const url = `https://127.0.0.1:${(endpoint.address() as AddressInfo).port}/bundle`
    await server.change((change) =>
      registerTrustProvider(change, {
        name: 'mesh',
        kind: 'spiffe',
        settings: {
          trust_domain: 'shop.example',
          bundle: { from: 'https_web', url, ca_pem: certificate.caPem, max_stale_seconds: 300 },
        },
      }),
    )
    await registerWorkload(server, { name: 'report', trustProvider: 'mesh', subject })
    const prove = async (key: typeof first) => {
      const iat = Math.floor(server.clock.now().getTime() / 1000)
      const claims = { sub: subject, aud: server.url, iat, exp: iat + 120, jti: Math.random().toString() }
      return (await proveWithToken(server, signJwt({ alg: 'ES256', kid: key.kid }, claims, key.privateKey))).status
    }
    expect([await prove(first), await prove(second)]).toEqual([200, 400])
    bundle = bundleOf(2, second)
    server.clock.forward(61)
    expect([await prove(first), await prove(second)], 'read again at its refresh hint').toEqual([400, 200])
    bundle = bundleOf(1, first)
    server.clock.forward(61)
    expect([await prove(first), await prove(second)], 'an older sequence is not believed').toEqual([400, 200])
    status = 500
    server.clock.forward(200)
    expect(await prove(second), 'the last one, for a while').toBe(200)
    server.clock.forward(200)
    expect(await prove(second), 'and no longer').toBe(503)
    status = 200
    bundle = { keys: [], spiffe_sequence: 3 }
    server.clock.forward(11)
    expect(await prove(second), 'control: the endpoint is back, and says that everything is revoked').toBe(400)
  } finally {
    endpoint.closeAllConnections()
    await new Promise((closed) => endpoint.close(closed))
  }
})

test('an SVID of our own is a proof while it lives, and no longer than the proof that it came of', async () => {
  await using world = await startWorld()
  const { admin, worker, server } = world
  await admin.get('POST', '/v1/trust-providers', {
    name: 'own',
    kind: 'spiffe',
    settings: { trust_domain: 'mayfly.internal', bundle: { from: 'own' } },
    fresh_for_seconds: 3600,
  })
  const { token, spiffe_id: id, expires_at: ends } = await issueJwt(worker.caller, [server.url])
  await admin.get('POST', '/v1/bindings', { trust_provider: 'own', identity: worker.identity.name, subject: id })
  const prove = (assertion: string) =>
    postForm(`${server.url}/oauth/token`, { grant_type: jwtBearer, assertion, client_id: worker.identity.name })
  const granted = await prove(token)
  expect(granted.status, JSON.stringify(granted.body)).toBe(200)
  expect(Date.parse(String(granted.body['fresh_until'])) / 1000).toBeLessThanOrEqual(Date.parse(ends) / 1000)

  const next = await issueJwt(worker.caller, [server.url])
  await admin.get('POST', '/v1/revocations', { selector: { kind: 'identity', ref: worker.identity.name } })
  const revoked = await prove(next.token)
  expect(revoked.status).toBe(400)
  expect(revoked.body).toMatchObject({ reason: 'proof_revoked' })
  expect((await prove(token)).body, 'control: another reason').toMatchObject({ error: 'invalid_grant' })
})

test('settings that would make a binding too wide are refused; the binding is named', async () => {
  await using server = await startProofServer()
  await using issuer = await startTestIssuer({ now: server.clock.now })
  await registerOidc(server, issuer.url)
  const { bindingId } = await registerWorkload(server, {
    name: 'any-branch',
    trustProvider: 'builds',
    subject: 'repo:acme/orders',
  })
  const settings = { issuer: issuer.url, audiences: ['mayfly'], preset: 'github_actions' }
  await expect(server.change((change) => changeTrustProvider(change, 'builds', { settings }))).rejects.toMatchObject({
    code: 'request_invalid',
    options: { publicDetail: expect.stringContaining(bindingId) },
  })
  await server.change((change) =>
    changeTrustProvider(change, 'builds', { settings: { ...settings, preset: 'generic' } }),
  )
})
