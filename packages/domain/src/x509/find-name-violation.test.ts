import { expect, test } from 'vitest'
import { parseDer, isX509Fault } from './der-read.ts'
import type { DistinguishedName } from './distinguished-name.ts'
import { findNameViolation } from './find-name-violation.ts'
import type { AlternativeNames } from './general-names.ts'
import { encodeNameConstraints, type NameConstraints, readNameConstraints } from './name-constraints.ts'
import { oid } from './object-identifiers.ts'

const noSubject: DistinguishedName = { der: new Uint8Array(), attributes: [], text: '' }

function violation(constraints: NameConstraints, names: AlternativeNames, subject = noSubject): string | undefined {
  const node = parseDer(encodeNameConstraints(constraints))
  if (isX509Fault(node)) throw new Error(node.fault)
  return findNameViolation(readNameConstraints(node), {
    subject,
    subjectAltName: { uri: [], dns: [], email: [], ip: [], ...names, otherForms: [] },
  })
}

type Form = keyof AlternativeNames

/** Rows of form, subtree, names within, names not within (outside, or not clear). */
const rows: readonly (readonly [Form, string, readonly string[], readonly string[]])[] = [
  [
    'dns',
    'example.org',
    ['example.org', 'a.example.org', 'a.b.example.org', 'A.EXAMPLE.org', '*.example.org'],
    [
      'badexample.org',
      'example.org.evil',
      'example.org.',
      'a..example.org',
      '.example.org',
      'org',
      '*.org',
      'exa*.example.org',
    ],
  ],
  ['dns', '.example.org', ['a.example.org'], ['example.org']],
  ['dns', 'Example.ORG', ['a.example.org'], ['a.example.com']],
  [
    'uri',
    'example.org',
    ['spiffe://example.org/a', 'https://user@example.org:443/x', 'SPIFFE://EXAMPLE.ORG'],
    [
      'spiffe://a.example.org/a',
      'spiffe://example.org.evil/',
      'https://example.org@evil/',
      'https://evil/@example.org',
      'urn:example.org',
      'https://[::1]/',
      'example.org',
      'https:///example.org',
    ],
  ],
  [
    'uri',
    '.example.org',
    ['spiffe://a.example.org/', 'spiffe://a.b.example.org'],
    ['spiffe://example.org/', 'spiffe://.example.org/'],
  ],
  [
    'email',
    'example.org',
    ['a@example.org', 'A@EXAMPLE.org'],
    ['a@b.example.org', 'example.org', '@example.org', 'a@example.org@evil'],
  ],
  ['email', '.example.org', ['a@b.example.org'], ['a@example.org']],
  ['email', 'a@example.org', ['a@EXAMPLE.org'], ['A@example.org', 'b@example.org', 'a@b.example.org']],
  ['ip', '10.0.0.0/8', ['10.0.0.0', '10.255.255.255'], ['11.0.0.0', '::a00:1', '::ffff:10.0.0.1']],
  ['ip', '2001:db8::/32', ['2001:db8::1'], ['2001:db9::1', '32.1.13.184']],
]

test('permitted: a name of a constrained form must lie within a subtree', () => {
  for (const [form, base, within, outside] of rows) {
    for (const name of within)
      expect(violation({ permitted: { [form]: [base] } }, { [form]: [name] }), `${name} in ${base}`).toBeUndefined()
    for (const name of outside)
      expect(violation({ permitted: { [form]: [base] } }, { [form]: [name] }), `${name} not in ${base}`).toMatch(
        /is not permitted/,
      )
  }
})

test('excluded: a name within a subtree is refused', () => {
  for (const [form, base, within] of rows)
    for (const name of within)
      expect(violation({ excluded: { [form]: [base] } }, { [form]: [name] }), `${name} in ${base}`).toMatch(
        /is excluded/,
      )
  for (const [form, base, name] of [
    ['dns', 'example.org', 'badexample.org'],
    ['uri', 'example.org', 'spiffe://a.example.org/a'],
    ['email', 'example.org', 'a@b.example.org'],
    ['ip', '10.0.0.0/8', '11.0.0.0'],
  ] as const) {
    expect(violation({ excluded: { [form]: [base] } }, { [form]: [name] }), 'control').toBeUndefined()
  }
})

test('excluded: what is not clear is refused too', () => {
  expect(violation({ excluded: { dns: ['host.example.org'] } }, { dns: ['*.example.org'] })).toMatch(/excluded/)
  expect(
    violation({ excluded: { dns: ['a.host.example.org'] } }, { dns: ['*.example.org'] }),
    'control: one label only',
  ).toBeUndefined()
  expect(violation({ excluded: { uri: ['example.org'] } }, { uri: ['urn:a:b'] })).toMatch(/excluded/)
  expect(violation({ excluded: { ip: ['10.0.0.0/8'] } }, { ip: ['::ffff:10.0.0.1'] })).toMatch(/excluded/)
  expect(violation({ excluded: { dns: ['*.example.org'] } }, { dns: ['other.org'] }), 'a subtree that is none').toMatch(
    /excluded/,
  )
})

test('a form that is not constrained is free, an empty subtree is all of its form', () => {
  expect(violation({ permitted: { dns: ['example.org'] } }, { uri: ['spiffe://other.org/a'] })).toBeUndefined()
  expect(violation({ excluded: { dns: [''] } }, { dns: ['example.org'] })).toMatch(/excluded/)
  expect(violation({ excluded: { dns: [''] } }, { uri: ['spiffe://example.org'] })).toBeUndefined()
  expect(violation({ permitted: { uri: [''] } }, { uri: ['spiffe://example.org'] })).toBeUndefined()
})

test('one name outside is enough, and an address in the subject counts', () => {
  const permitted = { permitted: { dns: ['a.org', 'b.org'], email: ['a.org'] } }
  expect(violation(permitted, { dns: ['x.a.org', 'b.org'] })).toBeUndefined()
  expect(violation(permitted, { dns: ['x.a.org', 'c.org'] })).toBe('the DNS name `c.org` is not permitted')
  const subject: DistinguishedName = {
    ...noSubject,
    attributes: [{ oid: oid.emailAddress, type: 'emailAddress', value: 'x@c.org' }],
  }
  expect(violation(permitted, {}, subject)).toBe('the email address `x@c.org` is not permitted')
})

test('comparisons are bounded', () => {
  const many = Array.from({ length: 200 }, (_, at) => `h${at}.example.org`)
  expect(violation({ excluded: { dns: many } }, { dns: many.map((name) => `x${name}`) })).toMatch(/too many/)
})
