import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { permuteIndex } from './permute-index.ts'

test.each([8, 1_000, 4_096, 131_072])('every place of a list of %i is given out once', (size) => {
  const seed = randomBytes(32)
  const given = new Set(Array.from({ length: size }, (_, ordinal) => permuteIndex(seed, size, ordinal)))
  expect(given.size).toBe(size)
  expect(Math.max(...[...given].slice(0, 1_000))).toBeLessThan(size)
})

test('neighbours are not neighbours any more, and another seed gives another order', () => {
  const [one, other] = [randomBytes(32), randomBytes(32)]
  const order = (seed: Buffer) => Array.from({ length: 1_000 }, (_, ordinal) => permuteIndex(seed, 131_072, ordinal))
  const ascents = order(one).filter((index, at, all) => index === (all[at - 1] ?? -2) + 1).length
  expect(ascents).toBeLessThan(10)
  expect(order(one)).toEqual(order(one))
  expect(order(one)).not.toEqual(order(other))
})

test('a place outside of the list is refused', () => {
  expect(() => permuteIndex(randomBytes(32), 16, 16)).toThrow(RangeError)
  expect(() => permuteIndex(randomBytes(32), 16, -1)).toThrow(RangeError)
})
