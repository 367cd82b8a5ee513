/** Certificates as proofs, over real mutual TLS: of a private authority, and X509-SVIDs of a trust domain. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { type CertificateTemplate, encodeCertificate, encodeCrl, encodeName, encodePem, oid } from '@mayfly/domain'
import { decodeJwt } from 'jose'
import { expect, test } from 'vitest'
import { keyIdOf, publicKeyInfoOf, x509SignerOfKey } from '@mayfly/provider-kit'
import { makeSerialNumber } from '../../../packages/server/src/adapters/x509/sign-certificate.ts'
import { registerBinding } from '../../../packages/server/src/application/registry/register-binding.ts'
import { registerTrustProvider } from '../../../packages/server/src/application/registry/register-trust-provider.ts'
import { tlsFetch } from '../oauth/tls-fetch.ts'
import { makeCertificate } from '../provider-postgres/make-certificate.ts'
import { makeAuthority, makeLeaf, type TestAuthority } from '../spiffe/make-authority.ts'
import { registerWorkload, startProofServer } from './proof-server.ts'

type Server = Awaited<ReturnType<typeof startProofServer>>

const serverSide = makeCertificate('127.0.0.1')
const start = () => startProofServer({ mutualTls: { cert: serverSide.certificatePem, key: serverSide.keyPem } })

interface Leaf {
  readonly privateKey: KeyObject
  readonly der: Uint8Array
  readonly serialNumber: string
}

function makeClient(authority: TestAuthority, change: Partial<CertificateTemplate> = {}): Leaf {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const info = publicKeyInfoOf(publicKey)
  const now = Date.now()
  const template: CertificateTemplate = {
    serialNumber: makeSerialNumber(),
    subject: encodeName([{ type: 'CN', value: 'report' }]),
    notBefore: new Date(Math.floor(now / 1000) * 1000 - 60_000),
    notAfter: new Date(Math.floor(now / 1000) * 1000 + 600_000),
    publicKey: info,
    subjectKeyId: keyIdOf(info),
    basicConstraints: { isCa: false },
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: [oid.clientAuth],
    subjectAltName: { dns: ['report.shop.example'] },
    ...change,
  }
  const issuer = { signer: x509SignerOfKey(authority.privateKey), name: authority.name, keyId: authority.keyId }
  // None is an absent extension, not an empty one.
  const { extendedKeyUsage = [], ...without } = template
  const der = encodeCertificate(issuer, extendedKeyUsage.length === 0 ? without : template)
  return { privateKey, der, serialNumber: template.serialNumber }
}

const pem = (...ders: readonly Uint8Array[]) => ders.map((der) => encodePem('CERTIFICATE', der)).join('')

async function prove(server: Server, leaf: Leaf | undefined, clientId: string, ...above: readonly Uint8Array[]) {
  const own =
    leaf === undefined
      ? {}
      : { cert: pem(leaf.der, ...above), key: leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
  using client = tlsFetch({ ca: serverSide.caPem, ...own })
  const answer = await client.fetch(`${server.mutualTlsUrl}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId }),
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

async function registerX509(server: Server, authority: TestAuthority, settings: object = {}, name = 'private-ca') {
  await server.change((change) =>
    registerTrustProvider(change, {
      name,
      kind: 'x509',
      settings: { authorities_pem: pem(authority.der), ...settings },
      freshForSeconds: 86_400,
    }),
  )
}

test('[RFC8705 2.1] a certificate of the private authority proves its name, for as long as it lives', async () => {
  await using server = await start()
  const authority = makeAuthority({ commonName: 'Acme workloads' })
  await registerX509(server, authority)
  await registerWorkload(server, { name: 'report', trustProvider: 'private-ca', subject: 'dns:report.shop.example' })
  const leaf = makeClient(authority)
  const granted = await prove(server, leaf, 'report')
  expect(granted.status, JSON.stringify(granted.body)).toBe(200)
  expect(decodeJwt(String(granted.body['access_token']))['cnf'], 'bound to it').toHaveProperty('x5t#S256')
  const ends = new Date(String(granted.body['fresh_until'])).getTime()
  expect(ends - Date.now(), 'not the day that the trust provider allows').toBeLessThan(601_000)
  const [row] = await server.change(({ tx }) => tx.query.selectFrom('attestation').selectAll().execute())
  expect(row).toMatchObject({
    strength: 'bound_key',
    claims: { policy_claims: { issuer: 'CN=Acme workloads', serial_number: leaf.serialNumber } },
  })
})

test('[RFC8705 2.1] what is wrong with a certificate or its path is refused', async () => {
  await using server = await start()
  const authority = makeAuthority({ commonName: 'Acme workloads' })
  const other = makeAuthority({ commonName: 'Acme workloads' })
  const middle = makeAuthority({ commonName: 'Acme building 7', above: authority })
  await registerX509(server, authority)
  await registerWorkload(server, { name: 'report', trustProvider: 'private-ca', subject: 'dns:report.shop.example' })
  const past = new Date(Math.floor(Date.now() / 1000) * 1000 - 5_000)
  const refused: Record<string, readonly [Leaf | undefined, readonly Uint8Array[], string]> = {
    'another authority of the same name': [makeClient(other), [], 'certificate_invalid'],
    'an authority that came along': [makeClient(other), [other.der], 'certificate_invalid'],
    'for servers only': [makeClient(authority, { extendedKeyUsage: [oid.serverAuth] }), [], 'certificate_invalid'],
    'for nothing in particular': [makeClient(authority, { extendedKeyUsage: [] }), [], 'certificate_invalid'],
    over: [makeClient(authority, { notAfter: past }), [], 'certificate_invalid'],
    'not begun': [makeClient(authority, { notBefore: new Date(Date.now() + 60_000) }), [], 'certificate_invalid'],
    'of an authority in between that is missing': [makeClient(middle), [], 'certificate_invalid'],
    'of another name': [
      makeClient(authority, { subjectAltName: { dns: ['evil.shop.example'] } }),
      [],
      'binding_missing',
    ],
    'the name as common name only': [
      makeClient(authority, {
        subject: encodeName([{ type: 'CN', value: 'report.shop.example' }]),
        subjectAltName: { dns: ['other.example'] },
      }),
      [],
      'binding_missing',
    ],
    'a wildcard over it': [
      makeClient(authority, { subjectAltName: { dns: ['*.shop.example'] } }),
      [],
      'binding_missing',
    ],
    'the name as an address': [
      makeClient(authority, { subjectAltName: { email: ['report.shop.example'] } }),
      [],
      'binding_missing',
    ],
  }
  for (const [name, [leaf, above, reason]] of Object.entries(refused)) {
    const answer = await prove(server, leaf, 'report', ...above)
    expect({ name, status: answer.status, reason: answer.body['reason'] }).toEqual({ name, status: 401, reason })
  }
  expect((await prove(server, undefined, 'report')).status, 'no certificate').toBe(401)
  const upper = makeClient(authority, { subjectAltName: { dns: ['Report.SHOP.example'] } })
  expect((await prove(server, upper, 'report')).status, 'control: DNS names know no case').toBe(200)
  expect((await prove(server, makeClient(middle), 'report', middle.der)).status, 'control: with it').toBe(200)
})

test('a trust provider may name the issuer, and bindings what the certificate says beside', async () => {
  await using server = await start()
  const root = makeAuthority({ commonName: 'Acme root' })
  const [ours, theirs] = ['building 7', 'building 8'].map((commonName) => makeAuthority({ commonName, above: root }))
  if (ours === undefined || theirs === undefined) throw new Error('made two')
  await registerX509(server, root, { issuers: ['CN=building 7'] })
  await registerWorkload(server, {
    name: 'report',
    trustProvider: 'private-ca',
    subject: 'dns:report.shop.example',
    claims: { issuer: 'CN=building 7' },
  })
  expect((await prove(server, makeClient(theirs), 'report', theirs.der)).body).toMatchObject({
    reason: 'certificate_invalid',
  })
  expect((await prove(server, makeClient(ours), 'report', ours.der)).status, 'control').toBe(200)
  const bind = (subject: string, claims = {}) =>
    server.change((change) =>
      registerBinding(change, { trustProvider: 'private-ca', identity: 'report', subject, claims }),
    )
  for (const [subject, claims] of [
    ['report.shop.example', {}],
    ['dns:*.shop.example', {}],
    ['dns:Report.example', {}],
    ['cn:report', {}],
    ['uri:spiffe://example.org/report', {}],
    ['dns:x.example', { organisation: 'Acme' }],
  ] as const) {
    await expect(bind(subject, claims), subject).rejects.toMatchObject({ code: 'request_invalid' })
  }
})

function makeCrl(
  authority: TestAuthority,
  revoked: readonly string[],
  more: { thisUpdate?: Date; nextUpdate?: Date } = {},
) {
  const now = Math.floor(Date.now() / 1000) * 1000
  const issuer = { signer: x509SignerOfKey(authority.privateKey), name: authority.name, keyId: authority.keyId }
  return encodeCrl(issuer, {
    crlNumber: 1,
    thisUpdate: new Date(now - 60_000),
    nextUpdate: new Date(now + 3_600_000),
    revoked: revoked.map((serialNumber) => ({
      serialNumber,
      revokedAt: new Date(now - 60_000),
      reason: 'keyCompromise' as const,
    })),
    ...more,
  })
}

test('a revoked certificate is refused, and so is every one where the list is stale, forged or missing', async () => {
  await using server = await start()
  const authority = makeAuthority({ commonName: 'Acme workloads' })
  const stranger = makeAuthority({ commonName: 'Acme workloads' })
  const revoked = makeClient(authority)
  const good = makeClient(authority)
  const lists: Record<string, Uint8Array> = {
    good: makeCrl(authority, [revoked.serialNumber]),
    stale: makeCrl(authority, [], { nextUpdate: new Date(Date.now() - 1_000) }),
    old: makeCrl(authority, [], { thisUpdate: new Date(Date.now() - 90_000_000) }),
    forged: makeCrl(stranger, []),
  }
  for (const [name, crl] of Object.entries(lists)) {
    await server.change((change) =>
      registerTrustProvider(change, {
        name: `ca-${name}`,
        kind: 'x509',
        settings: { authorities_pem: pem(authority.der), crl: { from: 'static', crls: [encodePem('X509 CRL', crl)] } },
      }),
    )
    await registerWorkload(server, {
      name: `report-${name}`,
      trustProvider: `ca-${name}`,
      subject: 'dns:report.shop.example',
    })
  }
  const refused = await prove(server, revoked, 'report-good')
  expect(refused.body).toMatchObject({ reason: 'certificate_invalid' })
  expect(refused.body['error_description']).toContain('revoked')
  expect((await prove(server, good, 'report-good')).status, 'control').toBe(200)
  for (const name of ['stale', 'old', 'forged']) {
    const answer = await prove(server, good, `report-${name}`)
    expect({ name, status: answer.status }).toEqual({ name, status: 401 })
  }
})

test('a list that is fetched counts while it is young; when its server is away, until it is too old', async () => {
  await using server = await start()
  const authority = makeAuthority({ commonName: 'Acme workloads' })
  const leaf = makeClient(authority, { notAfter: new Date(Math.floor(Date.now() / 1000) * 1000 + 7_200_000) })
  let crl = makeCrl(authority, [])
  let status = 200
  const host = createServer((_request, response) => response.writeHead(status).end(crl))
  await new Promise<void>((listening) => host.listen(0, '127.0.0.1', listening))
  try {
    const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}/workloads.crl`
    await registerX509(server, authority, { crl: { from: 'url', urls: [url], max_age_seconds: 3000 } })
    await registerWorkload(server, { name: 'report', trustProvider: 'private-ca', subject: 'dns:report.shop.example' })
    expect((await prove(server, leaf, 'report')).status).toBe(200)
    status = 500
    server.clock.forward(600)
    expect((await prove(server, leaf, 'report')).status, 'the last one is young').toBe(200)
    server.clock.forward(2_700)
    expect((await prove(server, leaf, 'report')).status, 'too old').toBe(401)
    status = 200
    crl = makeCrl(authority, [leaf.serialNumber], {
      thisUpdate: new Date(Date.now() + 1_000_000),
      nextUpdate: new Date(Date.now() + 9_000_000),
    })
    server.clock.forward(11)
    const revoked = await prove(server, leaf, 'report')
    expect(revoked.body['error_description'], 'control: the server is back, with news').toContain('revoked')
  } finally {
    host.closeAllConnections()
    await new Promise((closed) => host.close(closed))
  }
})

test('[OAUTH-SPIFFE 3.2] an X509-SVID proves its SPIFFE ID by the bundle of its own trust domain, and by no other', async () => {
  await using server = await start()
  const ours = makeAuthority({ trustDomain: 'shop.example' })
  const theirs = makeAuthority({ trustDomain: 'other.example' })
  const x509Key = ({ der }: TestAuthority) => {
    const { kty, crv, x, y } = createPublicKey({ key: pem(der), format: 'pem' }).export({ format: 'jwk' })
    return { use: 'x509-svid', kty, crv, x, y, x5c: [Buffer.from(der).toString('base64')] }
  }
  for (const [name, trustDomain, authority] of [
    ['shop', 'shop.example', ours],
    ['other', 'other.example', theirs],
  ] as const) {
    await server.change((change) =>
      registerTrustProvider(change, {
        name,
        kind: 'spiffe',
        settings: {
          trust_domain: trustDomain,
          bundle: { from: 'static', bundle: JSON.stringify({ keys: [x509Key(authority)] }) },
        },
        freshForSeconds: 86_400,
      }),
    )
  }
  const id = 'spiffe://shop.example/report'
  await registerWorkload(server, { name: 'report', trustProvider: 'shop', subject: id })
  const svid = makeLeaf(ours, id)
  const granted = await prove(server, svid, id)
  expect(granted.status, JSON.stringify(granted.body)).toBe(200)
  expect(new Date(String(granted.body['fresh_until'])).getTime() - Date.now(), 'no longer than the SVID').toBeLessThan(
    3_601_000,
  )
  expect((await prove(server, svid, 'report')).status, 'by its name here, too').toBe(200)

  const foreign = makeLeaf(theirs, id)
  expect((await prove(server, foreign, id)).body, '[X7] of the authority of another domain').toMatchObject({
    reason: 'certificate_invalid',
  })
  expect((await prove(server, makeLeaf(ours, 'spiffe://shop.example/other'), id)).body).toMatchObject({
    reason: 'binding_missing',
  })
  const mixed = makeClient(ours, {
    extendedKeyUsage: [oid.clientAuth, oid.serverAuth],
    subjectAltName: { uri: [id, 'spiffe://shop.example/admin'] },
  })
  expect((await prove(server, mixed, id)).body, '[X1] two URIs').toMatchObject({ reason: 'certificate_invalid' })
  const root = makeClient(ours, {
    extendedKeyUsage: [oid.clientAuth, oid.serverAuth],
    subjectAltName: { uri: ['spiffe://shop.example'] },
  })
  expect((await prove(server, root, id)).status, '[X2] the trust domain itself').toBe(401)
})
