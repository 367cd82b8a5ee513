import { expect, test } from 'vitest'
import { parseSpiffeId } from './spiffe-id.ts'

test('a SPIFFE ID has a lower-case trust domain and clean segments', () => {
  expect(parseSpiffeId('spiffe://example.org/a/b.c_D-1')).toEqual({ trustDomain: 'example.org', path: '/a/b.c_D-1' })
  expect(parseSpiffeId('spiffe://example.org')).toEqual({ trustDomain: 'example.org', path: '' })
  for (const wrong of [
    '',
    'http://example.org/a',
    'SPIFFE://example.org/a',
    'spiffe://Example.org/a',
    'spiffe:///a',
    'spiffe://example.org:80/a',
    'spiffe://user@example.org/a',
    'spiffe://example.org/a?b',
    'spiffe://example.org/a#b',
    'spiffe://example.org/',
    'spiffe://example.org/a//b',
    'spiffe://example.org/a/../b',
    'spiffe://example.org/./b',
    'spiffe://example.org/%41',
    `spiffe://example.org/${'a'.repeat(2_100)}`,
  ]) {
    expect(parseSpiffeId(wrong), wrong).toBeUndefined()
  }
})
