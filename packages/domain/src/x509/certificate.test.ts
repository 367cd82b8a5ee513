import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Certificate, parseCertificate } from './certificate.ts'
import { isX509Fault } from './der-read.ts'
import {
  derBoolean,
  derContext,
  derContextPrimitive,
  derElement,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  derSet,
  derTag,
  derTime,
  derUnsigned,
} from './der-write.ts'
import { encodeName } from './distinguished-name.ts'
import { type CertificateTemplate, emptyName, encodeCertificate } from './encode-certificate.ts'
import { encodeExtension } from './extensions.ts'
import { encodeAlternativeNames } from './general-names.ts'
import { encodeExtendedKeyUsage } from './key-usage.ts'
import { oid } from './object-identifiers.ts'
import { parsePublicKey } from './public-key.ts'
import { encodeSignatureAlgorithm } from './signature-algorithm.ts'
import { rawCertificate, type RawFields, readKey, testPublicKey, testSigner } from './testdata/raw-certificate.ts'

const keyId = new Uint8Array(20).fill(9)
const issuer = {
  signer: testSigner,
  name: encodeName([
    { type: 'C', value: 'DE' },
    { type: 'O', value: 'Példa, Kft.' },
  ]),
  keyId,
}
const template: CertificateTemplate = {
  serialNumber: '80ab',
  subject: encodeName([
    { type: 'O', value: 'example' },
    { type: 'CN', value: 'orders' },
    { type: 'serialNumber', value: '17' },
  ]),
  notBefore: new Date('2026-11-22T12:00:00Z'),
  notAfter: new Date('2050-01-02T03:04:05Z'),
  publicKey: testPublicKey,
  subjectKeyId: new Uint8Array(20).fill(1),
  basicConstraints: { isCa: false },
  keyUsage: ['digitalSignature', 'keyAgreement'],
}

function read(der: Uint8Array): Certificate {
  const certificate = parseCertificate(der)
  if (isX509Fault(certificate)) throw new Error(certificate.fault)
  return certificate
}

function faultOf(fields: RawFields): string | undefined {
  const certificate = parseCertificate(rawCertificate(fields))
  return isX509Fault(certificate) ? certificate.fault : undefined
}

test('what a template says is what is read', () => {
  const certificate = read(
    encodeCertificate(
      {
        ...issuer,
        crlUris: ['http://crl.example.org/1'],
        authorityInfoAccess: { ocsp: ['http://ocsp.example.org'], caIssuers: ['http://ca.example.org'] },
      },
      {
        ...template,
        extendedKeyUsage: [oid.serverAuth, oid.clientAuth],
        subjectAltName: {
          uri: ['spiffe://example.org/a'],
          dns: ['a.example.org'],
          email: ['a@example.org'],
          ip: ['192.0.2.1', '2001:db8::1'],
        },
      },
    ),
  )
  expect(certificate).toMatchObject({
    serialNumber: '80ab',
    signatureAlgorithm: 'ecdsa-with-SHA256',
    issuer: { der: issuer.name, text: 'O=Példa\\, Kft.,C=DE' },
    subject: { der: template.subject, text: 'serialNumber=17,CN=orders,O=example' },
    notBefore: template.notBefore,
    notAfter: template.notAfter,
    publicKey: { kind: { keyType: 'EC', curve: 'P-256' }, spki: testPublicKey.spki },
    basicConstraints: { isCa: false },
    keyUsage: new Set(['digitalSignature', 'keyAgreement']),
    extendedKeyUsage: [oid.serverAuth, oid.clientAuth],
    subjectAltName: {
      uri: ['spiffe://example.org/a'],
      dns: ['a.example.org'],
      email: ['a@example.org'],
      ip: ['192.0.2.1', '2001:db8::1'],
      otherForms: [],
    },
    subjectKeyId: template.subjectKeyId,
    authorityKeyId: { keyId },
    crlDistributionPoints: [{ uris: ['http://crl.example.org/1'], isPartial: false }],
    authorityInfoAccess: { ocsp: ['http://ocsp.example.org'], caIssuers: ['http://ca.example.org'] },
    hasPolicyConstraints: false,
    unknownCriticalExtensions: [],
  })
  expect(certificate.extensions.get(oid.basicConstraints)?.critical).toBe(true)
  expect(certificate.extensions.get(oid.keyUsage)?.critical).toBe(true)
  expect(certificate.extensions.get(oid.subjectAltName)?.critical, 'the subject is not empty').toBe(false)
})

test('alternative names are critical where the subject is empty, and then they must be there', () => {
  const names = { uri: ['spiffe://example.org/a'] }
  const certificate = read(encodeCertificate(issuer, { ...template, subject: emptyName, subjectAltName: names }))
  expect(certificate.extensions.get(oid.subjectAltName)?.critical).toBe(true)
  for (const subjectAltName of [undefined, {}])
    expect(() =>
      encodeCertificate(issuer, { ...template, subject: emptyName, ...(subjectAltName ? { subjectAltName } : {}) }),
    ).toThrow(/would name nobody/)
})

test('an authority says how long its path may be, and which names it may give', () => {
  const certificate = read(
    encodeCertificate(issuer, {
      ...template,
      basicConstraints: { isCa: true, maxPathLength: 0 },
      keyUsage: ['keyCertSign', 'cRLSign'],
      nameConstraints: {
        permitted: { uri: ['.example.org'], dns: ['example.org'], ip: ['10.0.0.0/8'] },
        excluded: { email: ['example.net'], ip: ['2001:db8::/32'] },
      },
    }),
  )
  expect(certificate.basicConstraints).toEqual({ isCa: true, maxPathLength: 0 })
  expect(certificate.nameConstraints).toMatchObject({
    permitted: { uri: ['.example.org'], dns: ['example.org'], email: [], ip: [{ prefixLength: 8 }], otherForms: [] },
    excluded: { uri: [], dns: [], email: ['example.net'], ip: [{ prefixLength: 32 }] },
  })
  expect(certificate.extensions.get(oid.nameConstraints)?.critical).toBe(true)
})

test('what has no encoding is refused before it is signed', () => {
  const refused: readonly Partial<CertificateTemplate>[] = [
    { serialNumber: '' },
    { serialNumber: '00' },
    { serialNumber: 'AB' },
    { serialNumber: 'abc' },
    { serialNumber: '80'.repeat(20) },
    { serialNumber: '01'.repeat(21) },
    { notAfter: new Date('2020-01-01') },
    { notBefore: new Date(Number.NaN) },
    { basicConstraints: { isCa: false, maxPathLength: 1 } },
    { subjectAltName: { dns: ['a\0.example.org'] } },
    { subjectAltName: { dns: ['exämple.org'] } },
    { subjectAltName: { dns: [''] } },
    { subjectAltName: { uri: ['spiffe://a/b c'] } },
    { subjectAltName: { ip: ['1.2.3'] } },
    { nameConstraints: {} },
    { nameConstraints: { permitted: { ip: ['10.0.0.1/8'] } } },
  ]
  for (const change of refused)
    expect(() => encodeCertificate(issuer, { ...template, ...change }), JSON.stringify(change)).toThrow(/internal/)
  for (const attributes of [
    [{ type: 'CN', value: '' }],
    [{ type: 'CN', value: 'a'.repeat(65) }],
    [{ type: 'C', value: 'de' }],
    [{ type: 'serialNumber', value: 'a_b' }],
  ] as const) {
    expect(() => encodeName(attributes)).toThrow(/internal/)
  }
  expect(read(encodeCertificate(issuer, { ...template, serialNumber: '7f'.repeat(20) })).serialNumber, 'control').toBe(
    '7f'.repeat(20),
  )
})

test('a key with fields after it cannot be certified, since it cannot be read', () => {
  for (const spki of [
    Uint8Array.from([...testPublicKey.spki, ...derContext(3, derSequence())]),
    testPublicKey.spki.subarray(1),
    derSequence(),
    new Uint8Array(),
  ]) {
    expect(parsePublicKey(spki)).toEqual({ fault: expect.any(String) })
  }
})

test('kinds of keys are told apart', () => {
  const kindOf = (key: { export(options: { format: 'der'; type: 'spki' }): Uint8Array }): unknown =>
    readKey(key.export({ format: 'der', type: 'spki' })).kind
  expect(kindOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey)).toEqual({
    keyType: 'EC',
    curve: 'P-384',
  })
  expect(kindOf(generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey)).toEqual({
    keyType: 'EC',
    curve: 'P-521',
  })
  expect(kindOf(generateKeyPairSync('ed25519').publicKey)).toEqual({ keyType: 'Ed25519' })
  expect(kindOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)).toEqual({
    keyType: 'RSA',
    modulusBits: 2048,
    exponentBits: 17,
  })
  expect(kindOf(generateKeyPairSync('x25519').publicKey)).toEqual({ keyType: 'other', algorithm: '1.3.101.110' })
  expect(kindOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey)).toEqual({
    keyType: 'other',
    algorithm: oid.ecPublicKey,
  })
  // A curve written out, as in CVE-2020-0601.
  expect(kindOf(generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' }).publicKey)).toEqual({
    keyType: 'other',
    algorithm: oid.ecPublicKey,
  })
})

test('hostile certificates are refused, each by its fault', () => {
  const name = (value: string): Uint8Array => encodeAlternativeNames({ dns: [value] })
  const nul = derSequence(derContextPrimitive(2, Uint8Array.from(Buffer.from('good.example.org\0.evil.example'))))
  const extension = (type: string, value: Uint8Array): Uint8Array => encodeExtension(type, 'not-critical', value)
  for (const [fields, fault] of [
    [{ version: derContext(0, derInteger(1)) }, 'it is not a certificate of version 3'],
    [{ version: derContext(0, derInteger(3)) }, 'its version is larger than 2'],
    [{ version: derContext(0, derInteger(2), derInteger(2)) }, 'its version does not hold exactly one element'],
    [{ version: derInteger(2) }, 'it is not a certificate of version 3'],
    [{ serialNumber: derElement(derTag.integer, [Uint8Array.of(0x80)]) }, 'its serial number is negative'],
    [{ serialNumber: derInteger(0) }, 'its serial number is zero'],
    [{ serialNumber: derUnsigned(new Uint8Array(21).fill(1)) }, 'its serial number is longer than 20 bytes'],
    [{ serialNumber: derUnsigned(new Uint8Array(20).fill(0x80)) }, 'its serial number is longer than 20 bytes'],
    [{ outerAlgorithm: encodeSignatureAlgorithm('Ed25519') }, 'its two signature algorithms differ'],
    [
      { algorithm: derSequence(derOid('1.2.840.10045.4.3.2'), derNull()) },
      'the parameters of its signature algorithm are not those of the standard',
    ],
    [{ issuer: emptyName }, 'its issuer is empty'],
    [{ subject: derSequence(derSet()) }, 'its subject holds an empty set'],
    [
      {
        subject: derSequence(
          derSet(derSequence(derOid(oid.commonName), derElement(derTag.utf8String, [Uint8Array.of(0xff)]))),
        ),
      },
      'its subject holds a character that it must not',
    ],
    [
      {
        subject: derSequence(
          derSet(derSequence(derOid(oid.commonName), derElement(derTag.utf8String, [Uint8Array.of(0x61, 0)]))),
        ),
      },
      'its subject holds a character that it must not',
    ],
    [{ validity: derSequence(derTime(new Date(0))) }, 'its validity lacks an end'],
    [{ after: derNull() }, 'the certificate holds more than it may'],
    [{ spki: derSequence() }, 'its public key lacks an algorithm'],
    [{ extensions: [] }, 'its extensions is empty'],
    [
      { extensions: [extension(oid.subjectAltName, nul)] },
      'a name in its subject alternative names holds a character that it must not',
    ],
    [{ extensions: [extension(oid.subjectAltName, derSequence())] }, 'its subject alternative names is empty'],
    [
      { extensions: [extension(oid.subjectAltName, derSequence(derContextPrimitive(7, new Uint8Array(5))))] },
      'its subject alternative names holds an IP address of another length than 4 or 16 bytes',
    ],
    [
      { extensions: [extension(oid.subjectAltName, derSequence(derContextPrimitive(9, new Uint8Array(5))))] },
      'its subject alternative names holds something that is no name',
    ],
    [
      { extensions: [extension(oid.subjectAltName, name('a')), extension(oid.subjectAltName, name('b'))] },
      `its extensions hold the extension ${oid.subjectAltName} twice`,
    ],
    // Also where Mayfly does not know the extension.
    [
      { extensions: [extension('1.2.3', name('a')), extension('1.2.3', name('b'))] },
      'its extensions hold the extension 1.2.3 twice',
    ],
    [
      { extensions: [derSequence(derOid('1.2.3'), derElement(derTag.boolean, [Uint8Array.of(1)]), derOctetString())] },
      'an extension in its extensions is not a boolean',
    ],
    [{ extensions: [extension(oid.keyUsage, Uint8Array.of(3, 1, 0))] }, 'its key usage sets no bit'],
    [
      { extensions: [extension(oid.keyUsage, Uint8Array.of(3, 3, 0, 0, 0x40))] },
      'its key usage sets a bit that has no name',
    ],
    [{ extensions: [extension(oid.extendedKeyUsage, derSequence())] }, 'its extended key usage is empty'],
    [{ extensions: [extension(oid.basicConstraints, Uint8Array.of(0x30, 0x80, 0, 0))] }, 'a length is indefinite'],
    [
      { extensions: [extension(oid.basicConstraints, derSequence(derInteger(1)))] },
      'its basic constraints have a path length, but it is no authority',
    ],
    [
      {
        extensions: [
          extension(
            oid.basicConstraints,
            derSequence(derBoolean(true), derElement(derTag.integer, [Uint8Array.of(0xff)])),
          ),
        ],
      },
      'its path length is negative',
    ],
    [{ extensions: [extension(oid.basicConstraints, Uint8Array.from([...derSequence(), 0]))] }, 'bytes follow its end'],
    [{ extensions: [extension(oid.nameConstraints, derSequence())] }, 'its name constraints constrain nothing'],
    [
      {
        extensions: [
          extension(
            oid.nameConstraints,
            derSequence(derContext(0, derSequence(derContextPrimitive(7, Uint8Array.of(10, 0, 0, 0, 255, 0, 255, 0))))),
          ),
        ],
      },
      'a name constraint is not an IP range',
    ],
    [
      {
        extensions: [
          extension(
            oid.nameConstraints,
            derSequence(
              derContext(
                0,
                derSequence(derContextPrimitive(2, new Uint8Array()), derContextPrimitive(1, Uint8Array.of(3))),
              ),
            ),
          ),
        ],
      },
      'a name constraint has a minimum or a maximum',
    ],
  ] as const satisfies readonly (readonly [RawFields, string])[]) {
    expect({ fields, fault: faultOf(fields) }).toEqual({ fields, fault })
  }
  expect(faultOf({ extensions: [extension(oid.subjectAltName, name('a'))] }), 'control').toBeUndefined()
  expect(faultOf({}), 'control: no extensions at all').toBeUndefined()
})

test('unknown critical extensions and policy constraints are told, not passed over', () => {
  const certificate = read(
    rawCertificate({
      extensions: [
        encodeExtension('1.2.3.4', 'critical', derNull()),
        encodeExtension('1.2.3.5', 'not-critical', derNull()),
        encodeExtension(oid.policyConstraints, 'not-critical', derSequence(derContextPrimitive(0, Uint8Array.of(0)))),
        encodeExtension(oid.extendedKeyUsage, 'critical', encodeExtendedKeyUsage([oid.anyExtendedKeyUsage])),
      ],
    }),
  )
  expect(certificate.unknownCriticalExtensions).toEqual(['1.2.3.4'])
  expect(certificate.hasPolicyConstraints).toBe(true)
  expect(read(rawCertificate()).hasPolicyConstraints, 'control').toBe(false)
})

test('other forms of names are told by their form', () => {
  const names = derSequence(
    derContext(4, encodeName([{ type: 'CN', value: 'a' }])),
    derContextPrimitive(8, Uint8Array.of(42, 3)),
    derContext(0, derOid('1.2.3'), derContext(0, derNull())),
  )
  const certificate = read(rawCertificate({ extensions: [encodeExtension(oid.subjectAltName, 'not-critical', names)] }))
  expect(certificate.subjectAltName?.otherForms).toEqual(['directoryName', 'registeredID', 'otherName'])
})

test('mutated certificates are read or refused, quickly, and nothing else is thrown', () => {
  const original = encodeCertificate(issuer, {
    ...template,
    extendedKeyUsage: [oid.serverAuth],
    subjectAltName: { uri: ['spiffe://example.org/a'], dns: ['a.example.org'], ip: ['192.0.2.1'] },
    nameConstraints: { permitted: { dns: ['example.org'], ip: ['10.0.0.0/8'] } },
  })
  const startMs = performance.now()
  let accepted = 0
  let runs = 0
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.option(fc.nat(original.length), { freq: 5 }),
      (changes, cut) => {
        const bytes = original.slice(0, cut ?? original.length)
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
        runs += 1
        const certificate = parseCertificate(bytes)
        if (!isX509Fault(certificate)) accepted += 1
      },
    ),
    { numRuns: 5_000 },
  )
  expect(accepted, 'control: some survive').toBeGreaterThan(0)
  expect(accepted, 'control: some do not').toBeLessThan(runs)
  expect(performance.now() - startMs).toBeLessThan(15_000)
})

test('what takes longest to read is still read in time linear in its size', () => {
  const names = derElement(derTag.sequence, Array<Uint8Array>(9_000).fill(derContextPrimitive(2, Uint8Array.of(0x61))))
  const many = rawCertificate({ extensions: [encodeExtension(oid.subjectAltName, 'not-critical', names)] })
  expect(read(many).subjectAltName?.dns).toHaveLength(9_000)
  const extensions = Array.from({ length: 2_000 }, (_, at) => encodeExtension(`1.2.3.${at}`, 'critical', derNull()))
  expect(read(rawCertificate({ extensions })).unknownCriticalExtensions).toHaveLength(2_000)
  const tooMany = derElement(
    derTag.sequence,
    Array<Uint8Array>(20_000).fill(derContextPrimitive(2, Uint8Array.of(0x61))),
  )
  expect(faultOf({ extensions: [encodeExtension(oid.subjectAltName, 'not-critical', tooMany)] })).toBe(
    'it holds more than 10000 elements',
  )
})
