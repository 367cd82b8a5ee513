import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DerFault, defaultDerLimits, isX509Fault, parseDer, readElements } from './der-read.ts'
import { readBoolean, readNamedBits, readOid, readSmallUnsigned, readTime, readUnsigned } from './der-values.ts'
import {
  derBoolean,
  derElement,
  derGeneralizedTime,
  derInteger,
  derNamedBits,
  derNull,
  derOctetString,
  derOid,
  derPrintableString,
  derSequence,
  derTag,
  derTime,
  derUnsigned,
} from './der-write.ts'

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
}

function faultOf(bytes: Uint8Array): string | undefined {
  const read = parseDer(bytes)
  return isX509Fault(read) ? read.fault : undefined
}

function read(bytes: Uint8Array): Parameters<typeof readOid>[0] {
  const node = parseDer(bytes)
  if (isX509Fault(node)) throw new Error(node.fault)
  return node
}

test('lengths are written and read in their shortest form, at each edge', () => {
  for (const [size, header] of [
    [0, '04 00'],
    [127, '04 7f'],
    [128, '04 81 80'],
    [255, '04 81 ff'],
    [256, '04 82 01 00'],
    [65_000, '04 82 fd e8'],
  ] as const) {
    const bytes = derOctetString(new Uint8Array(size))
    expect(bytes.subarray(0, hex(header).length)).toEqual(hex(header))
    expect(read(bytes).content.length).toBe(size)
  }
  expect(derOctetString(new Uint8Array(70_000)).subarray(0, 5)).toEqual(hex('04 83 01 11 70'))
})

test('what is not DER is refused, each fault by its name', () => {
  for (const [bytes, fault] of [
    ['', 'it ends within an element'],
    ['30', 'it ends within an element'],
    ['30 80 00 00', 'a length is indefinite'],
    ['04 81 7f', 'a length is not minimal'],
    ['04 82 00 80', 'a length is not minimal'],
    ['04 84 00 00 00 80', 'a length is not minimal'],
    ['04 82 01', 'it ends within a length'],
    ['04 85 01 00 00 00 00', 'a length is out of bounds'],
    ['04 ff', 'a length is out of bounds'],
    ['04 84 ff ff ff ff', 'a length reaches beyond the end'],
    ['04 05 00', 'a length reaches beyond the end'],
    ['30 03 04 02 00', 'a length reaches beyond the end'],
    ['05 00 00', 'bytes follow its end'],
    ['1f 81 01 00', 'a tag is longer than one byte'],
    ['bf 81 01 00', 'a tag is longer than one byte'],
    ['00 00', 'a tag is not one that DER uses'],
    ['10 00', 'a tag is not one that DER uses'],
    ['24 04 04 02 00 00', 'a tag is not one that DER uses'],
    ['23 04 03 02 00 00', 'a tag is not one that DER uses'],
  ] as const) {
    expect({ bytes, fault: faultOf(hex(bytes)) }).toEqual({ bytes, fault })
  }
  expect(faultOf(hex('30 02 05 00')), 'control').toBeUndefined()
})

test('elements nest as deep as the limit, and no deeper', () => {
  const nested = (depth: number): Uint8Array => (depth === 1 ? derSequence() : derSequence(nested(depth - 1)))
  expect(faultOf(nested(defaultDerLimits.maxDepth))).toBeUndefined()
  expect(faultOf(nested(defaultDerLimits.maxDepth + 1))).toBe('it is nested deeper than 16')
  // As deep as 64 KiB allow: refused at the limit, not at the end of the stack.
  const open: number[] = []
  for (let left = 65_532; left > 300; left -= 4) open.push(0x30, 0x82, (left - 4) >> 8, (left - 4) & 0xff)
  const bytes = new Uint8Array(65_532)
  bytes.set(open)
  expect(faultOf(bytes)).toBe('it is nested deeper than 16')
})

test('size and number of elements are bounded', () => {
  expect(faultOf(new Uint8Array(65_537))).toBe('it is larger than 65536 bytes')
  const nulls = (count: number): Uint8Array => derSequence(...Array<Uint8Array>(count).fill(derNull()))
  expect(faultOf(nulls(9_999))).toBeUndefined()
  expect(faultOf(nulls(10_000))).toBe('it holds more than 10000 elements')
  expect(() =>
    readElements(
      new Uint8Array(40).fill(0).map((_, at) => (at % 2 === 0 ? 5 : 0)),
      10,
    ),
  ).toThrow(DerFault)
})

test('integers come back as they were, and only in their shortest form', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 160n }), (value) => {
      const bytes = readUnsigned(read(derInteger(value)), 'it')
      expect(BigInt(`0x${Buffer.from(bytes).toString('hex')}`)).toBe(value)
    }),
  )
  expect(derUnsigned(hex('00 00 80'))).toEqual(hex('02 02 00 80'))
  expect(derUnsigned(new Uint8Array())).toEqual(hex('02 01 00'))
  expect(readSmallUnsigned(read(derInteger(4_294_967_295)), 4_294_967_295, 'it')).toBe(4_294_967_295)
  for (const [bytes, fault] of [
    ['02 00', /empty/],
    ['02 01 80', /negative/],
    ['02 02 00 7f', /minimal/],
    ['04 01 01', /another type/],
  ] as const) {
    expect(() => readUnsigned(read(hex(bytes)), 'it')).toThrow(fault)
  }
  expect(() => readSmallUnsigned(read(derInteger(5)), 4, 'it')).toThrow(/larger than 4/)
  expect(() => readSmallUnsigned(read(derInteger(2n ** 40n)), 4, 'it')).toThrow(/larger than 4/)
  expect(() => derInteger(-1)).toThrow(/cannot be written/)
  expect(() => derInteger(0.5)).toThrow(/cannot be written/)
})

test('object identifiers come back as they were, arcs of any size included', () => {
  const arc = fc.oneof(fc.nat(), fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }))
  fc.assert(
    fc.property(
      fc.oneof(fc.tuple(fc.constantFrom(0, 1), fc.nat(39)), fc.tuple(fc.constant(2), arc)),
      fc.array(arc, { maxLength: 2 }),
      (first, rest) => {
        const dotted = [...first, ...rest].join('.')
        expect(readOid(read(derOid(dotted)), 'it')).toBe(dotted)
      },
    ),
  )
  expect(derOid('1.2.840.113549.1.1.11')).toEqual(hex('06 09 2a 86 48 86 f7 0d 01 01 0b'))
  for (const bytes of ['06 00', '06 02 2a 86', '06 02 80 01', '06 03 2a 80 01'])
    expect(() => readOid(read(hex(bytes)), 'it'), bytes).toThrow(DerFault)
  for (const dotted of ['', '1', '3.1', '1.40', '1.02', '1.2.', 'x'])
    expect(() => derOid(dotted), dotted).toThrow(/cannot be written/)
})

test('times are UTCTime through 2049 and GeneralizedTime after it (RFC 5280 section 4.1.2.5)', () => {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(2)).toString('latin1')
  expect(derTime(new Date('2049-12-31T23:59:59.999Z'))[0]).toBe(derTag.utcTime)
  expect(text(derTime(new Date('2049-12-31T23:59:59.999Z')))).toBe('491231235959Z')
  expect(derTime(new Date('2050-01-01T00:00:00Z'))[0]).toBe(derTag.generalizedTime)
  expect(text(derTime(new Date('2050-01-01T00:00:00Z')))).toBe('20500101000000Z')
  expect(text(derGeneralizedTime(new Date('9999-12-31T23:59:59Z')))).toBe('99991231235959Z')
  expect(derTime(new Date('1949-01-01T00:00:00Z'))[0]).toBe(derTag.generalizedTime)
  expect(() => derTime(new Date(Number.NaN))).toThrow(/cannot be written/)
  fc.assert(
    fc.property(fc.date({ min: new Date('1900-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), (time) => {
      expect(readTime(read(derTime(time)), 'it').getTime()).toBe(Math.floor(time.getTime() / 1_000) * 1_000)
    }),
  )
})

test('a time that is not in UTC, has no seconds or does not exist is refused', () => {
  const time = (tag: number, text: string): Uint8Array => derElement(tag, [Uint8Array.from(Buffer.from(text))])
  for (const text of [
    '2601010000Z',
    '260101000000',
    '260101000000+0100',
    '260230000000Z',
    '261301000000Z',
    '260101240000Z',
    '260101006000Z',
    '26010100000AZ',
    '',
  ]) {
    expect(() => readTime(read(time(derTag.utcTime, text)), 'it'), text).toThrow(DerFault)
  }
  for (const text of ['20260101000000.5Z', '260101000000Z', '20260101000000', '20230229000000Z']) {
    expect(() => readTime(read(time(derTag.generalizedTime, text)), 'it'), text).toThrow(DerFault)
  }
  expect(() => readTime(read(derNull()), 'it')).toThrow(/not a time/)
  expect(readTime(read(time(derTag.utcTime, '500101000000Z')), 'it').getUTCFullYear(), 'control').toBe(1950)
})

test('booleans, named bits and printable strings have one form', () => {
  expect(readBoolean(read(derBoolean(true)), 'it')).toBe(true)
  expect(readBoolean(read(derBoolean(false)), 'it')).toBe(false)
  for (const bytes of ['01 01 01', '01 00', '01 02 ff ff'])
    expect(() => readBoolean(read(hex(bytes)), 'it'), bytes).toThrow(DerFault)
  expect(derNamedBits([])).toEqual(hex('03 01 00'))
  expect(derNamedBits([0, 4])).toEqual(hex('03 02 03 88'))
  expect(derNamedBits([8])).toEqual(hex('03 03 07 00 80'))
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(31)), (bits) => {
      expect(readNamedBits(read(derNamedBits(bits)), 'it')).toEqual(bits.toSorted((a, b) => a - b))
    }),
  )
  for (const bytes of ['03 00', '03 01 01', '03 02 08 00', '03 02 03 87', '03 06 00 01 01 01 01 01'])
    expect(() => readNamedBits(read(hex(bytes)), 'it'), bytes).toThrow(DerFault)
  expect(() => derPrintableString('a@b')).toThrow(/cannot be written/)
})

test('random bytes are read or refused, never anything else', () => {
  let accepted = 0
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (random) => {
      // Half of them with a fitting length, so that some are read.
      const bytes = random.length % 2 === 0 ? random : derElement(random[0] ?? 0, [random.subarray(1)])
      const node = parseDer(bytes)
      if (isX509Fault(node)) return
      accepted += 1
      expect(derElement(node.tag, [node.content]), 'what is accepted has this one form').toEqual(bytes)
    }),
    { numRuns: 2_000 },
  )
  expect(accepted, 'control').toBeGreaterThan(0)
})
