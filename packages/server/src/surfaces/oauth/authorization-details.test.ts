import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseAuthorizationDetails } from './authorization-details.ts'
import { OAuthError } from './oauth-error.ts'

function codeOf(text: string): string {
  try {
    parseAuthorizationDetails(text)
    return 'accepted'
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    return error.code
  }
}

const good = { type: 'mayfly_role', identifier: 'orders-api/reader' }

test('[RFC9396 2] a role of a resource is read, with its locations and parameters', () => {
  const detail = { ...good, locations: ['https://orders.example'], parameters: { region: 'eu' } }
  expect(parseAuthorizationDetails(JSON.stringify([detail]))).toEqual(detail)
})

test.each([
  ['an unknown type', [{ ...good, type: 'payment' }]],
  ['no type', [{ identifier: 'orders-api/reader' }]],
  ['an unknown member', [{ ...good, actions: ['read'] }]],
  ['a malformed identifier', [{ ...good, identifier: 'orders-api' }]],
  ['an empty list', []],
  ['two roles', [good, good]],
  ['an object', good],
  ['a text', 'mayfly_role'],
])('[RFC9396 5] %s is refused', (_what, details) => {
  expect(codeOf(JSON.stringify(details))).toBe('invalid_authorization_details')
})

test('[RFC9396 5] what is two readings of one text is refused', () => {
  const twice = '[{"type":"mayfly_role","identifier":"a/b","identifier":"c/d"}]'
  expect(codeOf(twice)).toBe('invalid_authorization_details')
  expect(codeOf('[{"type":"mayfly_role","identifier":"a/b"}],"details":[]')).toBe('invalid_authorization_details')
  expect(codeOf('[{"type":"mayfly_role","identifier":"a/b"}],"more":1')).toBe('invalid_authorization_details')
  expect(codeOf('[{"type":"mayfly_role","identifier":"a/b"}]'), 'control').toBe('accepted')
})

test('no text breaks the reader', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(codeOf(text)).toMatch(/^(accepted|invalid_authorization_details)$/)
    }),
  )
})
