import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import {
  encodeCertificate,
  encodeCertificationRequest,
  emptyName,
  isX509Fault,
  parseCertificationRequest,
  svidAuthorityTemplate,
  type X509Signer,
} from '@mayfly/domain'
import { expect, test } from 'vitest'
import { makeKeyPair, openSigner } from '../keys/signing-key.ts'
import { keyIdOf, publicKeyInfoOf, x509SignerOfKey } from '@mayfly/provider-kit'
import { makeSerialNumber, x509SignerOf } from './sign-certificate.ts'
import { verifyCertificationRequest } from '@mayfly/provider-kit'

function selfSigned(signer: X509Signer, key: Parameters<typeof publicKeyInfoOf>[0]): X509Certificate {
  const publicKey = publicKeyInfoOf(key)
  const template = svidAuthorityTemplate({
    trustDomain: 'example.org',
    publicKey,
    subjectKeyId: keyIdOf(publicKey),
    serialNumber: makeSerialNumber(),
    notBefore: new Date(),
    notAfter: new Date(Date.now() + 60_000),
  })
  return new X509Certificate(encodeCertificate({ signer, name: template.subject, keyId: keyIdOf(publicKey) }, template))
}

test('Node believes what each kind of key signs', () => {
  for (const { privateKey, publicKey } of [
    generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    generateKeyPairSync('ed25519'),
    generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ]) {
    const certificate = selfSigned(x509SignerOfKey(privateKey), publicKey)
    expect(certificate.verify(publicKey)).toBe(true)
    expect(certificate.verify(generateKeyPairSync('ed25519').publicKey), 'control').toBe(false)
  }
})

test('a signing key of Mayfly signs certificates too, its signature put into DER', () => {
  for (const algorithm of ['ES256', 'Ed25519'] as const) {
    const pair = makeKeyPair(algorithm)
    const signer = openSigner(pair.keyId, algorithm, pair.privateKey)
    const jwk = { key: pair.publicJwk, format: 'jwk' } as const
    // Some values of r and s begin with zeros, some with a one bit.
    for (let round = 0; round < 40; round += 1) {
      const certificate = selfSigned(x509SignerOf(signer), createPublicKey(jwk))
      expect(certificate.verify(createPublicKey(jwk))).toBe(true)
    }
  }
})

test('keys that cannot sign certificates are refused', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
  expect(() => x509SignerOfKey(privateKey)).toThrow(/key_unusable/)
  expect(() => x509SignerOfKey(publicKey)).toThrow(/key_unusable/)
  expect(() => x509SignerOfKey(generateKeyPairSync('x25519').privateKey)).toThrow(/key_unusable/)
})

test('a key identifier is made from the key alone: 20 bytes, its own for each key', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  expect(keyIdOf(publicKeyInfoOf(publicKey))).toEqual(keyIdOf(publicKeyInfoOf(publicKey)))
  expect(keyIdOf(publicKeyInfoOf(publicKey))).toHaveLength(20)
  const ids = Array.from({ length: 50 }, () =>
    Buffer.from(keyIdOf(publicKeyInfoOf(generateKeyPairSync('ed25519').publicKey))).toString('hex'),
  )
  expect(new Set(ids).size).toBe(50)
})

test('serial numbers are positive, 16 bytes, and never the same', () => {
  const serials = Array.from({ length: 1_000 }, () => makeSerialNumber())
  for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9a-f]{31}$/)
  expect(new Set(serials).size).toBe(1_000)
})

test('a request shows that its key is held, and a changed one does not', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const verdictOf = (key: Parameters<typeof publicKeyInfoOf>[0]): string => {
    const der = encodeCertificationRequest(x509SignerOfKey(privateKey), {
      subject: emptyName,
      publicKey: publicKeyInfoOf(key),
    })
    const request = parseCertificationRequest(der)
    return isX509Fault(request) ? request.fault : verifyCertificationRequest(request)
  }
  expect(verdictOf(publicKey)).toBe('valid')
  expect(verdictOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)).toBe('invalid')
  expect(verdictOf(generateKeyPairSync('ed25519').publicKey)).toBe('invalid')
  expect(verdictOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey)).toBe('key_not_allowed')
})
