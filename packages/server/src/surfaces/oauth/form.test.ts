import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseForm } from './form.ts'
import { OAuthError } from './oauth-error.ts'

const refused = (body: string) => {
  try {
    parseForm(body)
  } catch (error) {
    return error instanceof OAuthError ? error.code : error
  }
  return 'read'
}

test('[RFC6749 3.2] a parameter named twice is refused, and one without a value is not there', () => {
  const form = parseForm('grant_type=client_credentials&scope=&unknown=1')
  expect([form.get('grant_type'), form.has('scope'), form.get('scope'), form.get('unknown')]).toEqual([
    'client_credentials',
    false,
    undefined,
    '1',
  ])
  for (const body of ['a=1&a=1', 'a=1&a=', 'a=&a=', 'a=1&%61=2', 'client_id=x&b=1&client_id=x']) {
    expect({ body, answer: refused(body) }).toEqual({ body, answer: 'invalid_request' })
  }
  expect(refused('a=1&A=1'), 'control: names are told apart by case').toBe('read')
})

test('[RFC8707 2] `resource` may be named several times', () => {
  const form = parseForm('resource=https%3A%2F%2Fa.example&resource=https%3A%2F%2Fb.example&audience=c')
  expect(form.all('resource')).toEqual(['https://a.example', 'https://b.example'])
  expect(form.all('audience')).toEqual(['c'])
  expect(parseForm('').all('resource')).toEqual([])
})

test('a form has a bounded number of parameters, lists included', () => {
  const many = (name: (index: number) => string, count: number) =>
    Array.from({ length: count }, (_, index) => `${name(index)}=1`).join('&')
  expect(refused(many((index) => `p${index}`, 30))).toBe('read')
  expect(refused(many((index) => `p${index}`, 31))).toBe('invalid_request')
  expect(refused(many(() => 'resource', 31))).toBe('invalid_request')
})

test('whatever comes as a form is read or refused in OAuth’s own words', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string().map(encodeURIComponent), fc.webQueryParameters()), (body) => {
      expect(['read', 'invalid_request']).toContain(refused(body))
    }),
  )
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.string(), fc.string({ minLength: 1 })), { maxLength: 30, selector: ([name]) => name }),
      (pairs) => {
        const body = new URLSearchParams(pairs).toString()
        const form = parseForm(body)
        for (const [name, value] of new URLSearchParams(body)) expect(form.get(name)).toBe(value)
      },
    ),
  )
})
