import { createHash } from 'node:crypto'
import * as client from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { authenticateAccessToken } from '../../../packages/server/src/application/proof/authenticate.ts'
import { setClientSecret } from '../../../packages/server/src/application/registry/set-client-secret.ts'
import { registerTrustProvider } from '../../../packages/server/src/application/registry/register-trust-provider.ts'
import { newId, type TenantId } from '@mayfly/domain'
import { ensureDefaultPolicy } from '../../../packages/server/src/application/decision/ensure-default-policy.ts'
import { ensureKeys } from '../../../packages/server/src/application/proof/ensure-keys.ts'
import { ensureTenant } from '../../../packages/server/src/store/tenant-rows.ts'
import { Secret } from '@mayfly/provider-kit'
import { clientSecret, openBrowser, type OpenIdProvider, startOpenIdProvider } from './openid-provider.ts'
import { type PeopleServer, registerCorp, rules, sessionOf, startPeopleServer } from './people-server.ts'

let server: PeopleServer
let provider: OpenIdProvider
const redirect = 'http://127.0.0.1:49152/callback'

beforeAll(async () => {
  server = await startPeopleServer()
  provider = await startOpenIdProvider({ jwksUri: () => `${server.url}/v1/sign-in-keys` })
  provider.people.set('grace', {
    name: 'Grace Hopper',
    email: 'Grace@example.org',
    email_verified: true,
    groups: ['orders', 'readers', 'everyone'],
  })
  await registerCorp(server, provider.issuer)
})
afterAll(async () => {
  await provider?.[Symbol.asyncDispose]()
  await server?.[Symbol.asyncDispose]()
})

test('a person signs in with a code on another device, and has what their groups give', async () => {
  expect((await server.ask('GET', '/v1/sign-in-providers')).json).toEqual({
    items: [{ name: 'corp', flows: ['device', 'code'] }],
  })
  const started = await server.start({ provider: 'corp', flow: 'device' })
  expect(started).toMatchObject({ flow: 'device', interval: 5, authorization_url: null })
  expect((await server.finish(started)).json).toEqual({ state: 'pending', interval: 5, session: null })

  const page = await openBrowser(provider.issuer).enterCode(
    String(started['verification_uri']),
    String(started['user_code']),
    'grace',
  )
  expect(page).toContain('Sign-in Success')
  expect((await server.finish(started)).json, 'not before the interval is over').toMatchObject({ state: 'pending' })
  server.clock.forward(5)
  const session = sessionOf(await server.finish(started))
  expect(session).toMatchObject({
    token_type: 'Bearer',
    name: 'Grace Hopper',
    email: 'grace@example.org',
    roles: ['auditor'],
    owners: ['orders-team'],
  })
  expect([3599, 3600], 'the token lives as long as the session').toContain(session['expires_in'])
  const { actor } = await authenticateAccessToken(server.proof, { token: session.access_token, scheme: 'Bearer' })
  expect(actor).toMatchObject({ kind: 'person', personId: session.person_id, roles: ['auditor'] })

  expect((await server.finish(started)).status, 'each is finished once').toBe(404)
  const sessions = await server.ask('GET', '/v1/sessions?person=me', undefined, session.access_token)
  expect(sessions.json['items']).toMatchObject([{ session_id: session.session_id, provider: 'corp', own: true }])
  expect(JSON.stringify(await server.entries())).not.toContain('grace')
})

test('a person signs in in a browser, as a client that is not ours would ask them to', async () => {
  const started = await server.start({ provider: 'corp', flow: 'code', redirect_uri: redirect })
  const url = new URL(String(started['authorization_url']))

  // The judge: the same request, made by an independent client of the same provider.
  const judge = await client.discovery(new URL(provider.issuer), 'mayfly', undefined, client.None(), {
    execute: [client.allowInsecureRequests],
  })
  const theirs = client.buildAuthorizationUrl(judge, {
    redirect_uri: redirect,
    scope: 'openid email profile groups',
    state: 'x'.repeat(43),
    nonce: 'x'.repeat(43),
    code_challenge: await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier()),
    code_challenge_method: 'S256',
  })
  const names = (of: URL) => [...of.searchParams.keys()].toSorted()
  expect(names(url)).toEqual(names(theirs))
  expect(`${url.origin}${url.pathname}`).toBe(`${theirs.origin}${theirs.pathname}`)
  for (const name of ['response_type', 'client_id', 'redirect_uri', 'scope', 'code_challenge_method']) {
    expect(url.searchParams.get(name)).toBe(theirs.searchParams.get(name))
  }
  for (const name of ['state', 'nonce', 'code_challenge']) expect(url.searchParams.get(name)).toMatch(/^[\w-]{43}$/)

  const back = await openBrowser(provider.issuer).authorize(url.href, 'grace')
  expect(back.get('iss')).toBe(provider.issuer)
  const session = sessionOf(await server.finish(started, Object.fromEntries(back)))
  expect(session).toMatchObject({ name: 'Grace Hopper', owners: ['orders-team'] })
})

test('both flows say the same of a person as the independent client hears', async () => {
  const judge = await client.discovery(new URL(provider.issuer), 'mayfly', undefined, client.None(), {
    execute: [client.allowInsecureRequests],
  })
  const verifier = client.randomPKCECodeVerifier()
  const nonce = client.randomNonce()
  const theirs = client.buildAuthorizationUrl(judge, {
    redirect_uri: redirect,
    scope: 'openid email profile groups',
    nonce,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })
  const back = await openBrowser(provider.issuer).authorize(theirs.href, 'grace')
  const tokens = await client.authorizationCodeGrant(judge, new URL(`${redirect}?${back.toString()}`), {
    pkceCodeVerifier: verifier,
    expectedNonce: nonce,
  })
  const claims = tokens.claims()
  const rows = await server.change(({ tx }) =>
    tx.query.selectFrom('binding').selectAll().where('subject', '=', String(claims?.sub)).execute(),
  )
  expect(rows, 'found by the subject, one for both of her sign-ins').toHaveLength(1)
  expect(claims?.['groups']).toEqual(['orders', 'readers', 'everyone'])
})

test.each([
  ['basic', 'client_secret_basic'],
  ['post', 'client_secret_post'],
  ['keyed', 'private_key_jwt'],
])('the server proves itself at the provider as client `%s` by %s', async (clientId, method) => {
  const settings = {
    issuer: provider.issuer,
    client_id: clientId,
    client_authentication: method,
    scopes: ['openid', 'email', 'profile', 'groups'],
    rules,
  }
  const person = { name: clientId, email: `${clientId}@example.org`, email_verified: true, groups: ['readers'] }
  provider.people.set(clientId, person)
  await server.change((change) => registerTrustProvider(change, { name: clientId, kind: 'sign_in', settings }))
  if (method !== 'private_key_jwt') {
    await server.change((change) => setClientSecret(server.registry, change, clientId, new Secret(clientSecret)))
  }
  const started = await server.start({ provider: clientId, flow: 'code', redirect_uri: redirect })
  const back = await openBrowser(provider.issuer).authorize(String(started['authorization_url']), clientId)
  expect(sessionOf(await server.finish(started, Object.fromEntries(back)))['roles']).toEqual(['auditor'])

  const device = await server.start({ provider: clientId, flow: 'device' })
  await openBrowser(provider.issuer).enterCode(
    String(device['verification_uri_complete']),
    String(device['user_code']),
    clientId,
  )
  expect(sessionOf(await server.finish(device))['roles']).toEqual(['auditor'])
})

test('without the secret that the provider wants, nothing begins', async () => {
  const settings = { issuer: provider.issuer, client_id: 'basic', client_authentication: 'client_secret_basic' }
  await server.change((change) => registerTrustProvider(change, { name: 'unset', kind: 'sign_in', settings }))
  const answer = await server.ask('POST', '/v1/sign-ins', { provider: 'unset', flow: 'device' })
  expect([answer.status, answer.json['code']]).toEqual([502, 'sign_in_provider_unavailable'])
  expect(answer.json['detail']).toContain('is not set')
})

test('the secret at the provider is sealed, and no answer shows it', async () => {
  const dump = await server.change(({ tx }) => tx.query.selectFrom('trust_provider_secret').selectAll().execute())
  expect(dump).toHaveLength(2)
  expect(JSON.stringify(dump)).not.toContain(clientSecret)
  expect(JSON.stringify(await server.entries())).not.toContain(clientSecret)
})

test('claims that stand only at UserInfo are read there, where the settings say so', async () => {
  await using reticent = await startOpenIdProvider({ userinfoOnly: true })
  const person = { name: 'Mary', email: 'mary@example.org', email_verified: true, groups: ['readers'] }
  reticent.people.set('mary', person)
  const settings = {
    issuer: reticent.issuer,
    client_id: 'mayfly',
    scopes: ['openid', 'email', 'profile', 'groups'],
    rules,
  }
  await server.change((change) => registerTrustProvider(change, { name: 'silent', kind: 'sign_in', settings }))
  await server.change((change) =>
    registerTrustProvider(change, { name: 'asked', kind: 'sign_in', settings: { ...settings, userinfo: true } }),
  )
  const signIn = async (name: string) => {
    const started = await server.start({ provider: name, flow: 'code', redirect_uri: redirect })
    const back = await openBrowser(reticent.issuer).authorize(String(started['authorization_url']), 'mary')
    return server.finish(started, Object.fromEntries(back))
  }
  const silent = await signIn('silent')
  expect([silent.status, silent.json['reason']]).toEqual([401, 'no_rule'])
  expect(silent.json['detail']).toContain('no claim `groups`')
  expect(sessionOf(await signIn('asked'))).toMatchObject({ name: 'Mary', roles: ['auditor'] })
})

test('another tenant has sign-in providers of its own', async () => {
  const acme = newId<TenantId>()
  const { proof } = server
  await proof.database.outsideTenants((query) =>
    ensureTenant(query, { tenant_id: acme, name: 'acme', created_at: server.clock.now() }),
  )
  await ensureKeys(proof, acme)
  await proof.database.transaction(acme, (tx) => ensureDefaultPolicy(tx, server.clock.now()))
  const settings = {
    issuer: provider.issuer,
    client_id: 'mayfly',
    scopes: ['openid', 'email', 'profile', 'groups'],
    rules,
  }
  await server.changeOf(acme, (change) =>
    registerTrustProvider(change, { name: 'acme-corp', kind: 'sign_in', settings }),
  )
  const names = async (query: string) =>
    ((await server.ask('GET', `/v1/sign-in-providers${query}`)).json['items'] as { name: string }[]).map(
      (one) => one.name,
    )
  expect(await names('?tenant=acme')).toEqual(['acme-corp'])
  expect(await names('')).not.toContain('acme-corp')
  expect((await server.ask('POST', '/v1/sign-ins', { provider: 'acme-corp', flow: 'device' })).status).toBe(404)

  const started = await server.start({ provider: 'acme-corp', flow: 'code', redirect_uri: redirect, tenant: 'acme' })
  const back = await openBrowser(provider.issuer).authorize(String(started['authorization_url']), 'grace')
  const elsewhere = await server.finish(started, Object.fromEntries(back))
  expect(elsewhere.status, 'in the default tenant there is no such sign-in').toBe(404)
  const session = sessionOf(await server.finish(started, { ...Object.fromEntries(back), tenant: 'acme' }))
  const { tenantId, actor } = await authenticateAccessToken(proof, { token: session.access_token, scheme: 'Bearer' })
  expect([tenantId, actor]).toMatchObject([acme, { kind: 'person', personId: session.person_id }])
})

test('a session can be bound to a key, and is then worth nothing without it', async () => {
  const jkt = createHash('sha256').update('a key').digest('base64url')
  const started = await server.start({ provider: 'corp', flow: 'device', dpop_jkt: jkt })
  await openBrowser(provider.issuer).enterCode(
    String(started['verification_uri']),
    String(started['user_code']),
    'grace',
  )
  const session = sessionOf(await server.finish(started))
  expect(session['token_type']).toBe('DPoP')
  const bearer = { token: session.access_token, scheme: 'Bearer' } as const
  await expect(authenticateAccessToken(server.proof, bearer)).rejects.toMatchObject({ code: 'token_invalid' })
  const held = { token: session.access_token, scheme: 'DPoP', jkt } as const
  expect((await authenticateAccessToken(server.proof, held)).actor, 'control').toMatchObject({ kind: 'person' })
})
