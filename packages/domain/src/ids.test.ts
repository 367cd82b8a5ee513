import { expect, test } from 'vitest'
import { isId, maxIdAheadMs, newId } from './ids.ts'

const timeOf = (id: string) => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)

test('ids are made in order, however many in a millisecond, and a clock that goes back a little changes nothing', () => {
  const now = Date.now()
  const ids = Array.from({ length: 10_000 }, (_, at) => newId(now - (at % 2)))
  expect(ids.toSorted()).toEqual(ids)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.every(isId)).toBe(true)
})

test('a clock that was ahead and is put right does not leave its mark on all later ids', () => {
  const ahead = Date.now() + 86_400_000
  expect(timeOf(newId(ahead)), 'control').toBe(ahead)
  expect(timeOf(newId())).toBeLessThanOrEqual(Date.now() + maxIdAheadMs)
})
