import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readGroupRules } from './group-rules.ts'
import { allowsRedirect, signInSettings } from './sign-in-settings.ts'

const base = { issuer: 'https://login.example.com', client_id: 'mayfly' }
const settings = signInSettings.parse({
  ...base,
  rules: [
    { group: 'admins', roles: ['administrator', 'auditor'] },
    { group: 'orders', owner: 'orders-team' },
    { group: 'Readers', roles: ['auditor'] },
  ],
})

test('groups give what their rules say, each thing once, and nothing by likeness', () => {
  expect(readGroupRules(settings, { groups: ['orders', 'admins', 'Readers', 'admins'] })).toEqual({
    roles: ['administrator', 'auditor'],
    owners: ['orders-team'],
    told: true,
  })
  const near = ['Admins', 'admins ', ' admins', 'admin', 'readers', '', 'admins\u0000', 'ａdmins']
  expect(readGroupRules(settings, { groups: near })).toEqual({ roles: [], owners: [], told: true })
  expect(readGroupRules(settings, { Groups: ['admins'] })).toEqual({ roles: [], owners: [], told: false })
})

test('whatever the claim holds, only a list of texts with the very name gives something', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (groups) => {
      const given = readGroupRules(settings, { groups })
      if ('outcome' in given) return
      const named =
        Array.isArray(groups) && groups.some((one) => ['admins', 'orders', 'Readers'].some((name) => name === one))
      expect(given.roles.length + given.owners.length > 0).toBe(named)
    }),
  )
})

test('a claim inside others is found by its pointer, and never in what an object inherits', () => {
  const inside = signInSettings.parse({ ...settings, groups_claim: '/realm_access/roles' })
  expect(readGroupRules(inside, { realm_access: { roles: ['orders'] } })).toMatchObject({ owners: ['orders-team'] })
  for (const claim of ['constructor', '/constructor/name', '/realm_access/length', '__proto__']) {
    const odd = signInSettings.parse({ ...settings, groups_claim: claim })
    expect(readGroupRules(odd, { realm_access: ['orders'] })).toMatchObject({ told: false })
  }
})

test.each([
  [{ rules: [{ group: 'admins' }] }],
  [{ rules: [{ group: 'team-*', owner: 'orders-team' }] }],
  [{ rules: [{ group: 'admins', roles: ['root'] }] }],
  [{ rules: [{ group: '', roles: ['auditor'] }] }],
  [{ scopes: ['email'] }],
  [{ scopes: ['openid', 'two words'] }],
  [{ flows: [] }],
  [{ algorithms: ['HS256'] }],
  [{ algorithms: ['none'] }],
  [{ issuer: 'http://login.example.com' }],
  [{ redirect_uris: ['https://mayfly.example.com/#fragment'] }],
  [{ client_secret: 'not here' }],
])('settings with %j are refused', (more) => {
  expect(signInSettings.safeParse({ ...base, ...more }).success).toBe(false)
})

test('a redirect is exact; on a loopback address the port is free, and nothing else is', () => {
  const page = signInSettings.parse({
    ...base,
    redirect_uris: ['https://mayfly.example.com/signed-in', 'http://127.0.0.1/callback', 'http://[::1]/callback'],
  })
  const allowed = [
    'https://mayfly.example.com/signed-in',
    'http://127.0.0.1/callback',
    'http://127.0.0.1:49152/callback',
    'http://[::1]:49152/callback',
  ]
  const refused = [
    'https://mayfly.example.com:8443/signed-in',
    'https://mayfly.example.com/signed-in?x=1',
    'https://mayfly.example.com/signed-in/',
    'https://MAYFLY.example.com/signed-in',
    'https://mayfly.example.com.attacker.example/signed-in',
    'http://127.0.0.1:49152/callback?x=1',
    'http://127.0.0.1:49152/other',
    'http://127.0.0.1:49152@attacker.example/callback',
    'http://127.0.0.2:49152/callback',
    'http://localhost:49152/callback',
    'https://127.0.0.1:49152/callback',
    'javascript:alert(1)',
    '',
  ]
  expect(allowed.filter((uri) => !allowsRedirect(page, uri))).toEqual([])
  expect(refused.filter((uri) => allowsRedirect(page, uri))).toEqual([])
})
