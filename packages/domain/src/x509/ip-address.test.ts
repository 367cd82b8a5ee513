import { isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatIpAddress, ipRangeBytes, isInIpRange, parseIpAddress, parseIpRange, readIpRange } from './ip-address.ts'

test('an address comes back as it was, and Node agrees on what is one', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 })),
      (bytes) => {
        expect(parseIpAddress(formatIpAddress(bytes))).toEqual(bytes)
      },
    ),
  )
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string(), fc.stringMatching(/^[0-9a-f:.]{0,20}$/)), (text) => {
      const isAddress = isIPv4(text) || isIPv6(text)
      expect({ text, isAddress: parseIpAddress(text) !== undefined }).toEqual({ text, isAddress })
    }),
    { numRuns: 2_000 },
  )
})

test('the longest run of zeros is left out, the first of equals (RFC 5952 section 4)', () => {
  for (const [text, shown] of [
    ['2001:0db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
  ] as const) {
    expect(formatIpAddress(parseIpAddress(text) ?? new Uint8Array())).toBe(shown)
  }
})

test('a range is a prefix, and bits beyond it are refused', () => {
  for (const text of ['10.0.0.0/8', '0.0.0.0/0', '192.0.2.1/32', '2001:db8::/33', '::/0']) {
    const range = parseIpRange(text)
    if (range === undefined) throw new Error(text)
    expect(readIpRange(ipRangeBytes(range))).toEqual(range)
  }
  for (const text of ['10.0.0.1/8', '10.0.0.0/33', '10.0.0.0', '10.0.0.0/08', '/8', '::1/64']) {
    expect(parseIpRange(text), text).toBeUndefined()
  }
  expect(readIpRange(Uint8Array.of(10, 0, 0, 0, 255, 0, 255, 0)), 'a mask with a gap').toBeUndefined()
  expect(readIpRange(new Uint8Array(9))).toBeUndefined()
})

test('an address is in a range of its own family only', () => {
  const range = parseIpRange('10.128.0.0/9')
  if (range === undefined) throw new Error('control')
  const isIn = (text: string): boolean => isInIpRange(parseIpAddress(text) ?? new Uint8Array(), range)
  expect(isIn('10.255.1.2')).toBe(true)
  expect(isIn('10.127.255.255')).toBe(false)
  expect(isIn('a80::')).toBe(false)
})
