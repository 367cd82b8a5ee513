import { expect, test } from 'vitest'
import { bindingHolds, bindingText, confirmationOf, readConfirmation } from './token-binding.ts'

const thumbprint = 'A'.repeat(43)
const other = 'B'.repeat(43)
const key = { kind: 'key', jkt: thumbprint } as const
const certificate = { kind: 'certificate', x5t: thumbprint } as const

test('a token that is bound to a key holds with a proof of that key, and as nothing else', () => {
  expect(bindingHolds(key, { token: 't', scheme: 'DPoP', jkt: thumbprint })).toBe(true)
  expect(bindingHolds(key, { token: 't', scheme: 'DPoP', jkt: other })).toBe(false)
  expect(bindingHolds(key, { token: 't', scheme: 'DPoP' })).toBe(false)
  expect(bindingHolds(key, { token: 't', scheme: 'Bearer', jkt: thumbprint })).toBe(false)
  expect(bindingHolds(key, { token: 't', scheme: 'Bearer', x5t: thumbprint })).toBe(false)
})

test('a token that is bound to a certificate holds on a connection of that certificate only', () => {
  expect(bindingHolds(certificate, { token: 't', scheme: 'Bearer', x5t: thumbprint })).toBe(true)
  expect(bindingHolds(certificate, { token: 't', scheme: 'Bearer', x5t: other })).toBe(false)
  expect(bindingHolds(certificate, { token: 't', scheme: 'Bearer' })).toBe(false)
  expect(bindingHolds(certificate, { token: 't', scheme: 'DPoP', jkt: thumbprint })).toBe(false)
})

test('a bearer token is no DPoP token', () => {
  expect(bindingHolds(undefined, { token: 't', scheme: 'Bearer' })).toBe(true)
  expect(bindingHolds(undefined, { token: 't', scheme: 'DPoP', jkt: thumbprint })).toBe(false)
})

test('a confirmation reads back as what it was made of, and anything else as none', () => {
  for (const binding of [key, certificate]) expect(readConfirmation(confirmationOf(binding))).toEqual(binding)
  for (const cnf of [
    null,
    undefined,
    'x',
    {},
    { jkt: 'short' },
    { jkt: thumbprint, 'x5t#S256': thumbprint },
    { kid: 'k' },
  ]) {
    expect(readConfirmation(cnf)).toBeNull()
  }
  expect([bindingText(key), bindingText(certificate)]).toEqual([`jkt:${thumbprint}`, `x5t#S256:${thumbprint}`])
})
