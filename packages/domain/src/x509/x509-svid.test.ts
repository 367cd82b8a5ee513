import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { type Certificate, parseCertificate } from './certificate.ts'
import { isX509Fault } from './der-read.ts'
import { encodeCertificate } from './encode-certificate.ts'
import { oid } from './object-identifiers.ts'
import { readKey, testPublicKey, testSigner } from './testdata/raw-certificate.ts'
import {
  prepareSvidIssuer,
  type SvidAuthority,
  svidAuthorityName,
  svidAuthorityTemplate,
  type X509SvidRequest,
} from './x509-svid.ts'

const keyId = new Uint8Array(20).fill(0xab)
const now = new Date('2026-11-22T12:00:00.900Z')
const issuer = {
  signer: testSigner,
  name: svidAuthorityName('example.org', keyId),
  keyId,
  notAfter: new Date('2026-11-23T00:00:00Z'),
}
const issue = prepareSvidIssuer(issuer)
const request: X509SvidRequest = {
  spiffeId: 'spiffe://example.org/production/service/orders',
  publicKey: testPublicKey,
  subjectKeyId: new Uint8Array(20).fill(1),
  serialNumber: '0102',
  now,
  ttlSeconds: 3_600,
}
const authority: SvidAuthority = {
  trustDomain: 'example.org',
  publicKey: testPublicKey,
  subjectKeyId: keyId,
  serialNumber: '01',
  notBefore: now,
  notAfter: issuer.notAfter,
}

function read(der: Uint8Array): Certificate {
  const certificate = parseCertificate(der)
  if (isX509Fault(certificate)) throw new Error(certificate.fault)
  return certificate
}

function authorityOf(change: Partial<SvidAuthority> = {}): Certificate {
  return read(encodeCertificate(issuer, svidAuthorityTemplate({ ...authority, ...change })))
}

test('[X1] a certificate that is issued has exactly one URI, and DNS names beside it', () => {
  const leaf = read(issue({ ...request, dnsNames: ['orders.example.org'] }).der)
  expect(leaf.subjectAltName).toMatchObject({ uri: [request.spiffeId], dns: ['orders.example.org'] })
})

test('[X2] an ID without a path is issued to no workload, and an authority has none', () => {
  for (const spiffeId of [
    'spiffe://example.org',
    'spiffe://example.org/',
    'https://example.org/a',
    'spiffe://Example.org/a',
  ])
    expect(() => issue({ ...request, spiffeId }), spiffeId).toThrow(/internal/)
  expect(authorityOf().subjectAltName?.uri).toEqual(['spiffe://example.org'])
  expect(() => svidAuthorityTemplate({ ...authority, trustDomain: 'a/b' })).toThrow(/internal/)
})

test('[X3] the subject that is issued is empty and the alternative names are critical, unless a subject is asked for', () => {
  const bare = read(issue(request).der)
  expect(bare.subject.attributes).toEqual([])
  expect(bare.extensions.get(oid.subjectAltName)?.critical).toBe(true)
  const named = read(issue({ ...request, subject: [{ type: 'CN', value: 'orders' }] }).der)
  expect(named.subject.text).toBe('CN=orders')
  expect(named.extensions.get(oid.subjectAltName)?.critical).toBe(false)
})

test('[X4] a workload is issued no authority, and an authority is one', () => {
  expect(read(issue(request).der).basicConstraints).toEqual({ isCa: false })
  expect(authorityOf().basicConstraints).toEqual({ isCa: true })
  expect(authorityOf({ maxPathLength: 1 }).basicConstraints).toEqual({ isCa: true, maxPathLength: 1 })
})

test('[X5] key usage is critical, fits the kind of the key, and keeps signing certificates to authorities', () => {
  const usageOf = (publicKey: typeof testPublicKey): unknown => {
    const leaf = read(issue({ ...request, publicKey }).der)
    expect(leaf.extensions.get(oid.keyUsage)?.critical).toBe(true)
    return [...(leaf.keyUsage ?? [])]
  }
  const spki = (pair: { publicKey: { export(options: { format: 'der'; type: 'spki' }): Uint8Array } }): Uint8Array =>
    pair.publicKey.export({ format: 'der', type: 'spki' })
  expect(usageOf(testPublicKey)).toEqual(['digitalSignature', 'keyAgreement'])
  expect(usageOf(readKey(spki(generateKeyPairSync('rsa', { modulusLength: 2048 }))))).toEqual([
    'digitalSignature',
    'keyEncipherment',
  ])
  expect(usageOf(readKey(spki(generateKeyPairSync('ed25519'))))).toEqual(['digitalSignature'])
  expect(() => issue({ ...request, publicKey: readKey(spki(generateKeyPairSync('x25519'))) })).toThrow(/unknown kind/)
  expect(authorityOf().keyUsage).toEqual(new Set(['keyCertSign', 'cRLSign']))
  expect(authorityOf().extensions.get(oid.keyUsage)?.critical).toBe(true)
})

test('[X6] a certificate that is issued is meant for servers and clients', () => {
  expect(read(issue(request).der).extendedKeyUsage).toEqual([oid.serverAuth, oid.clientAuth])
  expect(authorityOf().extendedKeyUsage).toBeUndefined()
})

test('[X8] an authority can be kept to its trust domain by name constraints', () => {
  const constrained = authorityOf({ nameConstraints: { permitted: { uri: ['example.org'] } } })
  expect(constrained.nameConstraints?.permitted.uri).toEqual(['example.org'])
  expect(constrained.extensions.get(oid.nameConstraints)?.critical).toBe(true)
})

test('a certificate begins ten seconds early, ends when it was decided to, and never after its issuer', () => {
  const { notBefore, notAfter, der } = issue(request)
  expect([notBefore, notAfter]).toEqual([new Date('2026-11-22T11:59:50Z'), new Date('2026-11-22T13:00:00Z')])
  expect(read(der)).toMatchObject({ notBefore, notAfter })
  expect(issue({ ...request, ttlSeconds: 10_000_000 }).notAfter).toEqual(issuer.notAfter)
  for (const change of [{ ttlSeconds: 0 }, { ttlSeconds: -1 }, { ttlSeconds: Number.NaN }, { now: issuer.notAfter }])
    expect(() => issue({ ...request, ...change })).toThrow(/would have ended already/)
})

test('every authority has a subject of its own, made from its key, and names it as its key identifier', () => {
  const other = new Uint8Array(20).fill(0xac)
  expect(authorityOf().subject.text).toBe(`serialNumber=${'ab'.repeat(20)},CN=Mayfly X.509 authority,O=example.org`)
  expect(authorityOf({ subjectKeyId: other }).subject.text).not.toBe(authorityOf().subject.text)
  expect(authorityOf().subjectKeyId).toEqual(keyId)
  expect(read(issue(request).der).authorityKeyId?.keyId).toEqual(keyId)
  expect(authorityOf({ trustDomain: 'a'.repeat(255) }).subjectAltName?.uri).toEqual([`spiffe://${'a'.repeat(255)}`])
})
