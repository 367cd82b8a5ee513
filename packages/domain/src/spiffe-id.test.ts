import { expect, test } from 'vitest'
import { isTrustDomain, spiffeIdOf } from './spiffe-id.ts'

test('a SPIFFE ID is made of trust domain, environment, kind and name', () => {
  expect(
    spiffeIdOf({ trustDomain: 'example.org', environment: 'production', kind: 'service', name: 'orders-api' }),
  ).toBe('spiffe://example.org/production/service/orders-api')
})

test('a trust domain is lower case, without port, path or user', () => {
  expect(isTrustDomain('mayfly.example.org')).toBe(true)
  for (const bad of ['', 'Example.org', 'a:80', 'a/b', 'u@a', 'a'.repeat(256)])
    expect(isTrustDomain(bad), bad).toBe(false)
})
