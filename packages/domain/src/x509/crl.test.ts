import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crlReasonCodes, type CrlReason } from './crl.ts'
import { isX509Fault } from './der-read.ts'
import {
  derBitString,
  derBoolean,
  derContext,
  derContextPrimitive,
  derEnumerated,
  derInteger,
  derNull,
  derSequence,
  derTime,
} from './der-write.ts'
import { encodeName } from './distinguished-name.ts'
import { type CrlTemplate, encodeCrl } from './encode-crl.ts'
import { encodeExtension } from './extensions.ts'
import { oid } from './object-identifiers.ts'
import { type Crl, parseCrl } from './parse-crl.ts'
import { encodeSignatureAlgorithm } from './signature-algorithm.ts'
import { testSigner } from './testdata/raw-certificate.ts'

const issuer = {
  signer: testSigner,
  name: encodeName([{ type: 'CN', value: 'ca' }]),
  keyId: new Uint8Array(20).fill(3),
}
const template: CrlTemplate = {
  crlNumber: 258,
  thisUpdate: new Date('2026-11-22T12:00:00Z'),
  nextUpdate: new Date('2026-11-22T13:00:00Z'),
  revoked: [],
}

function read(der: Uint8Array): Crl {
  const crl = parseCrl(der)
  if (isX509Fault(crl)) throw new Error(crl.fault)
  return crl
}

test('every reason and time comes back as it was', () => {
  const reasons = Object.keys(crlReasonCodes) as CrlReason[]
  const revoked = reasons.map((reason, at) => ({
    serialNumber: (at + 128).toString(16),
    revokedAt: new Date(Date.UTC(2045 + at, 0, 1, 2, 3, 4)),
    reason,
  }))
  const crl = read(encodeCrl(issuer, { ...template, revoked }))
  expect([...crl.revoked]).toEqual(revoked.map(({ serialNumber, ...entry }) => [serialNumber, entry]))
  expect(crl).toMatchObject({
    issuer: { der: issuer.name },
    thisUpdate: template.thisUpdate,
    nextUpdate: template.nextUpdate,
    authorityKeyId: { keyId: issuer.keyId },
    crlNumber: '0102',
    baseCrlNumber: undefined,
    issuingDistributionPoint: undefined,
    unsupported: [],
  })
})

test('a list of nobody, a delta and a list with a scope', () => {
  expect(read(encodeCrl(issuer, template)).revoked.size).toBe(0)
  expect(read(encodeCrl(issuer, { ...template, baseCrlNumber: 7 })).baseCrlNumber).toBe('07')
  for (const issuingDistributionPoint of [
    { uris: ['http://crl.example.org/1'] },
    { uris: ['http://crl.example.org/1'], only: 'user_certificates' },
    { uris: [], only: 'ca_certificates' },
  ] as const) {
    const crl = read(encodeCrl(issuer, { ...template, issuingDistributionPoint }))
    expect(crl.issuingDistributionPoint).toEqual(issuingDistributionPoint)
    expect(crl.unsupported).toEqual([])
  }
})

test('what has no encoding is refused', () => {
  for (const change of [
    { nextUpdate: template.thisUpdate },
    { crlNumber: -1 },
    { issuingDistributionPoint: {} },
    { revoked: [{ serialNumber: '0', revokedAt: new Date() }] },
  ]) {
    expect(() => encodeCrl(issuer, { ...template, ...change })).toThrow(/internal/)
  }
})

/** Lists such as no encoder of ours would write. */
function rawCrl(parts: {
  readonly version?: Uint8Array
  readonly entries?: readonly Uint8Array[]
  readonly extensions?: readonly Uint8Array[]
}): Uint8Array {
  const algorithm = encodeSignatureAlgorithm('ecdsa-with-SHA256')
  const tbs = derSequence(
    parts.version ?? derInteger(1),
    algorithm,
    issuer.name,
    derTime(template.thisUpdate),
    ...(parts.entries === undefined ? [] : [derSequence(...parts.entries)]),
    ...(parts.extensions === undefined ? [] : [derContext(0, derSequence(...parts.extensions))]),
  )
  return derSequence(tbs, algorithm, derBitString(testSigner.sign(tbs)))
}

test('hostile lists are refused, each by its fault', () => {
  const entry = (...more: Uint8Array[]): Uint8Array => derSequence(derInteger(5), derTime(new Date(0)), ...more)
  const extension = encodeExtension(oid.reasonCode, 'not-critical', derEnumerated(7))
  for (const [parts, fault] of [
    [{ version: derInteger(0) }, 'it is not of version 2'],
    [{ version: derInteger(2) }, 'its version is larger than 1'],
    [{ entries: [entry(), entry()] }, 'it holds a serial number twice'],
    [{ entries: [derSequence(derInteger(0), derTime(new Date(0)))] }, 'its serial number is zero'],
    [{ entries: [derSequence(derInteger(1))] }, 'an entry of the CRL lacks a time'],
    [{ entries: [entry(derNull())] }, 'an entry of the CRL holds more than it may'],
    [{ entries: [entry(derSequence(extension))] }, 'the reason of a revocation has no name'],
    [{ entries: [Uint8Array.of(0x30, 0x80, 0, 0)] }, 'a length is indefinite'],
    [
      {
        extensions: [
          encodeExtension(
            oid.issuingDistributionPoint,
            'critical',
            derSequence(derContextPrimitive(1, Uint8Array.of(1))),
          ),
        ],
      },
      'its issuing distribution point is not a boolean',
    ],
    [
      {
        extensions: [
          encodeExtension(
            oid.issuingDistributionPoint,
            'critical',
            derSequence(derContextPrimitive(1, Uint8Array.of(255)), derContextPrimitive(2, Uint8Array.of(255))),
          ),
        ],
      },
      'its issuing distribution point leaves nothing over',
    ],
  ] as const) {
    expect(parseCrl(rawCrl(parts))).toEqual({ fault })
  }
  expect(parseCrl(Uint8Array.from([...rawCrl({}), 0]))).toEqual({ fault: 'bytes follow its end' })
  expect(read(rawCrl({ entries: [entry()] })).revoked.size, 'control').toBe(1)
})

test('what changes the meaning of a list is told', () => {
  const flag = Uint8Array.of(0xff)
  const scope = (...parts: Uint8Array[]): Uint8Array =>
    encodeExtension(oid.issuingDistributionPoint, 'critical', derSequence(...parts))
  for (const [parts, unsupported] of [
    [{ extensions: [scope(derContextPrimitive(3, Uint8Array.of(1, 6)))] }, 'it is only about some reasons'],
    [{ extensions: [scope(derContextPrimitive(4, flag))] }, 'it is indirect'],
    [{ extensions: [scope(derContextPrimitive(5, flag))] }, 'it is about attribute certificates'],
    [{ extensions: [encodeExtension('1.2.3', 'critical', derNull())] }, 'it has the unknown critical extension 1.2.3'],
    [
      {
        entries: [
          derSequence(
            derInteger(5),
            derTime(new Date(0)),
            derSequence(encodeExtension(oid.certificateIssuer, 'critical', derSequence(derBoolean(true)))),
          ),
        ],
      },
      `it has the unknown critical extension ${oid.certificateIssuer}`,
    ],
  ] as const) {
    expect(read(rawCrl(parts)).unsupported).toEqual([unsupported])
  }
})

test('a long list is read in time linear in its length, and entries are bounded', () => {
  const revoked = Array.from({ length: 20_000 }, (_, at) => ({
    serialNumber: (at + 0x10_0000).toString(16),
    revokedAt: template.thisUpdate,
    reason: 'superseded' as const,
  })).map((entry) => ({ ...entry, serialNumber: entry.serialNumber.padStart(8, '0') }))
  const der = encodeCrl(issuer, { ...template, revoked })
  expect(read(der).revoked.size).toBe(20_000)
  expect(parseCrl(der, { maxSizeBytes: der.length, maxEntries: 19_999 })).toEqual({
    fault: 'it holds more than 19999 entries',
  })
  expect(parseCrl(der, { maxSizeBytes: der.length - 1, maxEntries: 20_000 })).toEqual({
    fault: `it is larger than ${der.length - 1} bytes`,
  })
})

test('mutated lists are read or refused, and nothing else is thrown', () => {
  const original = encodeCrl(issuer, {
    ...template,
    revoked: [{ serialNumber: '05', revokedAt: template.thisUpdate, reason: 'keyCompromise' }],
    issuingDistributionPoint: { uris: ['http://crl.example.org/1'], only: 'user_certificates' },
  })
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      (changes) => {
        const bytes = original.slice()
        for (const [at, value] of changes) bytes[at] = value
        expect(parseCrl(bytes)).toBeTypeOf('object')
      },
    ),
    { numRuns: 3_000 },
  )
})
