/** Who it is, what their groups give them, and how a session ends. */
import type { PersonId } from '@mayfly/domain'
import { generateKeyPairSync } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { authenticateAccessToken } from '../../../packages/server/src/application/proof/authenticate.ts'
import { runLapses } from '../../../packages/server/src/application/proof/run-lapses.ts'
import { changePerson } from '../../../packages/server/src/application/registry/change-person.ts'
import {
  changeTrustProvider,
  retireTrustProvider,
} from '../../../packages/server/src/application/registry/change-trust-provider.ts'
import { registerBinding } from '../../../packages/server/src/application/registry/register-binding.ts'
import { registerOwner } from '../../../packages/server/src/application/registry/register-owner.ts'
import { registerPerson } from '../../../packages/server/src/application/registry/register-person.ts'
import { registerTrustProvider } from '../../../packages/server/src/application/registry/register-trust-provider.ts'
import { defaultTenantId } from '@mayfly/domain'
import { makeClientAssertion } from '@mayfly/client'
import { postForm, registerBoundKeys, proveWithKey } from '../proof/proof-server.ts'
import { makeIssuerKey } from '../proof/test-issuer.ts'
import { until } from '../../support/index.ts'
import { openBrowser, startOpenIdProvider } from './openid-provider.ts'
import { type HostileProvider, startHostileProvider } from './hostile-provider.ts'
import {
  type Answer,
  type PeopleServer,
  registerCorp,
  rules,
  sessionOf,
  type SignedIn,
  startPeopleServer,
} from './people-server.ts'

let server: PeopleServer
let provider: HostileProvider

beforeEach(async () => {
  server = await startPeopleServer()
  provider = await startHostileProvider(() => server.clock.now())
  await registerCorp(server, provider.issuer)
})
afterEach(async () => {
  await provider[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

let count = 0
/** By device; every ID token is another. */
async function tryToSignIn(claims: Record<string, unknown> = {}, name = 'corp', from = provider): Promise<Answer> {
  const started = await server.start({ provider: name, flow: 'device' })
  from.token = () => ({ body: { id_token: from.idToken({ jti: `${(count += 1)}`, ...claims }) } })
  return server.finish(started)
}
const signIn = async (claims: Record<string, unknown> = {}, name?: string, from?: HostileProvider) =>
  sessionOf(await tryToSignIn(claims, name, from))

async function rolesNow({ access_token: token }: SignedIn): Promise<readonly string[] | undefined> {
  const { actor } = await authenticateAccessToken(server.proof, { token, scheme: 'Bearer' }).catch(() => ({
    actor: undefined,
  }))
  return actor?.kind === 'person' ? actor.roles : undefined
}

const personRow = (id: string) =>
  server.change(({ tx }) =>
    tx.query
      .selectFrom('person')
      .selectAll()
      .where('person_id', '=', id as PersonId)
      .executeTakeFirstOrThrow(),
  )
const actions = async () => (await server.entries()).map((entry) => entry.action)

describe('a person is found by issuer and subject', () => {
  test('not by email: another provider, or another subject, does not take a person over', async () => {
    const grace = await signIn()
    await using second = await startHostileProvider(() => server.clock.now())
    await server.change((change) =>
      registerTrustProvider(change, {
        name: 'second',
        kind: 'sign_in',
        settings: { issuer: second.issuer, client_id: 'mayfly', rules },
      }),
    )
    for (const answer of [
      await tryToSignIn({ sub: 'grace' }, 'second', second),
      await tryToSignIn({ sub: 'not-grace' }),
      await tryToSignIn({ sub: 'not-grace', email: 'GRACE@example.org' }),
    ]) {
      expect([answer.status, answer.json['reason']], answer.text).toEqual([401, 'email_taken'])
    }
    // Unless somebody with `binding.write` says that it is her.
    await server.change((change) =>
      registerBinding(change, { trustProvider: 'second', person: 'grace@example.org', subject: 'grace' }),
    )
    expect((await signIn({ sub: 'grace' }, 'second', second)).person_id, 'control').toBe(grace.person_id)
  })

  test('her email and name may change at the provider: she stays who she is', async () => {
    const grace = await signIn()
    const later = await signIn({ email: 'g.hopper@example.org', name: 'G. Hopper' })
    expect(later.person_id).toBe(grace.person_id)
    expect(later['email']).toBe('grace@example.org')
  })

  test('two first sign-ins at once register one person', async () => {
    const one = await server.start({ provider: 'corp', flow: 'device' })
    const other = await server.start({ provider: 'corp', flow: 'device' })
    provider.token = () => ({ body: { id_token: provider.idToken({ jti: `${(count += 1)}` }) } })
    const both = (await Promise.all([server.finish(one), server.finish(other)])).map(sessionOf)
    expect(new Set(both.map((session) => session.person_id)).size).toBe(1)
    expect((await actions()).filter((action) => action === 'person.registered')).toHaveLength(2)
  })

  test('whom an administrator has registered and bound signs in, whatever their groups', async () => {
    await server.change((change) =>
      registerPerson(change, { name: 'Alan', email: 'alan@example.org', roles: ['operator'] }),
    )
    await server.change((change) =>
      registerBinding(change, { trustProvider: 'corp', person: 'alan@example.org', subject: 'alan' }),
    )
    const alan = await signIn({ sub: 'alan', email: undefined, groups: [] })
    expect(alan).toMatchObject({ name: 'Alan', roles: ['operator'], owners: [] })
  })

  test('a provider that verifies no email registers people without one, where that is allowed', async () => {
    const unverified = { sub: 'nobody-knows', email_verified: undefined }
    expect((await tryToSignIn(unverified)).json['reason']).toBe('email_unverified')
    await server.change((change) =>
      changeTrustProvider(change, 'corp', {
        settings: { issuer: provider.issuer, client_id: 'mayfly', rules, require_verified_email: false },
      }),
    )
    expect(await signIn(unverified)).toMatchObject({ name: 'Grace Hopper', email: null, roles: ['auditor'] })
  })
})

describe('what groups give', () => {
  test('is replaced at each sign-in, with an entry, also for the session before', async () => {
    const first = await signIn({ groups: ['readers', 'orders'] })
    expect(first).toMatchObject({ roles: ['auditor'], owners: ['orders-team'] })
    const before = (await actions()).length
    const second = await signIn({ groups: ['platform-admins'] })
    expect(second).toMatchObject({ roles: ['administrator'], owners: [] })
    expect((await actions()).slice(before)).toEqual(['person.groups_changed', 'attestation.accepted'])
    expect(await rolesNow(first), 'the older session has no more and no less').toEqual(['administrator'])
    const same = (await actions()).length
    await signIn({ groups: ['platform-admins'] })
    expect((await actions()).slice(same), 'no change, no entry').toEqual(['attestation.accepted'])
  })

  test('stands apart from what was given by hand', async () => {
    const grace = await signIn({ groups: ['readers'] })
    await server.change((change) => changePerson(change, grace.person_id, { roles: ['operator'] }))
    expect(await rolesNow(grace)).toEqual(['operator', 'auditor'])
    expect((await personRow(grace.person_id)).roles).toEqual(['operator'])
    const later = await signIn({ groups: [] })
    expect(later['roles'], 'she is let in by what was given by hand').toEqual(['operator'])
  })

  test('ends with them: whom nothing lets in any more is refused, and their sessions end', async () => {
    const grace = await signIn({ groups: ['readers'] })
    expect(await rolesNow(grace)).toEqual(['auditor'])
    const answer = await tryToSignIn({ groups: ['others'] })
    expect([answer.status, answer.json['reason']]).toEqual([401, 'no_rule'])
    expect(await rolesNow(grace)).toBeUndefined()
    expect(await actions()).toContain('revocation.requested')
    expect((await tryToSignIn({ groups: ['others'] })).json['reason'], 'and stays so').toBe('no_rule')
    expect((await signIn({ groups: ['readers'] })).person_id, 'until they are in one again').toBe(grace.person_id)
  })

  test('counts for whoever signed in there, not for another proof of the same person', async () => {
    const grace = await signIn({ groups: ['platform-admins', 'orders'] })
    await registerBoundKeys(server)
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    await server.change((change) =>
      registerBinding(change, {
        trustProvider: 'keys',
        person: grace.person_id,
        publicJwk: publicKey.export({ format: 'jwk' }),
      }),
    )
    const assertion = makeClientAssertion(
      { baseUrl: server.url, clientId: grace.person_id, privateKey },
      server.clock.now(),
    )
    const keyed = String((await proveWithKey(server, assertion)).body['access_token'])
    const ask = (token: string) => server.ask('GET', '/v1/people', undefined, token)
    expect((await ask(keyed)).status, 'the key alone makes nobody an administrator').toBe(403)
    expect((await ask(grace.access_token)).status, 'control').toBe(200)
  })

  test('a rule may name an owner that is registered later', async () => {
    await server.change((change) =>
      changeTrustProvider(change, 'corp', {
        settings: { issuer: provider.issuer, client_id: 'mayfly', rules: [...rules, { group: 'mail', owner: 'mail' }] },
      }),
    )
    expect((await tryToSignIn({ groups: ['mail'] })).json['reason']).toBe('no_rule')
    await server.change((change) =>
      registerOwner(change, { name: 'mail', contact: '#mail', primary: 'ada@example.org' }),
    )
    expect((await signIn({ groups: ['mail'] }))['owners']).toEqual(['mail'])
  })
})

describe('a session ends', () => {
  test('at its time, which its sign-in provider sets, and is listed until then', async () => {
    const grace = await signIn({ groups: ['readers'] })
    const list = async (query: string) => {
      const answer = await server.ask('GET', `/v1/sessions${query}`, undefined, grace.access_token)
      return (answer.json['items'] as { session_id: string; state: string }[]).map((one) => one.session_id)
    }
    expect(await list('?person=me')).toEqual([grace.session_id])
    server.clock.forward(3_590)
    expect(await rolesNow(grace)).toEqual(['auditor'])
    server.clock.forward(11)
    expect(await rolesNow(grace)).toBeUndefined()
    await runLapses(server.proof, defaultTenantId, AbortSignal.timeout(10_000))
    const next = await signIn({ groups: ['readers'] })
    const all = await server.ask('GET', '/v1/sessions?state=all', undefined, next.access_token)
    expect((all.json['items'] as object[]).length).toBe(2)
    const live = await server.ask('GET', '/v1/sessions', undefined, next.access_token)
    expect(live.json['items']).toMatchObject([{ session_id: next.session_id, state: 'live' }])
  })

  test('by whoever it is, by the one path; nobody else’s', async () => {
    const grace = await signIn({ groups: ['orders'] })
    const other = await signIn({ sub: 'kim', email: 'kim@example.org', groups: ['orders'] })
    const end = (session: SignedIn, token: string) =>
      server.ask('POST', '/v1/revocations', { selector: { kind: 'attestation', ref: session.session_id } }, token)
    expect((await end(other, grace.access_token)).status).toBe(403)
    expect(await rolesNow(other)).toEqual([])
    expect((await server.ask('GET', '/v1/sessions', undefined, grace.access_token)).status).toBe(403)

    const own = await end(grace, grace.access_token)
    expect([own.status, own.json['cause']]).toEqual([202, 'session_ended'])
    expect(await rolesNow(grace), 'at once').toBeUndefined()
    expect(await rolesNow(other), 'control').toEqual([])
  })

  test('with all others of the person, where an administrator says so', async () => {
    const admin = await signIn({ sub: 'boss', email: 'boss@example.org', groups: ['platform-admins'] })
    const sessions = [await signIn(), await signIn()]
    const selector = { kind: 'person', ref: 'Grace@example.org' }
    const answer = await server.ask('POST', '/v1/revocations', { selector }, admin.access_token)
    expect([answer.status, answer.json['cause']]).toEqual([202, 'session_ended'])
    expect(await Promise.all(sessions.map(rolesNow))).toEqual([undefined, undefined])
    expect(await rolesNow(admin), 'control').toEqual(['administrator'])
    expect(await rolesNow(await signIn()), 'she may sign in again').toEqual(['auditor'])
  })

  test('when the person leaves, and none begins any more', async () => {
    const grace = await signIn()
    await server.change((change) => changePerson(change, grace.person_id, { state: 'left' }))
    expect(await rolesNow(grace)).toBeUndefined()
    const causes = await server.change(({ tx }) => tx.query.selectFrom('revocation').select('cause').execute())
    expect(causes.map((row) => row.cause)).toEqual(['person_left'])
    expect((await tryToSignIn()).json['reason']).toBe('person_left')
  })

  test.each([
    ['is retired', (change: Parameters<typeof retireTrustProvider>[0]) => retireTrustProvider(change, 'corp', {})],
    [
      'has other rules',
      (change: Parameters<typeof retireTrustProvider>[0]) =>
        changeTrustProvider(change, 'corp', { settings: { issuer: provider.issuer, client_id: 'mayfly', rules: [] } }),
    ],
    [
      'gives shorter sessions',
      (change: Parameters<typeof retireTrustProvider>[0]) =>
        changeTrustProvider(change, 'corp', { freshForSeconds: 600 }),
    ],
  ])('when its sign-in provider %s', async (_name, work) => {
    const grace = await signIn()
    await server.change(work)
    expect(await rolesNow(grace)).toBeUndefined()
  })

  test('when its binding is retired', async () => {
    const grace = await signIn({ groups: ['platform-admins'] })
    const { json } = await server.ask('GET', `/v1/bindings?person=${grace.person_id}`, undefined, grace.access_token)
    const [binding] = json['items'] as { binding_id: string }[]
    const path = `/v1/bindings/${binding?.binding_id ?? ''}/retire`
    const alone = await server.ask('POST', path, {}, grace.access_token)
    expect([alone.status, alone.json['code']], 'not while nobody else could administrate').toEqual([
      409,
      'policy_locks_out_administrators',
    ])
    await server.change((change) =>
      registerBinding(change, { trustProvider: 'corp', person: 'ada@example.org', subject: 'ada' }),
    )
    expect((await server.ask('POST', path, {}, grace.access_token)).status).toBe(200)
    expect(await rolesNow(grace)).toBeUndefined()
  })
})

test('a session is twelve hours at most', async () => {
  const longer = server.change((change) => changeTrustProvider(change, 'corp', { freshForSeconds: 43_201 }))
  await expect(longer).rejects.toMatchObject({ code: 'request_invalid' })
  await server.change((change) => changeTrustProvider(change, 'corp', { freshForSeconds: 43_200 }))
  expect((await signIn())['expires_in']).toBeGreaterThanOrEqual(43_199)
})

describe('a logout at the provider', () => {
  const logout = (token: string, name = 'corp') =>
    postForm(`${server.url}/oauth/back-channel-logout/${name}`, { logout_token: token })
  const logoutToken = (
    claims: Record<string, unknown> = {},
    header: Record<string, unknown> = { typ: 'logout+jwt' },
  ) => {
    const about = { name: undefined, email: undefined, email_verified: undefined, groups: undefined }
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
    return provider.idToken({ ...about, jti: `logout-${(count += 1)}`, events, ...claims }, { header })
  }

  test('ends the sessions of the subject, or the one that it names, once', async () => {
    const laptop = await signIn({ sid: 'laptop' })
    const phone = await signIn({ sid: 'phone' })
    const kim = await signIn({ sub: 'kim', email: 'kim@example.org' })
    const ofLaptop = logoutToken({ sub: undefined, sid: 'laptop' })
    expect((await logout(ofLaptop)).status).toBe(200)
    expect([await rolesNow(laptop), await rolesNow(phone)]).toEqual([undefined, ['auditor']])
    const again = await signIn({ sid: 'laptop' })
    expect((await logout(ofLaptop)).status, 'heard before').toBe(200)
    expect(await rolesNow(again), 'and it counts once').toEqual(['auditor'])
    expect((await logout(logoutToken())).status).toBe(200)
    expect(await Promise.all([phone, again, kim].map(rolesNow))).toEqual([undefined, undefined, ['auditor']])
  })

  test('is not believed where it is not one', async () => {
    const grace = await signIn()
    const wrong: Readonly<Record<string, string>> = {
      'an ID token': provider.idToken({ jti: 'an-id-token' }),
      'with a nonce': logoutToken({ nonce: 'x' }),
      'of another event': logoutToken({ events: { 'http://example.org/login': {} } }),
      'of another issuer': logoutToken({ iss: 'https://attacker.example' }),
      'for another client': logoutToken({ aud: 'another' }),
      'about nobody': logoutToken({ sub: undefined }),
      'without an id': logoutToken({ jti: undefined }),
      'that is over': logoutToken({ exp: 1 }),
      'of another type': logoutToken({}, { typ: 'at+jwt' }),
      'that is none': 'nonsense',
    }
    for (const [name, token] of Object.entries(wrong)) {
      const answer = await logout(token)
      expect([name, answer.status, answer.body['error']]).toEqual([name, 400, 'invalid_request'])
    }
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
    const forged = provider.idToken({ jti: 'forged', events }, { key: makeIssuerKey('right') })
    expect((await logout(forged)).status, 'signed by another key of the same name').toBe(400)
    expect((await logout(logoutToken(), 'nobody')).status).toBeGreaterThanOrEqual(400)
    expect(await rolesNow(grace)).toEqual(['auditor'])
    expect((await logout(logoutToken())).status, 'control').toBe(200)
    expect(await rolesNow(grace)).toBeUndefined()
  })

  test('of a real provider is heard', async () => {
    await using real = await startOpenIdProvider({
      backChannelUri: () => `${server.url}/oauth/back-channel-logout/real`,
    })
    const person = { name: 'Mary', email: 'mary@example.org', email_verified: true, groups: ['readers'] }
    real.people.set('mary', person)
    await server.change((change) =>
      registerTrustProvider(change, {
        name: 'real',
        kind: 'sign_in',
        settings: {
          issuer: real.issuer,
          client_id: 'mayfly',
          scopes: ['openid', 'email', 'profile', 'groups'],
          rules,
        },
      }),
    )
    const redirect = 'http://127.0.0.1:49152/callback'
    const started = await server.start({ provider: 'real', flow: 'code', redirect_uri: redirect })
    const browser = openBrowser(real.issuer)
    const back = await browser.authorize(String(started['authorization_url']), 'mary')
    const mary = sessionOf(await server.finish(started, Object.fromEntries(back)))
    expect(await rolesNow(mary)).toEqual(['auditor'])
    await browser.visit(`${real.issuer}/session/end`, { logout: 'yes' })
    await until(async () => (await rolesNow(mary)) === undefined, { describe: 'the logout arrives', withinMs: 10_000 })
  })
})
