import { describe, expect, test } from 'vitest'
import { formatCredentials, readCredentials } from './nats-credentials.ts'
import { readClaims, signClaims } from './nats-jwt.ts'
import { makeNkey } from './nkey.ts'
import { parseExactly } from './parse-exactly.ts'

const account = makeNkey('account')
const user = makeNkey('user')
const claims = { iat: 1_700_000_000, sub: user.key.publicKey, name: 'mf', nats: { type: 'user', version: 2 } }

describe('a JWT of NATS', () => {
  test('is read by who it says has signed it, and an id follows from its content', () => {
    const token = signClaims(claims, account.key)
    expect(readClaims(token, 'account')).toEqual({ ...claims, iss: account.key.publicKey, jti: expect.any(String) })
    expect(signClaims(claims, account.key)).toBe(token)
    expect(readClaims(signClaims({ ...claims, iat: 1 }, account.key), 'account')?.['jti']).not.toBe(
      readClaims(token, 'account')?.['jti'],
    )
  })

  test.each([
    ['another kind of issuer', (token: string) => [token, 'operator'] as const],
    ['another body', (token: string) => [replacePart(token, 1, { ...claims, iss: account.key.publicKey }), 'account']],
    ['another signer', () => [signedBy(makeNkey('account').key.publicKey), 'account'] as const],
    ['no algorithm', (token: string) => [replacePart(token, 0, { typ: 'JWT', alg: 'none' }), 'account'] as const],
    ['an old version', () => [signClaims({ ...claims, nats: { version: 1 } }, account.key), 'account'] as const],
    ['no signature', (token: string) => [token.split('.').slice(0, 2).join('.'), 'account'] as const],
    ['more', (token: string) => [`${token}.x`, 'account'] as const],
    ['nothing', () => ['', 'account'] as const],
  ] as const)('with %s is none', (_what, make) => {
    const [token, issuer] = make(signClaims(claims, account.key)) as readonly [string, 'account' | 'operator']
    expect(readClaims(token, issuer)).toBeUndefined()
  })

  test('keeps every number as it stood', () => {
    const text = '{"a":9223372036854775807,"b":-1,"c":1.50,"d":[1e3,12345678901234567890],"e":"9223372036854775807"}'
    expect(JSON.stringify(parseExactly(text))).toBe(text)
    expect(JSON.stringify(JSON.parse(text)), 'control: without care it is rounded').not.toBe(text)
  })
})

describe('a credentials file', () => {
  const jwt = signClaims(claims, account.key)

  test('is read as it was written, and with the line ends of Windows', () => {
    const text = formatCredentials(jwt, user.seed)
    expect(readCredentials(text)).toMatchObject({ jwt, claims: { sub: user.key.publicKey } })
    expect(readCredentials(text.replaceAll('\n', '\r\n'))?.jwt).toBe(jwt)
  })

  test('of two halves that do not belong together is none', () => {
    expect(readCredentials(formatCredentials(jwt, makeNkey('user').seed))).toBeUndefined()
    expect(readCredentials(jwt)).toBeUndefined()
    expect(readCredentials('')).toBeUndefined()
  })
})

function replacePart(token: string, at: number, content: object): string {
  const parts = token.split('.')
  parts[at] = Buffer.from(JSON.stringify(content)).toString('base64url')
  return parts.join('.')
}

/** Names one key and is signed with another. */
function signedBy(iss: string): string {
  const [head = '', body = ''] = signClaims(claims, account.key).split('.')
  const named = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(body, 'base64url').toString()), iss }))
  const signed = `${head}.${named.toString('base64url')}`
  return `${signed}.${account.key.sign(Buffer.from(signed)).toString('base64url')}`
}
