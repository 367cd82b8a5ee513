import { expect, test } from 'vitest'
import { jwtKeySet, snapshotOf } from './trust-bundles.ts'

const bundle = (keys: readonly Record<string, unknown>[], trustDomain = 'example.org') => ({
  trustDomain,
  keys,
  sequence: 1,
  refreshHintSeconds: undefined,
})
const certificate = Buffer.from('certificate').toString('base64')

test('keys of an unknown use or type are passed over, each by itself', () => {
  const { bundles } = snapshotOf([
    bundle([
      { kty: 'EC', use: 'x509-svid', x5c: [certificate] },
      { kty: 'EC', use: 'x509-svid', x5c: [certificate, certificate] },
      { kty: 'EC', use: 'X509-SVID', x5c: [certificate] },
      { use: 'x509-svid', x5c: [certificate] },
      { kty: 'EC', use: 'jwt-svid', kid: 'a', x: '1', d: 'private' },
      { kty: 'EC', use: 'jwt-svid' },
      { kty: 'EC', use: 'wit-svid', kid: 'b' },
      { kty: 'EC', kid: 'c' },
    ]),
  ])
  const own = bundles.get('example.org')
  expect(own?.x509Authorities.map(String)).toEqual(['certificate'])
  expect([...(own?.jwtKeys.keys() ?? [])]).toEqual(['a'])
})

test('a key set shows public members only', () => {
  const own = snapshotOf([
    bundle([{ kty: 'EC', use: 'jwt-svid', kid: 'a', crv: 'P-256', x: '1', y: '2', d: '3' }]),
  ]).bundles
  const set = own.get('example.org')
  expect(set && JSON.parse(String(jwtKeySet(set)))).toEqual({
    keys: [{ kty: 'EC', kid: 'a', crv: 'P-256', x: '1', y: '2' }],
  })
})

test('an empty bundle is one that believes nothing; no bundle at all is an error', () => {
  expect(snapshotOf([bundle([])]).bundles.get('example.org')).toEqual({ x509Authorities: [], jwtKeys: new Map() })
  expect(() => snapshotOf([])).toThrow('no trust bundle')
})
