import { expect, test } from 'vitest'
import { parsePairs, parseTextPairs } from './parse-pairs.ts'

test('values take the type that they look like, nested by dots', () => {
  expect(
    parsePairs(
      ['host=db.example.com', 'port=5432', 'tls.mode=verify_full', 'groups=[a, b]', 'tls.strict=true'],
      '--setting',
    ),
  ).toEqual({ host: 'db.example.com', port: 5432, tls: { mode: 'verify_full', strict: true }, groups: ['a', 'b'] })
  expect(parseTextPairs(['port=5432', 'query=a=b'], '--claim')).toEqual({ port: '5432', query: 'a=b' })
})

test('a text of several lines stays as it is, as a certificate must', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nMIIB\nAgM=\n-----END CERTIFICATE-----'
  expect(parsePairs([`authorities_pem=${pem}`], '--setting')).toEqual({ authorities_pem: pem })
  expect(parsePairs(['groups=[a,\n  b]'], '--setting'), 'control: a list').toEqual({ groups: ['a', 'b'] })
})

test.each(['host', '=x', '__proto__.polluted=1', 'a..b=1'])('`%s` is refused', (pair) => {
  expect(() => parsePairs([pair], '--setting')).toThrow(/is not/)
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})
