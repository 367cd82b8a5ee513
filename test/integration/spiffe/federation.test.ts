/** Federation with another trust domain, whose endpoint is a server of the test's own. */
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { defaultTenantId, encodePem } from '@mayfly/domain'
import { expect, onTestFinished, test } from 'vitest'
import {
  endFederation,
  type FederationInput,
  registerFederation,
} from '../../../packages/server/src/application/spiffe/register-federation.ts'
import { runFederations } from '../../../packages/server/src/application/spiffe/run-federations.ts'
import { findFederation, listFederations } from '../../../packages/server/src/store/federation-rows.ts'
import { readTrustState } from '../../../packages/server/src/store/host-event-rows.ts'
import { trustChanges } from '../../../packages/server/src/application/spiffe/trust-changes.ts'
import { makeCertificate } from '../provider-postgres/make-certificate.ts'
import { makeAuthority, makeLeaf, type TestAuthority } from './make-authority.ts'
import { type SpiffeFixture, startSpiffe } from './spiffe-fixture.ts'

const web = makeCertificate('127.0.0.1')
const domain = 'partner.example'
const endpointSpiffeId = `spiffe://${domain}/bundle-endpoint`

interface Endpoint {
  readonly url: string
  asked: number
  answer: { status: number; body: string; location?: string }
}

/** Serves what the test says, with a certificate of a web server or an SVID. */
async function startEndpoint(tls: { cert: string; key: string }): Promise<Endpoint> {
  const endpoint = { url: '', asked: 0, answer: { status: 404, body: '' } as Endpoint['answer'] }
  const server: Server = createServer(tls, (_request, response) => {
    endpoint.asked += 1
    const { status, body, location } = endpoint.answer
    response.writeHead(status, { 'content-type': 'application/json', ...(location === undefined ? {} : { location }) })
    response.end(body)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(
    () =>
      new Promise<void>((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  )
  endpoint.url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/bundle`
  return endpoint
}

const webTls = { cert: web.certificatePem, key: web.keyPem }

function svidTls(authority: TestAuthority, id = endpointSpiffeId) {
  const leaf = makeLeaf(authority, id)
  return {
    cert: encodePem('CERTIFICATE', leaf.der),
    key: leaf.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  }
}

function bundleOf(authorities: readonly TestAuthority[], more: Record<string, unknown> = {}): string {
  return JSON.stringify({
    keys: authorities.map(({ der, privateKey }) => {
      const { d: _d, ...jwk } = privateKey.export({ format: 'jwk' })
      return { ...jwk, use: 'x509-svid', x5c: [Buffer.from(der).toString('base64')] }
    }),
    spiffe_sequence: 1,
    ...more,
  })
}

function register(at: SpiffeFixture, input: Omit<FederationInput, 'trustDomain'> & { trustDomain?: string }) {
  const change = {
    now: at.server.clock.now(),
    actor: { kind: 'system', worker: 'test' } as const,
    requestId: 'test-request',
  }
  return at.inTenant((tx) => registerFederation(tx, change, { trustDomain: domain, ...input }))
}

const poll = (at: SpiffeFixture) => runFederations(at.spiffe, defaultTenantId, new AbortController().signal)
const stored = (at: SpiffeFixture, of = domain) => at.inTenant((tx) => findFederation(tx, of))

test('[F1] [F3] a bundle is fetched at once over https_web and again at its own hint, and host agents hear of each change', async () => {
  await using at = await startSpiffe()
  const endpoint = await startEndpoint(webTls)
  const [one, two] = [makeAuthority({ trustDomain: domain }), makeAuthority({ trustDomain: domain })]
  endpoint.answer = { status: 200, body: bundleOf([one], { spiffe_refresh_hint: 60 }) }
  await register(at, { url: endpoint.url, profile: 'https_web', caPem: web.caPem })
  const before = await at.inTenant(readTrustState)
  expect(await poll(at)).toBe('more')
  expect(await stored(at)).toMatchObject({ bundle_sequence: 1, refresh_hint_seconds: 60, last_error: null })
  expect(trustChanges(before, await at.inTenant(readTrustState))).toEqual([
    { event: 'bundle_changed', data: { trust_domain: domain, sequence: 1 } },
  ])
  expect(await poll(at), 'not due').toBe('idle')
  expect(endpoint.asked).toBe(1)

  endpoint.answer = { status: 200, body: bundleOf([one, two], { spiffe_sequence: 2, spiffe_refresh_hint: 60 }) }
  at.server.clock.forward(61)
  await poll(at)
  expect((await stored(at))?.keys).toHaveLength(2)
  expect((await at.inTenant(listFederations)).map((row) => row.bundle_sequence)).toEqual([2])
})

test('[B4] [B6] without a hint it is asked every five minutes; bundles are kept apart by trust domain', async () => {
  await using at = await startSpiffe()
  const [here, there] = [await startEndpoint(webTls), await startEndpoint(webTls)]
  here.answer = { status: 200, body: bundleOf([makeAuthority({ trustDomain: domain })]) }
  there.answer = { status: 200, body: bundleOf([makeAuthority({ trustDomain: 'third.example' })]) }
  await register(at, { url: here.url, profile: 'https_web', caPem: web.caPem })
  await register(at, { trustDomain: 'third.example', url: there.url, profile: 'https_web', caPem: web.caPem })
  while ((await poll(at)) === 'more');
  at.server.clock.forward(295)
  expect(await poll(at)).toBe('idle')
  at.server.clock.forward(10)
  while ((await poll(at)) === 'more');
  expect([here.asked, there.asked]).toEqual([2, 2])
  expect((await stored(at))?.keys).not.toEqual((await stored(at, 'third.example'))?.keys)
  const { document } = await at.bundle()
  expect(JSON.stringify(document.keys), 'ours holds no key of theirs').not.toContain(
    JSON.stringify((await stored(at))?.keys).slice(2, 100),
  )
})

test('[F5] after a failure it is asked at the next interval, and what was stored stays', async () => {
  await using at = await startSpiffe()
  const endpoint = await startEndpoint(webTls)
  endpoint.answer = { status: 200, body: bundleOf([makeAuthority({ trustDomain: domain })]) }
  await register(at, { url: endpoint.url, profile: 'https_web', caPem: web.caPem })
  await poll(at)
  const good = (await stored(at))?.keys
  for (const [answer, reason] of [
    [{ status: 500, body: '' }, 'status 500'],
    [{ status: 200, body: 'not a bundle' }, 'not usable'],
    [{ status: 200, body: bundleOf([], { spiffe_sequence: 0 }) }, 'went back'],
    [{ status: 200, body: '{"keys":[]}' }, 'has none now'],
  ] as const) {
    endpoint.answer = answer
    at.server.clock.forward(301)
    const asked = endpoint.asked
    await poll(at)
    expect((await stored(at))?.last_error).toContain(reason)
    expect(await poll(at), 'not in a loop').toBe('idle')
    expect(endpoint.asked).toBe(asked + 1)
    expect((await stored(at))?.keys).toEqual(good)
  }
  // Everything revoked, and said so with a later sequence: taken at its word.
  endpoint.answer = { status: 200, body: bundleOf([], { spiffe_sequence: 9 }) }
  at.server.clock.forward(301)
  await poll(at)
  expect(await stored(at)).toMatchObject({ keys: [], bundle_sequence: 9, last_error: null })
})

test('[F3] [F4] over https_spiffe the endpoint must be exactly who was named, by the bundle that was stored last', async () => {
  await using at = await startSpiffe()
  const [first, second] = [makeAuthority({ trustDomain: domain }), makeAuthority({ trustDomain: domain })]
  const endpoint = await startEndpoint(svidTls(first))
  const next = await startEndpoint(svidTls(second))
  // It publishes its next authority ahead of use.
  endpoint.answer = { status: 200, body: bundleOf([first, second]) }
  await register(at, {
    url: endpoint.url,
    profile: 'https_spiffe',
    endpointSpiffeId,
    bundle: bundleOf([first], { spiffe_sequence: 0 }),
  })
  await poll(at)
  expect(await stored(at)).toMatchObject({ bundle_sequence: 1, last_error: null })

  await at.inTenant(async (tx) => {
    const row = await findFederation(tx, domain)
    await tx.query
      .updateTable('federated_bundle')
      .set({ url: next.url })
      .where('federation_id', '=', row?.federation_id ?? ('' as never))
      .execute()
  })
  next.answer = { status: 200, body: bundleOf([second], { spiffe_sequence: 2 }) }
  at.server.clock.forward(301)
  await poll(at)
  expect(await stored(at), 'the new authority was learnt from the stored bundle').toMatchObject({
    bundle_sequence: 2,
    last_error: null,
  })
})

test('[F4] another SPIFFE ID, an unknown authority and a web certificate are refused', async () => {
  await using at = await startSpiffe()
  const [known, unknown] = [makeAuthority({ trustDomain: domain }), makeAuthority({ trustDomain: domain })]
  const cases = [
    [svidTls(known, `spiffe://${domain}/somebody-else`), 'and not'],
    [svidTls(unknown), 'not believed'],
    [svidTls(known, 'spiffe://other.example/bundle-endpoint'), 'not believed'],
    [webTls, 'not believed'],
  ] as const
  for (const [at_, [tls, reason]] of cases.entries()) {
    const endpoint = await startEndpoint(tls)
    endpoint.answer = { status: 200, body: bundleOf([unknown], { spiffe_sequence: 5 }) }
    const trustDomain = `d${at_}.example`
    const bundle = bundleOf([known])
    await expect(
      register(at, { trustDomain: domain, url: endpoint.url, profile: 'https_spiffe', endpointSpiffeId }),
      'without a bundle to begin with',
    ).rejects.toThrow('request_invalid')
    await register(at, { trustDomain: domain, url: endpoint.url, profile: 'https_spiffe', endpointSpiffeId, bundle })
    await poll(at)
    const row = await stored(at)
    expect(row?.last_error, trustDomain).toContain(reason)
    expect(row?.bundle_sequence).toBe(1)
    await at.inTenant((tx) =>
      endFederation(
        tx,
        { now: at.server.clock.now(), actor: { kind: 'system', worker: 'test' }, requestId: 'test-request' },
        domain,
      ),
    )
    expect(await stored(at)).toBeUndefined()
  }
})

test('[F4] a redirect is followed for once, under the same rules, and is not remembered', async () => {
  await using at = await startSpiffe()
  const authority = makeAuthority({ trustDomain: domain })
  const [front, behind] = [await startEndpoint(svidTls(authority)), await startEndpoint(svidTls(authority))]
  const wrong = await startEndpoint(svidTls(authority, `spiffe://${domain}/other`))
  behind.answer = { status: 200, body: bundleOf([authority], { spiffe_sequence: 2 }) }
  wrong.answer = { status: 200, body: bundleOf([], { spiffe_sequence: 99 }) }
  front.answer = { status: 302, body: '', location: behind.url }
  await register(at, { url: front.url, profile: 'https_spiffe', endpointSpiffeId, bundle: bundleOf([authority]) })
  await poll(at)
  expect(await stored(at)).toMatchObject({ bundle_sequence: 2, url: front.url })
  for (const [location, reason] of [
    [wrong.url, 'and not'],
    [behind.url.replace('https:', 'http:'), 'not https'],
    [front.url, 'redirects more than'],
  ] as const) {
    front.answer = { status: 307, body: '', location }
    at.server.clock.forward(301)
    await poll(at)
    expect((await stored(at))?.last_error).toContain(reason)
    expect((await stored(at))?.bundle_sequence).toBe(2)
  }
})

test('[F2] an address that is not https, or names a user, is refused; and so is what does not go together', async () => {
  await using at = await startSpiffe()
  const bundle = bundleOf([makeAuthority({ trustDomain: domain })])
  const refused: (Omit<FederationInput, 'trustDomain'> & { trustDomain?: string })[] = [
    { url: 'http://127.0.0.1/bundle', profile: 'https_web' },
    { url: 'https://user@partner.example/bundle', profile: 'https_web' },
    { url: 'https://partner.example/bundle', profile: 'https_web', endpointSpiffeId },
    { url: 'https://partner.example/bundle', profile: 'https_spiffe', bundle },
    { url: 'https://partner.example/bundle', profile: 'https_spiffe', bundle, endpointSpiffeId: `spiffe://${domain}` },
    { url: 'https://partner.example/bundle', profile: 'https_spiffe', bundle, endpointSpiffeId, caPem: web.caPem },
    { url: 'https://partner.example/bundle', profile: 'https_web', trustDomain: 'example.org' },
    { url: 'https://partner.example/bundle', profile: 'https_web', bundle: '{"keys":1}' },
  ]
  for (const input of refused) {
    await expect(register(at, input), JSON.stringify(input).slice(0, 120)).rejects.toThrow('request_invalid')
  }
  await register(at, { url: 'https://127.0.0.1:1/bundle', profile: 'https_web' })
  await expect(register(at, { url: 'https://127.0.0.1:1/bundle', profile: 'https_web' })).rejects.toThrow('name_taken')
})

test('a web certificate of an authority that was not named is refused', async () => {
  await using at = await startSpiffe()
  const endpoint = await startEndpoint(webTls)
  endpoint.answer = { status: 200, body: bundleOf([]) }
  await register(at, { url: endpoint.url, profile: 'https_web', caPem: makeCertificate('127.0.0.1').caPem })
  await poll(at)
  expect((await stored(at))?.last_error).toMatch(/self-signed|unable to verify|signature/)
  expect(endpoint.asked).toBe(0)
  expect((await stored(at))?.keys).toBeNull()
})
