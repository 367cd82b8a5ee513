import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodePem, parsePem, parsePemOf } from './pem.ts'

const block = encodePem('CERTIFICATE', new Uint8Array(100).fill(7))

test('what is written comes back, lines of 64 letters', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 4 }), (ders) => {
      const text = ders.map((der) => encodePem('CERTIFICATE', der)).join('some words\n')
      expect(parsePem(text, ['CERTIFICATE'])).toEqual({ blocks: ders.map((der) => ({ label: 'CERTIFICATE', der })) })
    }),
  )
  expect(Math.max(...block.split('\n').map((line) => line.length))).toBe(64)
  const large = new Uint8Array(100_000).map((_, at) => at)
  expect(parsePemOf('X509 CRL', encodePem('X509 CRL', large))).toEqual({ ders: [large] })
})

test('a block that is not what it should be is refused, and with it the whole text', () => {
  for (const [text, fault] of [
    [block.replace('-----END CERTIFICATE-----', '-----END PUBLIC KEY-----'), /does not end as it begins/],
    [block.slice(0, 60), /does not end/],
    [`${block.slice(0, 60)}\n${block}`, /does not end as it begins/],
    [block.replace('Bw', 'B!'), /base64/],
    [block.replace('CERTIFICATE-----\n', 'CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n\n'), /base64/],
    ['-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n', /empty/],
    ['-----BEGIN certificate-----\nAA==\n-----END certificate-----', /line of dashes/],
    [encodePem('EC PRIVATE KEY', new Uint8Array(9)), /`EC PRIVATE KEY`, not a `CERTIFICATE`/],
    [`${block}-----END CERTIFICATE-----`, /line of dashes/],
  ] as const) {
    expect(parsePem(text, ['CERTIFICATE'])).toEqual({ fault: expect.stringMatching(fault) })
  }
  expect(parsePem(block.replaceAll('\n', '\r\n'), ['CERTIFICATE']), 'control: line ends of another system').toEqual(
    parsePem(block, ['CERTIFICATE']),
  )
})

test('size and number of blocks are bounded, and a bundle is not empty', () => {
  expect(parsePem(block.repeat(101), ['CERTIFICATE'])).toEqual({ fault: 'it holds more than 100 blocks' })
  expect(parsePem(' '.repeat(1_048_577), ['CERTIFICATE'])).toEqual({ fault: 'it is larger than 1048576 bytes' })
  expect(parsePemOf('CERTIFICATE', 'nothing here')).toEqual({ fault: 'it holds no block `CERTIFICATE`' })
})

test('random text is read or refused', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...block.split('\n'), '', 'x', '-----', '=')), (lines) => {
      expect(Object.keys(parsePem(lines.join('\n'), ['CERTIFICATE']))).toHaveLength(1)
    }),
  )
})
