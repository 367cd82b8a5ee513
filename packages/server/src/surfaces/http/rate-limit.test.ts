import { expect, test } from 'vitest'
import { makeRateLimit } from './rate-limit.ts'

test('a caller gets its burst, then what is refilled, and others are not held up', () => {
  const limit = makeRateLimit({ perSecond: 2, burst: 3 })
  expect([1, 2, 3, 4].map(() => limit.take('a', 0))).toEqual([0, 0, 0, 0.5])
  expect(limit.take('b', 0), 'another caller').toBe(0)
  expect(limit.wait('a', 250)).toBeCloseTo(0.25)
  expect(limit.take('a', 500)).toBe(0)
  expect(limit.take('a', 500)).toBeGreaterThan(0)
  expect(limit.wait('a', 400), 'a clock that goes back takes nothing away').toBeLessThanOrEqual(0.5)
})
