import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeCertificationRequest, parseCertificationRequest } from './certification-request.ts'
import {
  derBitString,
  derContext,
  derInteger,
  derNull,
  derOid,
  derSequence,
  derSet,
  derUtf8String,
} from './der-write.ts'
import { encodeName } from './distinguished-name.ts'
import { emptyName } from './encode-certificate.ts'
import { encodeExtension } from './extensions.ts'
import { encodeAlternativeNames } from './general-names.ts'
import { oid } from './object-identifiers.ts'
import { encodeSignatureAlgorithm } from './signature-algorithm.ts'
import { testPublicKey, testSigner } from './testdata/raw-certificate.ts'

test('what is asked for is what is read', () => {
  const subjectAltName = { uri: ['spiffe://example.org/a'], dns: ['a.example.org'], email: [], ip: ['192.0.2.1'] }
  const subject = encodeName([{ type: 'CN', value: 'a' }])
  const der = encodeCertificationRequest(testSigner, { subject, publicKey: testPublicKey, subjectAltName })
  expect(parseCertificationRequest(der)).toMatchObject({
    der,
    subject: { der: subject, text: 'CN=a' },
    publicKey: { spki: testPublicKey.spki },
    subjectAltName,
    signatureAlgorithm: 'ecdsa-with-SHA256',
  })
  const bare = encodeCertificationRequest(testSigner, { subject: emptyName, publicKey: testPublicKey })
  expect(parseCertificationRequest(bare)).toMatchObject({ subject: { text: '' }, subjectAltName: undefined })
})

function raw(version: Uint8Array, ...attributes: Uint8Array[]): Uint8Array {
  const info = derSequence(version, emptyName, testPublicKey.spki, derContext(0, ...attributes))
  return derSequence(info, encodeSignatureAlgorithm('ecdsa-with-SHA256'), derBitString(testSigner.sign(info)))
}

test('hostile requests are refused, and other attributes are passed over', () => {
  const names = encodeExtension(oid.subjectAltName, 'not-critical', encodeAlternativeNames({ dns: ['a.example.org'] }))
  const asking = derSequence(derOid(oid.extensionRequest), derSet(derSequence(names)))
  const password = derSequence(derOid('1.2.840.113549.1.9.7'), derSet(derUtf8String('secret')))
  for (const [der, fault] of [
    [raw(derInteger(1)), 'its version is larger than 0'],
    [raw(derInteger(0), asking, asking), 'it asks for extensions twice'],
    [
      raw(derInteger(0), derSequence(derOid(oid.extensionRequest), derSet(derSequence(names, names)))),
      `its requested extensions hold the extension ${oid.subjectAltName} twice`,
    ],
    [
      raw(derInteger(0), derSequence(derOid(oid.extensionRequest), derSet())),
      'its requested extensions does not hold exactly one element',
    ],
    [raw(derInteger(0), derNull()), 'an attribute of the request has another type than it must'],
  ] as const) {
    expect(parseCertificationRequest(der)).toEqual({ fault })
  }
  expect(parseCertificationRequest(raw(derInteger(0), password, asking)), 'control').toMatchObject({
    subjectAltName: { dns: ['a.example.org'] },
  })
})

test('mutated requests are read or refused, and nothing else is thrown', () => {
  const original = encodeCertificationRequest(testSigner, {
    subject: encodeName([{ type: 'CN', value: 'a' }]),
    publicKey: testPublicKey,
    subjectAltName: { dns: ['a.example.org'] },
  })
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      (changes) => {
        const bytes = original.slice()
        for (const [at, value] of changes) bytes[at] = value
        expect(parseCertificationRequest(bytes)).toBeTypeOf('object')
      },
    ),
    { numRuns: 3_000 },
  )
})
