import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeBase64, encodeBase64, encodeHex } from './bytes.ts'

test('base64 and hexadecimal are those of Node', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64')
      expect(encodeBase64(bytes)).toBe(text)
      expect(Buffer.from(decodeBase64(text))).toEqual(Buffer.from(bytes))
      expect(encodeHex(bytes)).toBe(Buffer.from(bytes).toString('hex'))
    }),
  )
})

test('one sequence of bytes has one text: everything else is refused', () => {
  for (const text of ['QQ', 'QQ=', 'QR==', 'QUF=', 'Q Q=', 'QQ==\n', '====', 'QQ-_']) {
    expect(() => decodeBase64(text)).toThrow(/not standard base64/)
  }
  expect(encodeBase64(decodeBase64('QQ==')), 'control').toBe('QQ==')
})
