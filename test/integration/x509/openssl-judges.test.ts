/** What Mayfly writes, judged by OpenSSL. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  type CertificateIssuer,
  type CertificateTemplate,
  crlReasonCodes,
  type CrlReason,
  encodeCertificate,
  encodeCertificationRequest,
  encodeCrl,
  encodeName,
  oid,
  prepareSvidIssuer,
  svidAuthorityTemplate,
} from '../../../packages/domain/src/index.ts'
import { keyIdOf, publicKeyInfoOf, x509SignerOfKey } from '@mayfly/provider-kit'
import { makeSerialNumber } from '../../../packages/server/src/adapters/x509/sign-certificate.ts'
import { openOpenSsl } from './openssl.ts'

interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

interface Authority {
  readonly issuer: CertificateIssuer & { readonly notAfter: Date }
  readonly der: Uint8Array
}

const now = new Date()
const id = 'spiffe://example.org/production/service/orders'

function inSeconds(seconds: number): Date {
  return new Date(now.getTime() + seconds * 1_000)
}

function authority(pair: KeyPair, above?: Authority, maxPathLength?: number): Authority {
  const publicKey = publicKeyInfoOf(pair.publicKey)
  const template = svidAuthorityTemplate({
    trustDomain: 'example.org',
    publicKey,
    subjectKeyId: keyIdOf(publicKey),
    serialNumber: makeSerialNumber(),
    notBefore: inSeconds(-60),
    notAfter: inSeconds(86_400),
    ...(maxPathLength === undefined ? {} : { maxPathLength }),
    nameConstraints: { permitted: { uri: ['example.org'], dns: ['example.org'] } },
  })
  const issuer = {
    signer: x509SignerOfKey(pair.privateKey),
    name: template.subject,
    keyId: keyIdOf(publicKey),
    notAfter: template.notAfter,
  }
  return { issuer, der: encodeCertificate(above?.issuer ?? issuer, template) }
}

function svid(issuer: Authority['issuer'], pair: KeyPair, now = new Date()): Uint8Array {
  const publicKey = publicKeyInfoOf(pair.publicKey)
  return prepareSvidIssuer({ ...issuer, crlUris: ['http://crl.example.org/1'] })({
    spiffeId: id,
    publicKey,
    subjectKeyId: keyIdOf(publicKey),
    serialNumber: makeSerialNumber(),
    now,
    ttlSeconds: 3_600,
    dnsNames: ['orders.example.org'],
  }).der
}

const makePair: Readonly<Record<'P-256' | 'P-384' | 'Ed25519' | 'RSA', () => KeyPair>> = {
  'P-256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'P-384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  Ed25519: () => generateKeyPairSync('ed25519'),
  RSA: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
}

test.for(['P-256', 'P-384', 'Ed25519', 'RSA'] as const)(
  'openssl verify -x509_strict believes leaf and chain of %s keys',
  async (kind) => {
    const openssl = await openOpenSsl()
    const root = authority(makePair[kind]())
    const middle = authority(makePair[kind](), root, 0)
    const leaf = svid(middle.issuer, makePair[kind]())
    await openssl.writePem('root.pem', 'CERTIFICATE', root.der)
    await openssl.writePem('middle.pem', 'CERTIFICATE', middle.der)
    await openssl.writePem('leaf.pem', 'CERTIFICATE', leaf)
    const strictly = ['verify', '-x509_strict', '-check_ss_sig', '-CAfile', 'root.pem', '-untrusted', 'middle.pem']
    for (const purpose of ['sslserver', 'sslclient'])
      expect(await openssl.run(...strictly, '-purpose', purpose, 'leaf.pem')).toEqual({
        exitCode: 0,
        text: 'leaf.pem: OK\n',
      })
    expect(await openssl.run('verify', '-x509_strict', '-CAfile', 'root.pem', 'middle.pem')).toMatchObject({
      exitCode: 0,
    })

    const other = authority(makePair[kind]())
    await openssl.writePem('other.pem', 'CERTIFICATE', other.der)
    const control = await openssl.run(
      'verify',
      '-x509_strict',
      '-CAfile',
      'other.pem',
      '-untrusted',
      'middle.pem',
      'leaf.pem',
    )
    expect(control, 'control: another root').toMatchObject({ exitCode: 2 })
    const late = svid(middle.issuer, makePair[kind](), inSeconds(-7_200))
    await openssl.writePem('late.pem', 'CERTIFICATE', late)
    expect((await openssl.run(...strictly, 'late.pem')).text, 'control').toContain('certificate has expired')
  },
)

test('openssl reads every field as it was meant', async () => {
  const openssl = await openOpenSsl()
  const pair = makePair['P-256']()
  const { issuer } = authority(pair)
  const template: CertificateTemplate = {
    serialNumber: '80ab',
    subject: encodeName([
      { type: 'C', value: 'DE' },
      { type: 'O', value: 'Példa' },
      { type: 'CN', value: 'orders' },
      { type: 'serialNumber', value: '17' },
    ]),
    notBefore: new Date('2026-11-22T12:00:00Z'),
    notAfter: new Date('2050-01-02T03:04:05Z'),
    publicKey: publicKeyInfoOf(pair.publicKey),
    subjectKeyId: Uint8Array.of(1, 2, 3),
    basicConstraints: { isCa: true, maxPathLength: 3 },
    keyUsage: ['digitalSignature', 'keyCertSign', 'decipherOnly'],
    extendedKeyUsage: [oid.serverAuth, '1.2.3.4'],
    subjectAltName: {
      uri: [id],
      dns: ['a.example.org'],
      email: ['a@example.org'],
      ip: ['192.0.2.1', '2001:db8::1'],
    },
    nameConstraints: {
      permitted: { dns: ['.example.org'], ip: ['10.0.0.0/8'] },
      excluded: { uri: ['.example.net'], email: ['example.net'], ip: ['2001:db8::/32'] },
    },
  }
  const links = {
    crlUris: ['http://crl.example.org/1'],
    authorityInfoAccess: { ocsp: ['http://o.example.org'], caIssuers: ['http://i.example.org'] },
  }
  await openssl.writePem('all.pem', 'CERTIFICATE', encodeCertificate({ ...issuer, ...links }, template))
  const text = await openssl.make('x509', '-in', 'all.pem', '-noout', '-text', '-nameopt', 'RFC2253,utf8,-esc_msb')
  for (const part of [
    'Version: 3 (0x2)',
    'Serial Number: 32939 (0x80ab)',
    'Not Before: Nov 22 12:00:00 2026 GMT',
    'Not After : Jan  2 03:04:05 2050 GMT',
    'Subject: serialNumber=17,CN=orders,O=Példa,C=DE',
    'CA:TRUE, pathlen:3',
    'Digital Signature, Certificate Sign, Decipher Only',
    'TLS Web Server Authentication, 1.2.3.4',
    `URI:${id}, DNS:a.example.org, email:a@example.org, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1`,
    'X509v3 Subject Key Identifier: \n                01:02:03',
    'DNS:.example.org',
    'IP:10.0.0.0/255.0.0.0',
    'URI:.example.net',
    'IP:2001:DB8:0:0:0:0:0:0/FFFF:FFFF:0:0:0:0:0:0',
    'URI:http://crl.example.org/1',
    'OCSP - URI:http://o.example.org',
    'CA Issuers - URI:http://i.example.org',
  ]) {
    expect(text).toContain(part)
  }
  expect(text).not.toContain('X509v3 Subject Alternative Name: critical')
})

test('openssl revokes by our CRLs, with their reasons', async () => {
  const openssl = await openOpenSsl()
  const pair = makePair['P-256']()
  const root = authority(pair)
  await openssl.writePem('root.pem', 'CERTIFICATE', root.der)
  const publicKey = publicKeyInfoOf(makePair['P-256']().publicKey)
  const issue = prepareSvidIssuer(root.issuer)
  for (const [file, serialNumber] of [
    ['revoked', '8001'],
    ['good', '02'],
  ] as const) {
    const request = { spiffeId: id, publicKey, subjectKeyId: keyIdOf(publicKey), serialNumber, now, ttlSeconds: 60 }
    await openssl.writePem(`${file}.pem`, 'CERTIFICATE', issue(request).der)
  }
  const reasons = (Object.keys(crlReasonCodes) as CrlReason[]).filter((reason) => reason !== 'removeFromCRL')
  const crl = encodeCrl(root.issuer, {
    crlNumber: 1_000,
    thisUpdate: inSeconds(-5),
    nextUpdate: inSeconds(600),
    revoked: reasons.map((reason, at) => ({ serialNumber: (0x8000 + at).toString(16), revokedAt: now, reason })),
  })
  await openssl.writePem('crl.pem', 'X509 CRL', crl)
  expect(await openssl.make('crl', '-in', 'crl.pem', '-noout', '-CAfile', 'root.pem')).toContain('verify OK')
  const text = await openssl.make('crl', '-in', 'crl.pem', '-noout', '-text')
  for (const part of [
    'Version 2 (0x1)',
    'X509v3 CRL Number: \n                1000',
    'Serial Number: 8001',
    'Key Compromise',
    'CA Compromise',
    'Affiliation Changed',
    'Superseded',
    'Cessation Of Operation',
    'Certificate Hold',
    'Privilege Withdrawn',
    'AA Compromise',
  ])
    expect(text).toContain(part)
  const check = ['verify', '-x509_strict', '-crl_check', '-CRLfile', 'crl.pem', '-CAfile', 'root.pem']
  expect(await openssl.run(...check, 'good.pem')).toMatchObject({ exitCode: 0 })
  const revoked = await openssl.run(...check, 'revoked.pem')
  expect(revoked).toMatchObject({ exitCode: 2 })
  expect(revoked.text).toContain('certificate revoked')

  const stranger = encodeCrl(
    { ...root.issuer, signer: x509SignerOfKey(makePair['P-256']().privateKey) },
    { crlNumber: 2, thisUpdate: now, nextUpdate: inSeconds(600), revoked: [] },
  )
  await openssl.writePem('stranger.pem', 'X509 CRL', stranger)
  expect((await openssl.run('crl', '-in', 'stranger.pem', '-noout', '-CAfile', 'root.pem')).text, 'control').toContain(
    'verify failure',
  )
})

test('openssl reads a delta CRL and a scope', async () => {
  const openssl = await openOpenSsl()
  const { issuer } = authority(makePair['P-256']())
  await openssl.writePem(
    'delta.pem',
    'X509 CRL',
    encodeCrl(issuer, {
      crlNumber: 9,
      baseCrlNumber: 7,
      thisUpdate: now,
      nextUpdate: inSeconds(60),
      revoked: [{ serialNumber: '05', revokedAt: now, reason: 'removeFromCRL' }],
      issuingDistributionPoint: { uris: ['http://crl.example.org/1'], only: 'user_certificates' },
    }),
  )
  const text = await openssl.make('crl', '-in', 'delta.pem', '-noout', '-text')
  for (const part of [
    'X509v3 Delta CRL Indicator: critical\n                7',
    'Issuing Distribution Point: critical',
    'URI:http://crl.example.org/1',
    'Only User Certificates',
    'Remove From CRL',
  ])
    expect(text).toContain(part)
})

test.for(['P-256', 'P-384', 'Ed25519', 'RSA'] as const)('openssl verifies our requests of %s keys', async (kind) => {
  const openssl = await openOpenSsl()
  const pair = makePair[kind]()
  const der = encodeCertificationRequest(x509SignerOfKey(pair.privateKey), {
    subject: encodeName([{ type: 'CN', value: 'orders' }]),
    publicKey: publicKeyInfoOf(pair.publicKey),
    subjectAltName: { uri: [id], dns: ['orders.example.org'] },
  })
  await openssl.writePem('request.pem', 'CERTIFICATE REQUEST', der)
  const text = await openssl.make('req', '-in', 'request.pem', '-noout', '-verify', '-text')
  expect(text).toContain('verify OK')
  expect(text).toContain(`URI:${id}, DNS:orders.example.org`)
  await openssl.writePem(
    'changed.pem',
    'CERTIFICATE REQUEST',
    der.map((byte, at) => (at === der.length - 3 ? byte ^ 1 : byte)),
  )
  expect((await openssl.run('req', '-in', 'changed.pem', '-noout', '-verify')).text, 'control').not.toContain(
    'verify OK',
  )
})
