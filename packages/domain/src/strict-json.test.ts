import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseStrictObject } from './strict-json.ts'

test('what JSON writes once is read as it was written', () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.string().filter((name) => name !== '__proto__'),
        fc.jsonValue({ maxDepth: 4 }),
      ),
      (value) => {
        const text = JSON.stringify(value)
        if (text.includes('__proto__')) return
        expect(parseStrictObject(text)).toEqual(JSON.parse(text))
      },
    ),
  )
})

test('a member named twice is refused wherever it stands', () => {
  for (const text of [
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '{"x":{"a":1,"b":2,"a":3}}',
    '{"x":[{"a":1,"a":1}]}',
    '{"__proto__":1}',
    '[]',
    '1',
    'null',
    '',
    '{"a":1}x',
  ]) {
    expect({ text, read: parseStrictObject(text) }).toEqual({ text, read: undefined })
  }
  expect(parseStrictObject('{"a":":\\":{\\\\","b":{"a":1}}'), 'control: colons and quotes inside strings').toEqual({
    a: ':":{\\',
    b: { a: 1 },
  })
})
