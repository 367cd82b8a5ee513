/** Every tenant's bundle by the profile `https_spiffe`, each from an endpoint that is of its own trust domain. */
import { request } from 'node:https'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBundle } from '../../../packages/server/src/adapters/spiffe/read-bundle.ts'
import { verifyX509Svid } from '../../../packages/server/src/adapters/x509/verify-x509-svid.ts'
import { until } from '../../support/index.ts'
import { startWorld, type World } from '../http/world.ts'
import { fetchBundle } from './spiffe-world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld({
    MAYFLY_BUNDLE_LISTEN: '127.0.0.1:0',
    MAYFLY_BUNDLE_URL: 'https://bundles.example.com:8443',
  })
}, 120_000)
afterAll(() => world[Symbol.asyncDispose]())

const paths = { default: '/spiffe/bundle', other: '/t/other/spiffe/bundle' } as const
const ids = {
  default: 'spiffe://mayfly.internal/mayfly/server',
  other: 'spiffe://other.mayfly.internal/mayfly/server',
} as const
type Tenant = keyof typeof ids

interface Shown {
  readonly status: number
  readonly text: string
  readonly chain: readonly Uint8Array[]
}

/** As a name server would lead there. @param more of the request, e.g. another `host` than the one in the handshake */
function ask(host: string, more: { readonly headers?: Record<string, string>; readonly path?: string } = {}) {
  const { port } = new URL(world.server.bundleUrl ?? '')
  return new Promise<Shown>((done, fail) => {
    const asked = request(
      {
        host,
        // Else Node takes it from the header.
        servername: host,
        port,
        path: more.path ?? '/spiffe/bundle',
        headers: { ...more.headers },
        agent: false,
        // Verified below, by the rules of SPIFFE.
        rejectUnauthorized: false,
        lookup: (_name, _options, answer) => answer(null, [{ address: '127.0.0.1', family: 4 }]),
      },
      (response) => {
        const chain: Uint8Array[] = []
        let at: DetailedPeerCertificate | undefined = (response.socket as TLSSocket).getPeerCertificate(true)
        while (at?.raw !== undefined && chain.length < 10) {
          chain.push(at.raw)
          at = at.issuerCertificate === at ? undefined : at.issuerCertificate
        }
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (text += chunk))
        response.on('end', () => done({ status: response.statusCode ?? 0, text, chain }))
      },
    )
    asked.on('error', fail)
    asked.end()
  })
}

/** Who the endpoint is for somebody who has only this bundle; a refusal as text. */
function judge({ chain }: Shown, keys: readonly Readonly<Record<string, unknown>>[], trustDomain: string): string {
  const verified = verifyX509Svid({
    certificates: chain,
    bundleOf: (domain) => (domain === trustDomain ? openBundle(keys).authorities : undefined),
    at: new Date(),
    purpose: 'serverAuth',
  })
  if (verified.outcome === 'rejected') return verified.detail
  return `spiffe://${verified.spiffeId.trustDomain}${verified.spiffeId.path}`
}

test('[F4] each tenant has an endpoint of exactly its own SPIFFE ID, believed by its own bundle and by no other', async () => {
  const bundles = {
    default: (await fetchBundle(world, paths.default)).bundle,
    other: (await fetchBundle(world, paths.other)).bundle,
  }
  const at: Record<Tenant, string> = { default: 'bundles.example.com', other: 'other.bundles.example.com' }
  const domains: Record<Tenant, string> = { default: 'mayfly.internal', other: 'other.mayfly.internal' }
  for (const tenant of ['default', 'other'] as const) {
    const another = tenant === 'default' ? 'other' : 'default'
    const shown = await ask(at[tenant])
    expect(shown.status).toBe(200)
    expect(JSON.parse(shown.text)).toEqual(bundles[tenant])
    expect(judge(shown, bundles[tenant].keys, domains[tenant])).toBe(ids[tenant])
    expect(judge(shown, bundles[another].keys, domains[tenant]), 'control: the bundle of the other').not.toBe(
      ids[tenant],
    )
    expect(judge(shown, bundles[another].keys, domains[another]), 'control: who only knows the other').not.toContain(
      '/mayfly/server',
    )
  }
})

test('whose bundle it is says the handshake, as it says whose certificate is shown; nothing in the request does', async () => {
  const theirs = (await ask('other.bundles.example.com')).text
  const ours = (await ask('bundles.example.com')).text
  expect(theirs).not.toBe(ours)
  expect((await ask('bundles.example.com', { headers: { host: 'other.bundles.example.com' } })).text).toBe(ours)
  expect((await ask('other.bundles.example.com', { headers: { host: 'bundles.example.com' } })).text).toBe(theirs)
  expect((await ask('OTHER.Bundles.Example.com')).text).toBe(theirs)
  for (const path of [paths.other, '/healthz', '/v1/trust-bundles', '/spiffe/crl/0.crl']) {
    expect((await ask('bundles.example.com', { path })).status, path).toBe(404)
    expect((await ask('other.bundles.example.com', { path })).status, path).toBe(404)
  }
})

test('a name that is no tenant of ours is answered as the default one', async () => {
  const ours = (await ask('bundles.example.com')).text
  for (const host of ['nobody.bundles.example.com', 'other.example.com', 'other', 'default.bundles.example.com']) {
    expect((await ask(host)).text, host).toBe(ours)
  }
})

test('the certificate of a tenant is renewed when its authority is compromised, and that of the others stays', async () => {
  const serials = async () => ({
    ours: Buffer.from((await ask('bundles.example.com')).chain[0] ?? []).toString('base64'),
    theirs: Buffer.from((await ask('other.bundles.example.com')).chain[0] ?? []).toString('base64'),
  })
  const before = await serials()
  expect(await serials(), 'control: it is not made anew for each connection').toEqual(before)
  await world.stranger.get('POST', '/v1/x509-authorities/rotate', { compromised: true })
  await until(async () => (await serials()).theirs !== before.theirs, {
    withinMs: 10_000,
    describe: 'the endpoint of the tenant has an SVID of its new authority',
  })
  expect((await serials()).ours).toBe(before.ours)
  const { bundle } = await fetchBundle(world, paths.other)
  const shown = await ask('other.bundles.example.com')
  expect(JSON.parse(shown.text)).toEqual(bundle)
  expect(judge(shown, bundle.keys, 'other.mayfly.internal')).toBe(ids.other)
}, 120_000)
