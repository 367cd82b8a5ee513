/** What Mayfly writes, read by @peculiar/x509. */
import { generateKeyPairSync, webcrypto } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  encodeCertificate,
  encodeCertificationRequest,
  encodeCrl,
  encodeName,
  isX509Fault,
  oid,
  parseCertificate,
  prepareSvidIssuer,
  svidAuthorityTemplate,
} from '../../../packages/domain/src/index.ts'
import { keyIdOf, publicKeyInfoOf, x509SignerOfKey } from '@mayfly/provider-kit'
import { makeSerialNumber } from '../../../packages/server/src/adapters/x509/sign-certificate.ts'
import { verifySignature } from '@mayfly/provider-kit'
import { installReflectMetadata } from './reflect-metadata.ts'

installReflectMetadata()
// Only now: it looks for them while it is loaded.
const x509 = await import('@peculiar/x509')

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const signer = x509SignerOfKey(pair.privateKey)
const publicKey = publicKeyInfoOf(pair.publicKey)
const now = new Date()
const template = svidAuthorityTemplate({
  trustDomain: 'example.org',
  publicKey,
  subjectKeyId: keyIdOf(publicKey),
  serialNumber: makeSerialNumber(),
  notBefore: now,
  notAfter: new Date(now.getTime() + 86_400_000),
  maxPathLength: 1,
})
const issuer = { signer, name: template.subject, keyId: keyIdOf(publicKey), notAfter: template.notAfter }

test('authority and leaf are read as they were meant, and their signatures verify', async () => {
  const authority = new x509.X509Certificate(Buffer.from(encodeCertificate(issuer, template)))
  expect(await authority.isSelfSigned()).toBe(true)
  expect(authority.getExtension(x509.BasicConstraintsExtension)).toMatchObject({
    ca: true,
    pathLength: 1,
    critical: true,
  })
  expect(authority.getExtension(x509.KeyUsagesExtension)).toMatchObject({
    usages: x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
    critical: true,
  })

  const serialNumber = makeSerialNumber()
  const { der, notBefore, notAfter } = prepareSvidIssuer(issuer)({
    spiffeId: 'spiffe://example.org/a',
    publicKey,
    subjectKeyId: keyIdOf(publicKey),
    serialNumber,
    now,
    ttlSeconds: 60,
    dnsNames: ['a.example.org'],
  })
  const leaf = new x509.X509Certificate(Buffer.from(der))
  expect(leaf).toMatchObject({ serialNumber, subject: '', notBefore, notAfter })
  expect(await leaf.verify({ publicKey: authority, date: now })).toBe(true)
  expect(leaf.getExtension(x509.SubjectAlternativeNameExtension)).toMatchObject({ critical: true })
  expect(leaf.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON()).toEqual([
    { type: 'url', value: 'spiffe://example.org/a' },
    { type: 'dns', value: 'a.example.org' },
  ])
  expect(leaf.getExtension(x509.ExtendedKeyUsageExtension)?.usages).toEqual([oid.serverAuth, oid.clientAuth])
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'der', type: 'spki' })
  expect(await leaf.verify({ publicKey: new x509.PublicKey(stranger), date: now }), 'control').toBe(false)
})

test('requests and CRLs are read as they were meant, and their signatures verify', async () => {
  const request = new x509.Pkcs10CertificateRequest(
    Buffer.from(
      encodeCertificationRequest(signer, {
        subject: encodeName([{ type: 'CN', value: 'a' }]),
        publicKey,
        subjectAltName: { dns: ['a.example.org'] },
      }),
    ),
  )
  expect(await request.verify()).toBe(true)
  expect(request.subject).toBe('CN=a')
  expect(request.getExtension(oid.subjectAltName)).toBeInstanceOf(x509.SubjectAlternativeNameExtension)

  const crl = new x509.X509Crl(
    Buffer.from(
      encodeCrl(issuer, {
        crlNumber: 5,
        thisUpdate: now,
        nextUpdate: new Date(now.getTime() + 60_000),
        revoked: [{ serialNumber: '80ab', revokedAt: now, reason: 'keyCompromise' }],
      }),
    ),
  )
  expect(await crl.verify({ publicKey: new x509.PublicKey(Buffer.from(publicKey.spki)) })).toBe(true)
  expect(crl.findRevoked('80ab')).toMatchObject({ reason: x509.X509CrlReason.keyCompromise })
  expect(crl.findRevoked('80ac'), 'control').toBeNull()
})

test('a certificate of @peculiar/x509 is read by Mayfly, and its signature verifies', async () => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '0b',
    name: 'CN=a, O=Example',
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2051-01-01T00:00:00Z'),
    signingAlgorithm: algorithm,
    keys,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'url', value: 'spiffe://example.org/a' }])],
  })
  const read = parseCertificate(new Uint8Array(made.rawData))
  if (isX509Fault(read)) throw new Error(read.fault)
  expect(read).toMatchObject({
    serialNumber: '0b',
    notAfter: new Date('2051-01-01T00:00:00Z'),
    subjectAltName: { uri: ['spiffe://example.org/a'] },
    publicKey: { kind: { keyType: 'EC', curve: 'P-384' } },
  })
  expect(verifySignature(read, read.publicKey)).toBe('valid')
  expect(verifySignature(read, publicKey), 'control').toBe('invalid')
})
