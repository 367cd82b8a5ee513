import { readFileSync } from 'node:fs'
import { inflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { encodeStatusList, packInvalid, packStatuses, statusTypes } from './status-list.ts'

const { vectors } = JSON.parse(readFileSync(new URL('testdata/status-list-vectors.json', import.meta.url), 'utf8')) as {
  vectors: { bits: 1 | 2 | 4 | 8; statuses: [number, number][]; lst: string }[]
}

const inflated = (lst: string) => inflateSync(Buffer.from(lst, 'base64url'))

test.each(vectors)('[SL 4.1] the vector of $bits bits is packed as the draft does', ({ bits, statuses, lst }) => {
  const packed = packStatuses(bits, 2 ** 20, statuses)
  expect(inflated(lst).equals(packed)).toBe(true)
  const [[at, state] = [0, 0]] = statuses
  const other = packStatuses(bits, 2 ** 20, [[at, state === 1 ? 0 : 1]])
  expect(inflated(lst).equals(other), 'control: other states are packed otherwise').toBe(false)
})

test.each(vectors)('[SL 4.2] and reads the same after our own encoding ($bits bits)', ({ bits, statuses, lst }) => {
  const encoded = encodeStatusList(bits, packStatuses(bits, 2 ** 20, statuses))
  expect(encoded.bits).toBe(bits)
  expect(encoded.lst).toMatch(/^[A-Za-z0-9_-]+$/)
  expect(inflated(encoded.lst).equals(inflated(lst))).toBe(true)
})

test('[SL 4.1] the two examples in the text come out byte by byte', () => {
  const bitsOf = (...states: number[]) => states.map((state, index) => [index, state] as const)
  const one = packStatuses(1, 16, bitsOf(1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1))
  expect(one.toString('hex')).toBe('b9a3')
  expect(encodeStatusList(1, one).lst).toBe('eNrbuRgAAhcBXQ')
  const two = packStatuses(2, 12, bitsOf(1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3))
  expect(two.toString('hex')).toBe('c944f9')
  expect(encodeStatusList(2, two).lst).toBe('eNo76fITAAPfAgc')
})

test('an index beyond the list, and a state that does not fit, are refused', () => {
  expect(() => packStatuses(1, 16, [[16, 1]])).toThrow(RangeError)
  expect(() => packStatuses(1, 16, [[0, 2]])).toThrow(RangeError)
})

test('indexes of the store are packed as those are that are named one by one', () => {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32BE(3, 0)
  bytes.writeUInt32BE(131_071, 4)
  const one = packStatuses(1, 131_072, [
    [3, statusTypes.invalid],
    [131_071, statusTypes.invalid],
  ])
  expect(packInvalid(131_072, bytes).equals(one)).toBe(true)
  expect(() => packInvalid(131_064, bytes)).toThrow(RangeError)
})
