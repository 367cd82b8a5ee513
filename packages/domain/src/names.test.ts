import { expect, test } from 'vitest'
import { newId } from './ids.ts'
import { findNameFault } from './names.ts'

test('a plain name has no fault', () => {
  for (const name of ['orders-api', 'a', '0', 'x'.repeat(63), 'v1.2_x'])
    expect(findNameFault(name), name).toBeUndefined()
})

test('hostile and unusable names are refused with the reason', () => {
  const hostile = [
    '',
    'x'.repeat(64),
    'Orders',
    '-leading',
    '.',
    '..',
    '../etc/passwd',
    'a/b',
    'a b',
    'a\nb',
    'a\0b',
    "a'; drop table identity; --",
    'a"b',
    '{{name}}',
    '*',
    'naïve',
    'аdmin', // the first letter is Cyrillic
    '\u202eevil',
  ]
  for (const name of hostile) expect(findNameFault(name), JSON.stringify(name)).toBeTypeOf('string')
})

test('a name in the shape of an id is refused, because everything is found by id or name', () => {
  expect(findNameFault(newId())).toMatch(/shape of an id/)
})
