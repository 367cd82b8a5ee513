import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatSpiffeId, isSpiffeIdFault, isTrustDomain, parseSpiffeId, spiffeIdOf } from './spiffe-id.ts'

function faultOf(text: string): string | undefined {
  const read = parseSpiffeId(text)
  return isSpiffeIdFault(read) ? read.fault : undefined
}

test('a SPIFFE ID is made of trust domain, environment, kind and name', () => {
  const text = spiffeIdOf({
    trustDomain: 'example.org',
    environment: 'production',
    kind: 'service_account',
    name: 'orders-api',
  })
  expect(text).toBe('spiffe://example.org/production/service_account/orders-api')
  expect(parseSpiffeId(text)).toEqual({ trustDomain: 'example.org', path: '/production/service_account/orders-api' })
})

test('a trust domain is lower case, without port, path or user', () => {
  expect(isTrustDomain('mayfly.example.org')).toBe(true)
  for (const bad of ['', 'Example.org', 'a:80', 'a/b', 'u@a', 'a'.repeat(256), 'a\n'])
    expect(isTrustDomain(bad), bad).toBe(false)
})

test('[ID1] the scheme is `spiffe`, the trust domain not empty, and there is no query, fragment, user or port', () => {
  for (const bad of [
    '',
    'example.org/a',
    'https://example.org/a',
    'spiffe:example.org/a',
    'spiffe:/example.org/a',
    ' spiffe://example.org/a',
    'spiffe://',
    'spiffe:///a',
    'spiffe://example.org/a?b=c',
    'spiffe://example.org?b',
    'spiffe://example.org/a#b',
    'spiffe://example.org#',
    'spiffe://user@example.org/a',
    'spiffe://user:password@example.org/a',
    'spiffe://example.org:443/a',
    'spiffe://example.org:/a',
  ]) {
    expect(faultOf(bad), bad).toBeTypeOf('string')
  }
  expect(parseSpiffeId('spiffe://example.org/a'), 'control').toEqual({ trustDomain: 'example.org', path: '/a' })
})

test('[ID2] a trust domain is at most 255 bytes of lower-case letters, digits, dots, dashes and underscores', () => {
  for (const bad of ['exämple.org', 'a%62', 'a b', 'a~b', '[::1]', 'a+b', 'a'.repeat(256), 'a\0b']) {
    expect(faultOf(`spiffe://${bad}/a`), bad).toMatch(/^its trust domain/)
  }
  for (const good of ['a', '192.0.2.1', 'a_b-c.d', '-', 'a'.repeat(255)]) {
    expect(parseSpiffeId(`spiffe://${good}/a`), good).toEqual({ trustDomain: good, path: '/a' })
  }
})

test('[ID3] path segments are letters, digits, dots, dashes and underscores, none empty, `.` or `..`', () => {
  for (const bad of [
    '/',
    '//',
    '/a/',
    '//a',
    '/a//b',
    '/.',
    '/..',
    '/a/./b',
    '/a/../b',
    '/a%20b',
    '/a b',
    '/ä',
    '/a~',
    '/a:b',
    '/a\\b',
    '/a\n',
  ]) {
    expect(faultOf(`spiffe://example.org${bad}`), bad).toMatch(/^its path/)
  }
  for (const good of ['/a', '/A/b.c/d_e/f-g', '/...', '/.a', '/a..', '/0']) {
    expect(parseSpiffeId(`spiffe://example.org${good}`), good).toEqual({ trustDomain: 'example.org', path: good })
  }
})

test('[ID4] an ID of 2048 bytes is read, a longer one is not', () => {
  const start = 'spiffe://example.org/'
  const longest = `${start}${'a'.repeat(2_048 - start.length)}`
  expect(parseSpiffeId(longest)).toMatchObject({ trustDomain: 'example.org' })
  expect(faultOf(`${longest}a`)).toBe('it is longer than 2048 bytes')
})

test('[ID5] upper case in scheme or trust domain is refused, and the path keeps its case', () => {
  for (const bad of ['SPIFFE://example.org/a', 'Spiffe://example.org/a', 'spiffe://Example.org/a'])
    expect(faultOf(bad), bad).toBeTypeOf('string')
  expect(parseSpiffeId('spiffe://example.org/A')).not.toEqual(parseSpiffeId('spiffe://example.org/a'))
})

test('[ID6] the ID of a trust domain itself has no path', () => {
  expect(parseSpiffeId('spiffe://example.org')).toEqual({ trustDomain: 'example.org', path: '' })
})

/** SPIFFE ID section 2 as one expression, read independently of the parser. */
const grammar = /^spiffe:\/\/[-a-z0-9._]{1,255}(?:\/(?!\.{1,2}(?:\/|$))[-A-Za-z0-9._]+)*$/

test('the parser agrees with the grammar, and what it reads it writes again', () => {
  const piece = fc.constantFrom(
    'spiffe://',
    'spiffe:',
    '/',
    '//',
    '.',
    '..',
    'a',
    'B',
    '0',
    '-',
    '_',
    '%41',
    '?',
    '#',
    '@',
    ':',
    'example.org',
    'ä',
    ' ',
    '\0',
    '\n',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
        fc.array(piece, { maxLength: 6 }).map((pieces) => `spiffe://example.org/${pieces.join('')}`),
        fc
          .array(fc.constantFrom('a', 'B', '.', '..', '-x', '0_1'), { maxLength: 5 })
          .map((segments) => ['spiffe://td', ...segments].join('/')),
        fc.string({ unit: 'binary' }),
      ),
      (text) => {
        const read = parseSpiffeId(text)
        const again = isSpiffeIdFault(read) ? undefined : formatSpiffeId(read)
        expect(again).toBe(grammar.test(text) ? text : undefined)
      },
    ),
    { numRuns: 5_000 },
  )
})

test('a SPIFFE ID has a lower-case trust domain and clean segments, in tokens and requests alike', () => {
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
    expect(isSpiffeIdFault(parseSpiffeId(wrong)), wrong).toBe(true)
  }
})
