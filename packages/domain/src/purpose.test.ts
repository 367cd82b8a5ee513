import { expect, test } from 'vitest'
import { findPurposeFault } from './purpose.ts'

test('a purpose that says something has no fault', () => {
  const told = [
    'reads orders for the nightly report',
    'writes invoices to billing',
    'liest Bestellungen für den Nachtbericht',
    'читает заказы для отчёта',
    'sends test results to the build page',
  ]
  for (const purpose of told) expect(findPurposeFault(purpose, 'report'), purpose).toBeUndefined()
})

test.each([
  ['', /0 characters/],
  ['  short  ', /5 characters/],
  ['x'.repeat(1001), /at most 1000/],
  ['test test test', /filler words/],
  ['todo todo todo todo', /filler words/],
  ['TBD - something', /filler words/],
  ['....................', /filler words/],
  ['orders api orders api', /repeats the name/],
  ['orders-api orders-api', /repeats the name/],
  ['nightly-exporting', /2 words/],
  ['orders api temporary reading', /says too little/],
  ['reads orders\nERROR for the report', /control characters/],
  ['reads orders \u202eeht rof report', /control characters/],
])('a purpose such as `%s` is refused with the fix', (purpose, reason) => {
  expect(findPurposeFault(purpose, 'orders-api')).toMatch(reason)
})
