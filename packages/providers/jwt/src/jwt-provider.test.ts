import { createHash } from 'node:crypto'
import type { CredentialId } from '@mayfly/domain'
import { createMemoryEnds, type AccountHandle, Secret, type TokenStatement } from '@mayfly/provider-kit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isReservedClaim } from './claim-names.ts'
import { jwtPermission } from './jwt-permission.ts'
import { jwtProvider } from './jwt-provider.ts'
import { jwtSettings } from './jwt-settings.ts'
import { tokenClaims } from './sign-token.ts'

const id = '0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f' as CredentialId
const signal = new AbortController().signal
const issuedAt = new Date('2026-11-22T12:00:00.700Z')
const expiresAt = new Date('2026-11-22T12:05:00.300Z')

const statement: TokenStatement = {
  issuer: 'https://mayfly.example',
  subject: 'spiffe://example.org/caller',
  clientId: 'holder',
  act: { sub: 'spiffe://example.org/holder' },
  issuedAt,
  confirmation: { jkt: 'thumbprint' },
  boundTo: 'key',
  status: { idx: 7, uri: 'https://mayfly.example/oauth/status-lists/1' },
  keyId: 'the-key',
  algorithm: 'ES256',
  sign: async (data) => createHash('sha256').update(data).digest(),
}

function open(ended: readonly CredentialId[] = [], settings: object = {}) {
  return jwtProvider.open({
    settings: jwtSettings.parse({ audience: ['https://orders.example'], ...settings }),
    secret: {},
    published: { ...createMemoryEnds(), ended: async (ids) => new Set(ids.filter((one) => ended.includes(one))) },
  })
}

test('a token says what its row says, in the form of its resource, and is signed over exactly that', async () => {
  const target = await open([], { typ: 'JWT', claims: { team: 'orders', level: 1 } })
  const permission = jwtPermission.parse({ scopes: ['a', 'b'], claims: { level: 2 } })
  const handle = jwtProvider.plan(id)
  const { fields, boundTo } = await target.issue(
    handle,
    { permission, parameters: {}, expiresAt, createDeadlineAt: expiresAt, statement },
    signal,
  )
  expect([boundTo, fields['token_type'], fields['scope']]).toEqual(['key', 'DPoP', 'a b'])
  const { token } = fields
  if (!(token instanceof Secret)) throw new Error('a token is a secret')
  const [head = '', body = '', signature = ''] = token.reveal().split('.')
  const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString())
  expect(read(head)).toEqual({ alg: 'ES256', typ: 'JWT', kid: 'the-key' })
  expect(read(body)).toEqual({
    team: 'orders',
    level: 2,
    iss: 'https://mayfly.example',
    sub: 'spiffe://example.org/caller',
    aud: 'https://orders.example',
    client_id: 'holder',
    scope: 'a b',
    iat: 1_795_348_800,
    exp: 1_795_349_100,
    jti: id,
    act: { sub: 'spiffe://example.org/holder' },
    cnf: { jkt: 'thumbprint' },
    status: { status_list: { idx: 7, uri: 'https://mayfly.example/oauth/status-lists/1' } },
  })
  const expected = createHash('sha256').update(`${head}.${body}`).digest('base64url')
  expect(signature).toBe(expected)
})

test('whatever people write as claims, what the issuer says stands', () => {
  const names = fc.string({
    unit: fc.constantFrom(...Array.from('abcdefgijlmnoprstuxyz_')),
    minLength: 1,
    maxLength: 12,
  })
  const value = fc.oneof(fc.string({ maxLength: 20 }), fc.integer(), fc.boolean())
  const claims = fc.dictionary(fc.oneof(names, fc.constantFrom('sub', 'aud', 'act', 'SUB', 'mayfly_task')), value, {
    maxKeys: 10,
  })
  fc.assert(
    fc.property(claims, (written) => {
      const parsed = jwtSettings.safeParse({ audience: ['x'], claims: written })
      const reserved = Object.keys(written).some(isReservedClaim)
      expect(parsed.success && reserved, 'a reserved claim is refused').toBe(false)
      if (!parsed.success) return
      const said = tokenClaims({
        settings: parsed.data,
        permission: jwtPermission.parse({}),
        statement,
        tokenId: id,
        expiresAt,
      })
      expect(said).toMatchObject({ sub: statement.subject, aud: 'x', jti: id, act: statement.act })
    }),
  )
})

test.each([
  ['no audience', { audience: [] }],
  ['too many', { audience: ['a', 'b', 'c', 'd', 'e', 'f'] }],
  ['one twice', { audience: ['a', 'a'] }],
  ['a fragment', { audience: ['https://orders.example#top'] }],
  ['a space', { audience: ['orders api'] }],
  ['no URI though it has a colon', { audience: ['ht tp:x'] }],
  ['an unknown algorithm', { audience: ['a'], algorithm: 'none' }],
  ['a longer life', { audience: ['a'], max_ttl_seconds: 3_601 }],
  ['an unknown member', { audience: ['a'], issuer: 'https://me.example' }],
  ['the issuer’s claim', { audience: ['a'], claims: { iss: 'https://me.example' } }],
  ['an object as claim', { audience: ['a'], claims: { team: { name: 'orders' } } }],
])('settings with %s are refused', (_what, settings) => {
  expect(jwtSettings.safeParse(settings).success).toBe(false)
  expect(jwtSettings.safeParse({ audience: ['a'] }).success, 'control').toBe(true)
})

test('a scope is one word of RFC 6749, or refused', () => {
  for (const scope of ['', 'two words', 'quo"te', 'back\\slash', 'ünï']) {
    expect(jwtPermission.safeParse({ scopes: [scope] }).success).toBe(false)
  }
  expect(jwtPermission.safeParse({ scopes: ['orders:read', 'https://x.example/y'] }).success, 'control').toBe(true)
})

test('law 4: an end is reported when whoever tells the verifiers says so, and not before', async () => {
  const other = '0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e60' as CredentialId
  const handles = [jwtProvider.plan(id), jwtProvider.plan(other)]
  const target = await open([id])
  const told: [string, readonly AccountHandle[]][] = []
  await target.revoke(
    handles,
    {
      cut: async (cut) => void told.push(['cut', cut]),
      removed: async (gone) => void told.push(['removed', gone]),
      pending: async (handle) => void told.push(['pending', [handle]]),
    },
    signal,
  )
  expect(told).toEqual([
    ['cut', [handles[0]]],
    ['removed', [handles[0]]],
    ['pending', [handles[1]]],
  ])
  const seen = await target.observe(handles, signal)
  expect(seen.map(({ state }) => state)).toEqual(['absent', 'usable'])
})

test('nothing is signed without a statement, nor after the caller has gone', async () => {
  const target = await open()
  const request = { permission: jwtPermission.parse({}), parameters: {}, expiresAt, createDeadlineAt: expiresAt }
  await expect(target.issue(jwtProvider.plan(id), request, signal)).rejects.toThrow('without a statement')
  const gone = AbortSignal.abort()
  await expect(target.issue(jwtProvider.plan(id), { ...request, statement }, gone)).rejects.toThrow('target_timeout')
})
