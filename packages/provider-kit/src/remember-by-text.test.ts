import { expect, test } from 'vitest'
import { z } from 'zod'
import { rememberByText } from './remember-by-text.ts'

function counted() {
  let judged = 0
  const schema = z.strictObject({ names: z.array(z.string()).default([]) }).refine(() => (judged += 1) > 0)
  return { judge: rememberByText((given: unknown) => schema.parse(given), 100), judged: () => judged }
}

test('what has passed is not judged again; a change of it is', () => {
  const { judge, judged } = counted()
  expect(judge({ names: ['a'] })).toEqual({ names: ['a'] })
  expect(judge({ names: ['a'] })).toEqual({ names: ['a'] })
  expect(judged()).toBe(1)
  expect(judge({})).toEqual({ names: [] })
  expect(judge({ names: ['b'] })).toEqual({ names: ['b'] })
  expect(judged()).toBe(3)
})

test('what did not pass is judged each time, and does not pass', () => {
  const { judge } = counted()
  for (let times = 0; times < 2; times += 1) {
    expect(() => judge({ names: [1] })).toThrow(z.ZodError)
    expect(() => judge({ names: [], other: true })).toThrow(z.ZodError)
    expect(() => judge(undefined)).toThrow(z.ZodError)
  }
})

test('no number of values fills the memory', () => {
  const { judge, judged } = counted()
  for (let at = 0; at < 1_000; at += 1) judge({ names: [String(at)] })
  expect(judge({ names: ['0'] })).toEqual({ names: ['0'] })
  expect(judged(), 'forgotten meanwhile').toBe(1_001)
})
