import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeUtf8 } from './bytes.ts'
import { canonicalJson, type JsonValue, parseCanonicalJson } from './canonical-json.ts'

const parse = (text: string) => parseCanonicalJson(encodeUtf8(text))

test('the example of RFC 8785 section 3.2.2 comes out as the RFC prints it', () => {
  const value = JSON.parse(String.raw`{
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  }`) as JsonValue
  expect(canonicalJson(value)).toBe(
    String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  )
})

test('keys sort by UTF-16 code units, as in RFC 8785 section 3.2.3', () => {
  const value = { '€': 1, '\r': 2, דּ: 3, '1': 4, '😀': 5, '\u0080': 6, ö: 7 }
  // Read from the text, because a JavaScript object would put the key `1` first.
  const order = Array.from(canonicalJson(value).matchAll(/:(\d)/g), ([, digit]) => Number(digit))
  expect(order).toEqual([2, 4, 6, 7, 1, 5, 3])
})

test('what is written is read again as the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' }), (value) => {
      const text = canonicalJson(value as JsonValue)
      expect(canonicalJson(parse(text))).toBe(text)
    }),
  )
})

test.each([
  ['a duplicate key', '{"a":1,"a":1}'],
  ['a duplicate key in another spelling', String.raw`{"a":1,"\u0061":1}`],
  ['unsorted keys', '{"b":1,"a":1}'],
  ['white space', '{"a": 1}'],
  ['a number that is not in its shortest form', '[1.0]'],
  ['minus zero', '[-0]'],
  ['a whole number that a double cannot hold', '[9007199254740993]'],
  ['a number that is infinite as a double', '[1e999]'],
  ['a needless escape', String.raw`["\u0041"]`],
  ['a lone surrogate', String.raw`["\ud800"]`],
  ['a byte order mark', '\ufeff[1]'],
  ['nesting without end', '['.repeat(100_000) + ']'.repeat(100_000)],
  ['text after the value', '[1]x'],
])('%s is refused', (_, text) => {
  expect(() => parse(text)).toThrow(/audit_verification_failed/)
})

test('bytes that are not UTF-8 are refused', () => {
  expect(() => parseCanonicalJson(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(/not UTF-8/)
  expect(parseCanonicalJson(Uint8Array.of(0x22, 0x41, 0x22)), 'control').toBe('A')
})

test('what is not plain JSON is refused and never written as something else', () => {
  class Sealed {
    toJSON() {
      return 'harmless'
    }
  }
  for (const value of [undefined, Number.NaN, 1n, new Date(0), new Sealed(), '\udc00', () => 1]) {
    expect(() => canonicalJson({ value } as unknown as JsonValue)).toThrow(/canonical JSON/)
  }
})

test('`__proto__` is a key like any other', () => {
  const text = '{"__proto__":{"a":1},"b":2}'
  expect(canonicalJson(parse(text))).toBe(text)
})
