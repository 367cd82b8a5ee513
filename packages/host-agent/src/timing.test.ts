import { expect, test } from 'vitest'
import { backoffMs, halfLifeMs } from './timing.ts'

test('a wait lies anywhere below a bound that doubles, up to a cap', () => {
  const bounds = { baseMs: 100, capMs: 1_000 }
  const longest = (failures: number) => backoffMs({ random: () => 0.999999 }, failures, bounds)
  expect([1, 2, 3, 4, 50].map((failures) => Math.round(longest(failures)))).toEqual([200, 400, 800, 1_000, 1_000])
  expect(backoffMs({ random: () => 0 }, 5, bounds), 'full jitter').toBe(0)
})

test('a renewal falls around the half of a life', () => {
  expect(halfLifeMs({ random: () => 0 }, 0, 1_000)).toBe(400)
  expect(halfLifeMs({ random: () => 1 }, 0, 1_000)).toBeCloseTo(600)
})
