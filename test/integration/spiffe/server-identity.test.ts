/** The server's own certificate, its listeners, and their change without a restart. */
import { randomBytes, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { rename, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { makeClientAssertion } from '@mayfly/client'
import { encodePem, systemClock } from '@mayfly/domain'
import { loadConfig, makeLogger, type RunningServer, startServer } from '@mayfly/server'
import { decodeJwt } from 'jose'
import { expect, onTestFinished, test } from 'vitest'
import { createTestDatabase, makeTempDir, type TestDatabase, until, withClient } from '../../support/index.ts'
import { fetchBundle } from '../../../packages/server/src/adapters/spiffe/fetch-bundle.ts'
import { openBundle } from '../../../packages/server/src/adapters/spiffe/read-bundle.ts'
import { startWorld } from '../http/world.ts'
import { makeCertificate } from '../provider-postgres/make-certificate.ts'
import { assertionType, movableClock } from '../proof/proof-server.ts'
import { tlsFetch } from '../oauth/tls-fetch.ts'
import { verifyWithOpenssl } from './openssl.ts'
import { fetchBundle as fetchPlainBundle, issueX509, rootsOf } from './spiffe-world.ts'

interface Started {
  readonly server: RunningServer
  readonly store: TestDatabase
  readonly lines: string[]
}

async function start(environment: Record<string, string>, clock = systemClock): Promise<Started> {
  const store = await createTestDatabase()
  onTestFinished(() => store.drop())
  const dir = await makeTempDir('identity')
  await writeFile(join(dir, 'kek'), `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 })
  const config = await loadConfig({
    MAYFLY_LISTEN: '127.0.0.1:0',
    MAYFLY_DATABASE_URL: store.url,
    MAYFLY_KEK_FILE: join(dir, 'kek'),
    MAYFLY_BOOTSTRAP_FILE: join(dir, 'bootstrap'),
    ...environment,
  })
  const lines: string[] = []
  const logger = makeLogger('info', { write: (line) => void lines.push(line) })
  const server = await startServer(config, { logger, clock, maxClockSkewSeconds: 10_000_000 })
  onTestFinished(() => server.stop())
  return { server, store, lines }
}

/** What an operator would carry to clients: the roots of the bundle, from the database. */
async function rootsPem({ store }: Started): Promise<string> {
  return withClient(store.superuserUrl, async (client) => {
    const { rows } = await client.query<{ keys: { use: string; x5c?: string[] }[] }>(
      'select keys from mayfly.trust_bundle',
    )
    const roots = (rows[0]?.keys ?? []).flatMap((key) => key.x5c ?? [])
    return roots.map((der) => encodePem('CERTIFICATE', Buffer.from(der, 'base64'))).join('')
  })
}

async function handshake(url: string, options: object = {}): Promise<TLSSocket> {
  const { hostname, port } = new URL(url)
  const socket = connectTls({ host: hostname, port: Number(port), ...options })
  await once(socket, 'secureConnect')
  return socket
}

/** @param ca undefined: whatever is shown, since the test's clock is not the machine's */
async function certificateOf(url: string, ca: string | undefined): Promise<X509Certificate> {
  const socket = await handshake(url, ca === undefined ? { rejectUnauthorized: false } : { ca })
  const certificate = socket.getPeerX509Certificate()
  socket.destroy()
  if (certificate === undefined) throw new Error('no certificate was shown')
  return certificate
}

test('with `MAYFLY_TLS=svid` the API answers with an X509-SVID of the trust domain, for the names that it is reached by', async () => {
  const started = await start({ MAYFLY_TLS: 'svid' })
  const { server } = started
  expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
  const ca = await rootsPem(started)
  const certificate = await certificateOf(server.url, ca)
  expect(certificate.subjectAltName).toContain('URI:spiffe://mayfly.internal/mayfly/server')
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1')
  expect(certificate.checkHost('localhost')).toBe('localhost')
  using client = tlsFetch({ ca })
  expect((await client.fetch(`${server.url}/healthz`)).status).toBe(200)
  const roots = ca.split(/(?=-----BEGIN)/).map((pem) => new X509Certificate(pem).raw.toString('base64'))
  const leaf = certificate.raw.toString('base64')
  expect(await verifyWithOpenssl({ leaf, roots }, ['-purpose', 'sslserver'])).toMatchObject({ ok: true })
  const [row] = await withClient(started.store.superuserUrl, async (db) => {
    const { rows } = await db.query('select * from mayfly.svid where serial_number = $1', [
      certificate.serialNumber.toLowerCase(),
    ])
    return rows as { identity_id: string | null; state: string }[]
  })
  expect(row, 'it has its row like every other').toMatchObject({ identity_id: null, state: 'live' })
  await expect(handshake(server.url), 'control: a client that trusts public authorities only').rejects.toThrow(
    /self-signed|unable to verify|certificate/,
  )
})

test('nothing older than TLS 1.2 and no weak cipher suite is spoken', async () => {
  const started = await start({ MAYFLY_TLS: 'svid' })
  const ca = await rootsPem(started)
  const { url } = started.server
  const old = { ca, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
  await expect(handshake(url, old)).rejects.toThrow(/protocol version|alert|EPROTO|wrong version/i)
  const weak = { ca, maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA:ECDHE-ECDSA-AES128-SHA' }
  await expect(handshake(url, weak)).rejects.toThrow(/handshake failure|alert|no cipher|EPROTO/i)
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const socket = await handshake(url, { ca, maxVersion })
    expect(socket.getProtocol(), 'control').toBe(maxVersion)
    socket.destroy()
  }
})

test('whoever connects and says nothing is let go', async () => {
  const { server } = await start({ MAYFLY_TLS: 'svid' })
  const { hostname, port } = new URL(server.url)
  const socket = connectTcp({ host: hostname, port: Number(port) })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  const startedAt = performance.now()
  await once(socket, 'close')
  expect(performance.now() - startedAt).toBeLessThan(15_000)
}, 30_000)

test('the SVID is renewed at half its life, and connections go on', async () => {
  const clock = movableClock()
  const started = await start({ MAYFLY_TLS: 'svid' }, clock)
  const { server } = started
  const ca = await rootsPem(started)
  const first = await certificateOf(server.url, ca)
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca })
  onTestFinished(() => agent.destroy())
  const ask = () =>
    new Promise<{ status: number; port: number }>((done, fail) => {
      const asked = request(`${server.url}/healthz`, { agent }, (answer) => {
        const port = answer.socket.localPort ?? 0
        answer.resume().on('end', () => done({ status: answer.statusCode ?? 0, port }))
      })
      asked.on('error', fail).end()
    })
  const asked = await ask()
  expect(asked.status).toBe(200)
  await server.reload()
  expect((await certificateOf(server.url, ca)).serialNumber, 'young').toBe(first.serialNumber)
  clock.forward(12 * 3_600 + 60)
  await server.reload()
  const second = await certificateOf(server.url, undefined)
  expect(second.serialNumber).not.toBe(first.serialNumber)
  expect(await ask(), 'the connection that stood goes on').toEqual(asked)
})

test('certificate files are taken when they change, a pair that does not fit is not', async () => {
  const dir = await makeTempDir('files')
  const [certFile, keyFile] = [join(dir, 'tls.crt'), join(dir, 'tls.key')]
  const [one, two] = [makeCertificate('127.0.0.1'), makeCertificate('127.0.0.1')]
  const replace = async (path: string, text: string) => {
    await writeFile(`${path}.new`, text, { mode: 0o600 })
    await rename(`${path}.new`, path)
  }
  await replace(certFile, one.certificatePem)
  await replace(keyFile, one.keyPem)
  const { server, lines } = await start({ MAYFLY_TLS_CERT_FILE: certFile, MAYFLY_TLS_KEY_FILE: keyFile })
  const shown = async (ca: string) => (await certificateOf(server.url, ca)).fingerprint256
  const fingerprint = (pem: string) => new X509Certificate(pem).fingerprint256
  expect(await shown(one.caPem)).toBe(fingerprint(one.certificatePem))
  await replace(certFile, two.certificatePem)
  await server.reload()
  expect(await shown(one.caPem), 'the key of the other').toBe(fingerprint(one.certificatePem))
  expect(lines.join('')).toContain('a new certificate for the listeners could not be had')
  await replace(keyFile, two.keyPem)
  // Nobody asks this time: it looks by itself.
  await until(async () => (await shown(two.caPem).catch(() => '')) === fingerprint(two.certificatePem), {
    withinMs: 20_000,
    describe: 'the listener shows the new certificate',
  })
})

test('workloads come to a second listener with their SVIDs: the same API, their tokens bound to the certificate', async () => {
  await using world = await startWorld({ MAYFLY_MUTUAL_TLS_LISTEN: '127.0.0.1:0' })
  const { mutualTlsUrl = '' } = world.server
  expect(mutualTlsUrl).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
  const { bundle } = await fetchPlainBundle(world)
  const ca = rootsOf(bundle).map((der) => encodePem('CERTIFICATE', Buffer.from(der, 'base64')))
  const metadata = (await (await fetch(`${world.server.url}/.well-known/oauth-authorization-server`)).json()) as {
    mtls_endpoint_aliases: { token_endpoint: string }
  }
  expect(metadata.mtls_endpoint_aliases.token_endpoint).toBe(`${mutualTlsUrl}/oauth/token`)

  const { caller, identity, privateKey } = await world.make.workload()
  const clientOf = async () => {
    const svid = await issueX509(caller, { public_key: undefined, make_key: true })
    const [leaf] = svid.certificates
    return tlsFetch({
      ca,
      cert: encodePem('CERTIFICATE', Buffer.from(leaf, 'base64')),
      key: encodePem('PRIVATE KEY', Buffer.from(svid.private_key ?? '', 'base64')),
    })
  }
  using mine = await clientOf()
  using another = await clientOf()
  using bare = tlsFetch({ ca })
  expect((await bare.fetch(`${mutualTlsUrl}/healthz`)).status, 'a certificate is asked for, and not demanded').toBe(200)
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: assertionType,
    client_assertion: makeClientAssertion(
      { baseUrl: world.server.url, clientId: identity.name, privateKey },
      new Date(),
    ),
  })
  const answer = await mine.fetch(`${mutualTlsUrl}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body,
  })
  const { access_token: token } = (await answer.json()) as { access_token: string }
  expect(decodeJwt(token)['cnf']).toHaveProperty('x5t#S256')
  const use = async ({ fetch }: { fetch: typeof mine.fetch }) =>
    (await fetch(`${mutualTlsUrl}/v1/trust-bundles`, { headers: { authorization: `Bearer ${token}` } })).status
  expect(await use(mine)).toBe(200)
  expect(await use(another)).toBe(401)
  expect(await use(bare)).toBe(401)
  const plain = await fetch(`${world.server.url}/v1/trust-bundles`, { headers: { authorization: `Bearer ${token}` } })
  expect(plain.status).toBe(401)
}, 60_000)

test('[F1] [F2] [F4] the bundle is served by `https_spiffe` too, to anyone, and by an SVID that is renewed when its authority is compromised', async () => {
  await using world = await startWorld({ MAYFLY_BUNDLE_LISTEN: '127.0.0.1:0' })
  const { bundleUrl = '' } = world.server
  const { bundle } = await fetchPlainBundle(world)
  const endpointSpiffeId = 'spiffe://mayfly.internal/mayfly/server'
  const ask = (keys: readonly Readonly<Record<string, unknown>>[], id = endpointSpiffeId) => {
    const { authorities } = openBundle(keys)
    const endpoint = { profile: 'https_spiffe', url: bundleUrl, endpointSpiffeId: id, authorities } as const
    return fetchBundle(endpoint, { now: new Date(), signal: AbortSignal.timeout(10_000) })
  }
  expect(JSON.parse(await ask(bundle.keys))).toEqual(bundle)
  await expect(ask(bundle.keys, 'spiffe://mayfly.internal/mayfly/other'), 'another ID').rejects.toThrow('and not')
  await expect(ask([]), 'no authority').rejects.toThrow('not believed')

  const roots = rootsOf(bundle).map((der) => encodePem('CERTIFICATE', Buffer.from(der, 'base64')))
  using client = tlsFetch({ ca: roots })
  const answer = await client.fetch(bundleUrl)
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
  expect((await client.fetch(bundleUrl.replace('/spiffe/bundle', '/healthz'))).status, 'nothing else is there').toBe(
    404,
  )

  const before = (await certificateOf(bundleUrl, roots.join(''))).serialNumber
  await world.admin.get('POST', '/v1/x509-authorities/rotate', { compromised: true })
  await until(async () => (await certificateOf(bundleUrl, undefined)).serialNumber !== before, {
    withinMs: 10_000,
    describe: 'the listener has an SVID of the new authority',
  })
  const after = await fetchPlainBundle(world)
  expect(after.bundle.spiffe_sequence).toBeGreaterThan(bundle.spiffe_sequence)
  expect(JSON.parse(await ask(after.bundle.keys))).toEqual(after.bundle)
  await expect(ask(bundle.keys), 'whoever has the former bundle only').rejects.toThrow('not believed')
}, 60_000)
