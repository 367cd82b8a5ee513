/** Every way in which a sign-in must come to nothing, each beside one that succeeds. */
import { createPublicKey } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { changeTrustProvider } from '../../../packages/server/src/application/registry/change-trust-provider.ts'
import { registerTrustProvider } from '../../../packages/server/src/application/registry/register-trust-provider.ts'
import { encodePart, makeIssuerKey, signJwt } from '../proof/test-issuer.ts'
import { type HostileProvider, type Reply, startHostileProvider } from './hostile-provider.ts'
import { openBrowser, startOpenIdProvider } from './openid-provider.ts'
import { type Answer, type PeopleServer, registerCorp, rules, sessionOf, startPeopleServer } from './people-server.ts'

let server: PeopleServer
let provider: HostileProvider
const redirect = 'http://127.0.0.1:49152/callback'

beforeAll(async () => {
  server = await startPeopleServer()
  provider = await startHostileProvider(() => server.clock.now())
  await registerCorp(server, provider.issuer)
})
afterAll(async () => {
  await provider?.[Symbol.asyncDispose]()
  await server?.[Symbol.asyncDispose]()
})
beforeEach(() => {
  provider.token = () => ({ body: { id_token: provider.idToken() } })
})

async function begin(name = 'corp') {
  const started = await server.start({ provider: name, flow: 'code', redirect_uri: redirect })
  const sent = new URL(String(started['authorization_url'])).searchParams
  const [state, nonce] = [sent.get('state') ?? '', sent.get('nonce') ?? '']
  return {
    started,
    state,
    nonce,
    finish: (more: object = {}) => server.finish(started, { code: 'a-code', state, ...more }),
  }
}

/** A sign-in by code, in which the provider gives this ID token. */
async function signInWith(makeToken: (nonce: string) => string, name = 'corp'): Promise<Answer> {
  const { nonce, finish } = await begin(name)
  provider.token = () => ({ body: { id_token: makeToken(nonce), access_token: 'of-the-provider' } })
  return finish()
}

const right = (nonce: string) => provider.idToken({ nonce })

test('control: a right ID token signs in', async () => {
  const answer = await signInWith(right)
  expect(sessionOf(answer)).toMatchObject({ name: 'Grace Hopper', roles: ['auditor'] })
  expect(answer.text, 'no token of the provider leaves the server').not.toContain('of-the-provider')
  const [form] = provider.asked.slice(-1)
  expect([...(form?.keys() ?? [])].toSorted()).toEqual([
    'client_id',
    'code',
    'code_verifier',
    'grant_type',
    'redirect_uri',
  ])
})

describe('an ID token is refused', () => {
  const attacks: Readonly<Record<string, (nonce: string) => string>> = {
    'with the nonce of another sign-in': () => provider.idToken({ nonce: 'x'.repeat(43) }),
    'without a nonce': () => provider.idToken(),
    'for another client': (nonce) => provider.idToken({ nonce, aud: 'another' }),
    'for others beside': (nonce) => provider.idToken({ nonce, aud: ['mayfly', 'another'], azp: 'mayfly' }),
    'without an audience': (nonce) => provider.idToken({ nonce, aud: undefined }),
    'with the audience in other case': (nonce) => provider.idToken({ nonce, aud: 'Mayfly' }),
    'given to another client': (nonce) => provider.idToken({ nonce, azp: 'another' }),
    'of another issuer': (nonce) => provider.idToken({ nonce, iss: `${provider.issuer}/` }),
    'without a subject': (nonce) => provider.idToken({ nonce, sub: undefined }),
    'with a blank subject': (nonce) => provider.idToken({ nonce, sub: ' ' }),
    'with a subject that is no text': (nonce) => provider.idToken({ nonce, sub: 7 }),
    'that is over': (nonce) => provider.idToken({ nonce, exp: seconds(-60) }),
    'that never ends': (nonce) => provider.idToken({ nonce, exp: undefined }),
    'of the future': (nonce) => provider.idToken({ nonce, iat: seconds(120), exp: seconds(400) }),
    'that was made long ago': (nonce) => provider.idToken({ nonce, iat: seconds(-3600) }),
    'signed with another key under the right name': (nonce) =>
      provider.idToken({ nonce }, { key: { ...makeIssuerKey('right'), kid: 'right' } }),
    'signed with a key that the provider does not know': (nonce) =>
      provider.idToken({ nonce }, { key: makeIssuerKey('unknown') }),
    'that brings its own key': (nonce) => {
      const own = makeIssuerKey('own')
      return provider.idToken({ nonce }, { key: own, header: { jwk: own.publicJwk, kid: undefined } })
    },
    'that is not signed': (nonce) => {
      const [, claims = ''] = provider.idToken({ nonce }).split('.')
      return `${encodePart({ alg: 'none', typ: 'JWT' })}.${claims}.`
    },
    'signed with the client secret': (nonce) => provider.hmacToken('a client secret', { nonce }),
    'signed with the public key as a secret': (nonce) =>
      provider.hmacToken(
        createPublicKey({ key: provider.key.publicJwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }),
        { nonce },
      ),
    'that is an access token': (nonce) => provider.idToken({ nonce }, { header: { typ: 'at+jwt' } }),
    'that is a logout token': (nonce) => provider.idToken({ nonce }, { header: { typ: 'logout+jwt' } }),
    'that says a claim twice': (nonce) => {
      const claims = `{"iss":"${provider.issuer}","sub":"grace","sub":"ada","aud":"mayfly","iat":${seconds(0)},"exp":${seconds(300)},"nonce":"${nonce}","groups":["readers"]}`
      return signJwt({ alg: 'ES256', typ: 'JWT', kid: 'right' }, claims, provider.key.privateKey)
    },
    'whose groups are one text': (nonce) => provider.idToken({ nonce, groups: 'platform-admins' }),
    'whose groups are not texts': (nonce) => provider.idToken({ nonce, groups: [['platform-admins']] }),
    'whose groups did not fit': (nonce) =>
      provider.idToken({ nonce, groups: undefined, _claim_names: { groups: 'src1' }, _claim_sources: { src1: {} } }),
    'whose groups were left out': (nonce) => provider.idToken({ nonce, groups: undefined, hasgroups: true }),
    'of an absurd size': (nonce) => provider.idToken({ nonce, padding: 'x'.repeat(70_000) }),
  }
  test.each(Object.entries(attacks))('%s', async (_name, makeToken) => {
    const answer = await signInWith(makeToken)
    expect([answer.status, answer.json['code'], answer.json['reason']], answer.text).toEqual([
      401,
      'sign_in_refused',
      'id_token_rejected',
    ])
  })
})

function seconds(fromNow: number): number {
  return Math.floor(server.clock.now().getTime() / 1000) + fromNow
}

test('one ID token gives one session, also where no nonce ties it to a sign-in', async () => {
  const token = provider.idToken()
  provider.token = () => ({ body: { id_token: token } })
  const [one, other] = [
    await server.start({ provider: 'corp', flow: 'device' }),
    await server.start({ provider: 'corp', flow: 'device' }),
  ]
  expect(sessionOf(await server.finish(one))).toMatchObject({ name: 'Grace Hopper' })
  const again = await server.finish(other)
  expect([again.status, again.json['reason']]).toEqual([401, 'id_token_rejected'])
})

test('an ID token of a browser is none of a device', async () => {
  provider.token = () => ({ body: { id_token: provider.idToken({ nonce: 'of-a-browser' }) } })
  const answer = await server.finish(await server.start({ provider: 'corp', flow: 'device' }))
  expect([answer.status, answer.json['reason']]).toEqual([401, 'id_token_rejected'])
})

test.each([
  [{ email_verified: false }, 'email_unverified'],
  [{ email_verified: 'true' }, 'email_unverified'],
  [{ email_verified: undefined }, 'email_unverified'],
  [{ email: undefined }, 'email_unverified'],
  [{ groups: ['unknown', 'Readers', 'readers '] }, 'no_rule'],
  [{ groups: [] }, 'no_rule'],
  [{ groups: undefined }, 'no_rule'],
])('a newcomer with %j is refused: %s', async (claims, reason) => {
  const answer = await signInWith((nonce) =>
    provider.idToken({ nonce, sub: 'newcomer', email: 'newcomer@example.org', ...claims }),
  )
  expect([answer.status, answer.json['reason']], answer.text).toEqual([401, reason])
  expect(answer.text, 'the groups of others are nobody’s business').not.toMatch(/platform-admins|"orders"/)
  const { items } = await people()
  expect(items.map((one) => one['name'])).not.toContain('newcomer')
})

async function people() {
  return server.change(async ({ tx }) => ({
    items: (await tx.query.selectFrom('person').selectAll().execute()) as unknown as Record<string, unknown>[],
  }))
}

describe('how the person authenticated at the provider', () => {
  beforeAll(() =>
    server.change((change) =>
      registerTrustProvider(change, {
        name: 'strict',
        kind: 'sign_in',
        settings: {
          issuer: provider.issuer,
          client_id: 'mayfly',
          rules,
          acr_values: ['phr'],
          amr: ['hwk', 'user'],
          max_authentication_age_seconds: 300,
        },
      }),
    ),
  )
  const strong = () => ({ sub: 'strong', email: 'strong@example.org', acr: 'phr', amr: ['user', 'hwk'] })
  test.each([
    ['another `acr`', { acr: 'pwd' }],
    ['an `acr` in other case', { acr: 'PHR' }],
    ['no `acr`', { acr: undefined }],
    ['too few methods', { amr: ['user'] }],
    ['methods as one text', { amr: 'user hwk' }],
    ['no time', { auth_time: undefined }],
    ['too long ago', { auth_time: 1 }],
  ])('%s is refused', async (_name, claims) => {
    const answer = await signInWith(
      (nonce) => provider.idToken({ nonce, ...strong(), auth_time: seconds(-10), ...claims }),
      'strict',
    )
    expect([answer.status, answer.json['reason']]).toEqual([401, 'id_token_rejected'])
  })
  test('control: strong and recent is taken, and asked for at the provider', async () => {
    const { started } = await begin('strict')
    const asked = new URL(String(started['authorization_url'])).searchParams
    expect([asked.get('acr_values'), asked.get('max_age')]).toEqual(['phr', '300'])
    const answer = await signInWith(
      (nonce) => provider.idToken({ nonce, ...strong(), auth_time: seconds(-10) }),
      'strict',
    )
    expect(sessionOf(answer)['roles']).toEqual(['auditor'])
  })
})

describe('what comes back with the browser', () => {
  test('another state is refused, and the sign-in is over', async () => {
    const { finish } = await begin()
    const asked = provider.asked.length
    const wrong = await finish({ state: 'x'.repeat(43) })
    expect([wrong.status, wrong.json['reason']]).toEqual([401, 'state_wrong'])
    expect(provider.asked.length, 'the code is not even shown to the provider').toBe(asked)
    expect((await finish()).status).toBe(404)
  })

  test('a response of another provider is refused', async () => {
    const { finish } = await begin()
    const answer = await finish({ iss: 'https://attacker.example' })
    expect([answer.status, answer.json['reason']]).toEqual([401, 'provider_mixed_up'])
    const { finish: finishRight, nonce } = await begin()
    provider.token = () => ({ body: { id_token: right(nonce) } })
    expect((await finishRight({ iss: provider.issuer })).status, 'control').toBe(200)
  })

  test('a provider that names itself must do so each time', async () => {
    await using naming = await startHostileProvider(() => server.clock.now())
    naming.metadata = { authorization_response_iss_parameter_supported: true }
    await server.change((change) =>
      registerTrustProvider(change, {
        name: 'naming',
        kind: 'sign_in',
        settings: { issuer: naming.issuer, client_id: 'mayfly', rules },
      }),
    )
    const silent = await begin('naming')
    expect((await silent.finish()).json['reason']).toBe('provider_mixed_up')
    const named = await begin('naming')
    naming.token = () => ({
      body: { id_token: naming.idToken({ nonce: named.nonce, sub: 'n', email: 'n@example.org' }) },
    })
    expect((await named.finish({ iss: naming.issuer })).status, 'control').toBe(200)
  })

  test('it is finished once, also by two at the same moment', async () => {
    const { finish, nonce } = await begin()
    provider.token = () => ({ body: { id_token: right(nonce) } })
    const asked = provider.asked.length
    const answers = await Promise.all([finish(), finish(), finish()])
    expect(answers.map((answer) => answer.status).toSorted((one, other) => one - other)).toEqual([200, 404, 404])
    expect(provider.asked.length - asked, 'a code is presented once').toBe(1)
  })

  test('a request without the code is told so, and costs nothing', async () => {
    const { started, finish, nonce } = await begin()
    const bare = await server.finish(started)
    expect([bare.status, bare.json['code']]).toEqual([400, 'request_invalid'])
    provider.token = () => ({ body: { id_token: right(nonce) } })
    expect((await finish()).status).toBe(200)
  })
})

describe('only whoever began it can finish it', () => {
  // Login CSRF and session fixation: the attacker knows the id, and one of both has completed the page at the provider.
  test('without the secret, or with that of another sign-in, there is nothing', async () => {
    const [victim, attacker] = [await begin(), await begin()]
    provider.token = () => ({ body: { id_token: right(victim.nonce) } })
    const asked = provider.asked.length
    const secret = { starter_secret: attacker.started['starter_secret'] }
    const stolen = await victim.finish(secret)
    const unknown = await server.ask('POST', '/v1/sign-ins/00000000-0000-7000-8000-00000000dead/complete', {
      ...secret,
      code: 'a-code',
      state: victim.state,
    })
    expect([stolen.status, unknown.status]).toEqual([404, 404])
    const said = ({ json: { request_id: _id, ...rest } }: Answer) => rest
    expect(said(stolen), 'there is no telling which').toEqual(said(unknown))
    expect(provider.asked.length).toBe(asked)
    expect((await victim.finish()).status, 'control: the victim’s own goes on').toBe(200)
  })

  test('a code of the attacker cannot be put under the victim’s sign-in', async () => {
    const [victim, attacker] = [await begin(), await begin()]
    provider.token = () => ({ body: { id_token: provider.idToken({ nonce: attacker.nonce, sub: 'attacker' }) } })
    const answer = await victim.finish({ code: 'of-the-attacker' })
    expect([answer.status, answer.json['reason']]).toEqual([401, 'id_token_rejected'])
  })

  test('what is kept meanwhile opens nothing', async () => {
    const { started, state, nonce } = await begin()
    const rows = await server.change(({ tx }) => tx.query.selectFrom('sign_in').selectAll().execute())
    const dump = JSON.stringify(rows)
    for (const secret of [started['starter_secret'], state, nonce]) expect(dump).not.toContain(String(secret))
    const sealed = rows.map((row) => row.sealed_material)
    expect(sealed.every((text) => text.startsWith('v1.'))).toBe(true)
  })
})

test('a sign-in that nobody finishes is over after ten minutes, and forgotten', async () => {
  const { finish } = await begin()
  server.clock.forward(601)
  const answer = await finish()
  expect([answer.status, answer.json['reason']]).toEqual([401, 'expired'])
})

test('a provider that was changed meanwhile begins anew', async () => {
  const { finish } = await begin()
  await server.change((change) =>
    changeTrustProvider(change, 'corp', {
      settings: { issuer: provider.issuer, client_id: 'mayfly', rules, clock_tolerance_seconds: 6 },
    }),
  )
  expect((await finish()).json['reason']).toBe('provider_changed')
  expect(sessionOf(await signInWith(right)), 'control').toMatchObject({ roles: ['auditor'] })
})

test('the issuer of a sign-in provider is fixed', async () => {
  const change = server.change((by) =>
    changeTrustProvider(by, 'corp', { settings: { issuer: 'https://attacker.example', client_id: 'mayfly', rules } }),
  )
  await expect(change).rejects.toMatchObject({ code: 'request_invalid' })
})

describe('what the provider answers', () => {
  const replies: readonly (readonly [string, Reply, number, string | undefined])[] = [
    ['that it does not know the code', { status: 400, body: { error: 'invalid_grant' } }, 401, 'code_rejected'],
    ['that it does not know the server', { status: 401, body: { error: 'invalid_client' } }, 502, undefined],
    ['without an ID token', { body: { access_token: 'x' } }, 502, undefined],
    ['no JSON', { body: '<html>' }, 502, undefined],
    ['JSON with a member twice', { body: '{"id_token":"a","id_token":"b"}' }, 502, undefined],
    ['too much', { body: 'x'.repeat(300_000) }, 502, undefined],
    ['somewhere else', { status: 302, location: 'http://169.254.169.254/' }, 502, undefined],
    ['an error of its own', { status: 500 }, 502, undefined],
  ]
  test.each(replies)('%s', async (_name, reply, status, reason) => {
    const { finish } = await begin()
    provider.token = () => reply
    const answer = await finish()
    expect([answer.status, answer.json['reason']], answer.text).toEqual([status, reason])
  })

  test.each([
    ['of another issuer', { issuer: 'https://attacker.example' }],
    ['without PKCE', { code_challenge_methods_supported: ['plain'] }],
    ['whose token endpoint is plain HTTP', { token_endpoint: 'http://provider.example/token' }],
    ['whose token endpoint is the metadata service', { token_endpoint: 'http://169.254.169.254/token' }],
  ])('a discovery document %s is refused', async (name, metadata) => {
    await using other = await startHostileProvider(() => server.clock.now())
    other.metadata = metadata
    const slug = name.replaceAll(/[^a-z]+/gi, '-').toLowerCase()
    await server.change((change) =>
      registerTrustProvider(change, {
        name: slug,
        kind: 'sign_in',
        settings: { issuer: other.issuer, client_id: 'mayfly' },
      }),
    )
    const answer = await server.ask('POST', '/v1/sign-ins', { provider: slug, flow: 'device' })
    expect([answer.status, answer.json['code']]).toEqual([502, 'sign_in_provider_unavailable'])
    expect(answer.text, 'the log says why, the caller not').not.toContain('169.254')
  })
})

describe('a code on another device', () => {
  test('that the provider wants asked less often is asked less often', async () => {
    const started = await server.start({ provider: 'corp', flow: 'device' })
    provider.token = () => ({ status: 400, body: { error: 'slow_down' } })
    expect((await server.finish(started)).json).toMatchObject({ state: 'pending', interval: 6 })
    const asked = provider.asked.length
    provider.token = () => ({ status: 400, body: { error: 'authorization_pending' } })
    server.clock.forward(5)
    expect((await server.finish(started)).json).toMatchObject({ state: 'pending', interval: 6 })
    expect(provider.asked.length, 'however impatient the client is').toBe(asked)
    server.clock.forward(1)
    const both = await Promise.all([server.finish(started), server.finish(started)])
    expect(both.map((answer) => answer.json['state'])).toEqual(['pending', 'pending'])
    expect(provider.asked.length, 'two that ask at once are one').toBe(asked + 1)
  })

  test('that ran out is over', async () => {
    const started = await server.start({ provider: 'corp', flow: 'device' })
    provider.token = () => ({ status: 400, body: { error: 'expired_token' } })
    expect((await server.finish(started)).json['reason']).toBe('expired')
    expect((await server.finish(started)).status).toBe(404)
  })

  test('that the person declines is over', async () => {
    await using real = await startOpenIdProvider()
    await server.change((change) =>
      registerTrustProvider(change, {
        name: 'real',
        kind: 'sign_in',
        settings: { issuer: real.issuer, client_id: 'mayfly' },
      }),
    )
    const started = await server.start({ provider: 'real', flow: 'device' })
    await openBrowser(real.issuer).decline(String(started['verification_uri']), String(started['user_code']))
    const answer = await server.finish(started)
    expect([answer.status, answer.json['reason']]).toEqual([401, 'denied'])
  })

  test('belongs to no sign-in by browser', async () => {
    const started = await server.start({ provider: 'corp', flow: 'device' })
    const answer = await server.finish(started, { code: 'x', state: 'y' })
    expect([answer.status, answer.json['code']]).toEqual([400, 'request_invalid'])
  })
})

test.each([
  [{ provider: 'nobody', flow: 'device' }, 404],
  [{ provider: 'corp', flow: 'code' }, 400],
  [{ provider: 'corp', flow: 'code', redirect_uri: 'https://attacker.example/callback' }, 400],
  [{ provider: 'corp', flow: 'code', redirect_uri: 'http://127.0.0.1:1/elsewhere' }, 400],
  [{ provider: 'corp', flow: 'code', redirect_uri: 'http://localhost:1/callback' }, 400],
  [{ provider: 'corp', flow: 'code', redirect_uri: 'http://127.0.0.1:1@attacker.example/callback' }, 400],
  [{ provider: 'corp', flow: 'device', redirect_uri: redirect }, 400],
  [{ provider: 'corp', flow: 'device', dpop_jkt: 'short' }, 400],
  [{ provider: 'corp', flow: 'device', tenant: 'nobody' }, 404],
])('%j does not begin', async (body, status) => {
  expect((await server.ask('POST', '/v1/sign-ins', body)).status).toBe(status)
})

test('an address begins a bounded number of sign-ins', async () => {
  await using bounded = await startPeopleServer({ signInsPerMinute: 3 })
  const statuses: number[] = []
  for (let count = 0; count < 4; count += 1) {
    statuses.push((await bounded.ask('POST', '/v1/sign-ins', { provider: 'corp', flow: 'device' })).status)
  }
  expect(statuses).toEqual([404, 404, 404, 429])
})
