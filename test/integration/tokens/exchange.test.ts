/** Token exchange (RFC 8693): who may act for whom, what comes of it, and what never does. */
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { suspendIdentity } from '../../../packages/server/src/application/registry/change-identity-state.ts'
import { registerOwner } from '../../../packages/server/src/application/registry/register-owner.ts'
import {
  addClient,
  askNonce,
  bearerToken,
  type Client,
  clientAssertion,
  dpopProof,
  makeDpopKey,
  subject as platformSubject,
} from '../oauth/oauth-fixture.ts'
import { registerWorkload } from '../proof/proof-server.ts'
import {
  accessTokenType,
  activatePolicies,
  addAda,
  addApi,
  askFor,
  askToken,
  declareTask,
  exchange,
  exchangeGrant,
  idTokenType,
  introspect,
  jwtType,
  openTokensWorld,
  ordersUri,
  stockUri,
  tokenOf,
  type TokensWorld,
  verify,
  verifyLog,
} from './tokens-fixture.ts'

let world: TokensWorld
beforeAll(async () => {
  world = await openTokensWorld()
  await world.server.change((change) =>
    registerOwner(change, { name: 'other-team', contact: '#other', primary: 'ada@example.org' }),
  )
})
afterAll(() => world[Symbol.asyncDispose]())

const spiffeId = ({ name }: Client) => `spiffe://example.org/development/service/${name}`
const forOrders = { resource: ordersUri, scope: 'reader' }
const forStock = { resource: stockUri }

describe('delegation', () => {
  test('[RFC8693 4.1] a service acts for its caller: sub is the caller, act the service, and both live', async () => {
    const { server, web, orders, stock } = world
    const handed = tokenOf(await askFor(server, web, forOrders))
    const answer = await exchange(server, orders, handed, forStock)
    expect(answer.body).toMatchObject({
      issued_token_type: accessTokenType,
      token_type: 'Bearer',
      expires_in: expect.any(Number),
      scope: 'stock:read',
    })
    const { payload } = await verify(server, tokenOf(answer), stockUri)
    expect(payload).toMatchObject({
      sub: spiffeId(web),
      client_id: orders.identityId,
      act: { sub: spiffeId(orders) },
      aud: [stockUri, 'stock'],
    })
    expect(Number(payload.exp)).toBeLessThanOrEqual(Number(decodeJwt(handed).exp))
    expect(await introspect(server, stock, tokenOf(answer))).toMatchObject({
      active: true,
      sub: spiffeId(web),
      act: { sub: spiffeId(orders) },
    })
  })

  test('[RFC8693 4.1] acting in turn nests, the newest outside; more than four is refused', async () => {
    const { server, web, orders, stock } = world
    await addApi(server, 'chain-api', { audience: ['https://chain.example'] }, { one: ['chain'] })
    const chain = { resource: 'https://chain.example' }
    const first = tokenOf(await exchange(server, orders, tokenOf(await askFor(server, web, forOrders)), forStock))
    const second = tokenOf(await exchange(server, stock, first, chain))
    expect(decodeJwt(second)).toMatchObject({
      sub: spiffeId(web),
      act: { sub: spiffeId(stock), act: { sub: spiffeId(orders) } },
    })
    const again = tokenOf(await exchange(server, stock, second, chain))
    expect(decodeJwt(again)['act'], 'whoever acts already does not act twice').toEqual(decodeJwt(second)['act'])
    const third = tokenOf(await exchange(server, orders, second, chain))
    const fourth = tokenOf(await exchange(server, stock, third, chain))
    const fifth = await exchange(server, orders, fourth, chain)
    expect([fifth.status, fifth.body['error']]).toEqual([400, 'invalid_request'])
    const entry = (await server.entries()).findLast(({ action }) => action === 'credential.issued')
    expect(entry).toMatchObject({ body: { on_behalf_of: { kind: 'identity', id: web.identityId, chain_length: 4 } } })
  })

  test('[RFC8693 2.1] the actor may show itself by actor_token, and a bound one needs its key', async () => {
    const { server, web, orders } = world
    const subjectToken = await bearerToken(server, web)
    const ask = (actorToken: string, headers = {}, more = {}) =>
      askToken(
        server,
        {
          grant_type: exchangeGrant,
          subject_token: subjectToken,
          subject_token_type: accessTokenType,
          actor_token: actorToken,
          actor_token_type: accessTokenType,
          ...forStock,
          ...more,
        },
        headers,
      )
    const answer = await ask(await bearerToken(server, orders))
    expect(decodeJwt(tokenOf(answer))).toMatchObject({ sub: spiffeId(web), act: { sub: spiffeId(orders) } })

    const key = await makeDpopKey()
    const url = `${server.url}/oauth/token`
    const proof = async () => dpopProof(server, key, { url, nonce: await askNonce(server, key) })
    const own = { grant_type: 'client_credentials', ...(await clientAssertion(server, orders)) }
    const bound = tokenOf(await askToken(server, own, { dpop: await proof() }))
    expect((await ask(bound)).body['error'], 'stolen without its key').toBe('invalid_request')
    const proven = await ask(bound, { dpop: await proof() })
    expect(proven.body['token_type']).toBe('DPoP')
    expect(decodeJwt(tokenOf(proven))['cnf'], 'what comes of it is bound to the actor').toEqual({ jkt: key.jkt })

    const another = await ask(await bearerToken(server, orders), {}, await clientAssertion(server, web))
    expect(another.body['error'], 'the actor is the client').toBe('invalid_request')
    const alone = await ask(await bearerToken(server, orders), {}, { actor_token_type: '' })
    expect(alone.body['error'], 'a token without its type').toBe('invalid_request')
  })

  test('a person is acted for by a service of theirs, and by no other', async () => {
    const { server, orders } = world
    const ada = await addAda(server)
    const token = await bearerToken(server, ada)
    const answer = await exchange(server, orders, token, forStock)
    expect(decodeJwt(tokenOf(answer))).toMatchObject({
      sub: `person:${ada.identityId}`,
      act: { sub: spiffeId(orders) },
    })
    const agent = await addClient(server, 'helpful-agent', { kind: 'agent' })
    const byAgent = await exchange(server, agent, token, forStock)
    expect(byAgent.status, 'an agent is handed nothing').toBe(400)
    const self = await askToken(server, {
      grant_type: exchangeGrant,
      subject_token: token,
      subject_token_type: accessTokenType,
      ...forStock,
    })
    expect(self.body['error'], 'and a person holds no credential').toBe('unauthorized_client')
  })

  test('[RFC8693 4.4] the token of a platform is a proof, counts once, and its may_act is kept to', async () => {
    const { server, issuer, orders, stock } = world
    const build = await registerWorkload(server, { name: 'build', trustProvider: 'builds', subject: platformSubject })
    const platformToken = (claims: Record<string, unknown> = {}) => issuer.token(claims)
    const subject = { subject_token_type: idTokenType, ...forStock }
    const token = platformToken()
    const answer = await exchange(server, orders, token, subject)
    expect(decodeJwt(tokenOf(answer))).toMatchObject({
      sub: 'spiffe://example.org/development/service/build',
      act: { sub: spiffeId(orders) },
    })
    const again = await exchange(server, orders, token, subject)
    expect(again.body).toMatchObject({ error: 'invalid_request', reason: 'proof_replayed' })

    const mayAct = { may_act: { sub: spiffeId(stock) } }
    const refused = await exchange(server, orders, platformToken(mayAct), subject)
    expect(refused.body['error']).toBe('invalid_request')
    const permitted = await exchange(server, stock, platformToken(mayAct), { ...subject, subject_token_type: jwtType })
    expect(decodeJwt(tokenOf(permitted))['act'], 'control: the one that it names').toEqual({ sub: spiffeId(stock) })
    for (const empty of [{ sub: '' }, {}, 'orders', { sub: spiffeId(orders), iss: 'https://elsewhere.example' }]) {
      const answer = await exchange(server, orders, platformToken({ may_act: empty }), subject)
      expect(answer.body['error']).toBe('invalid_request')
    }
    const policies =
      '@id("no-builds") forbid (principal == Identity::"build", action == Action::"token.issue", resource);'
    await activatePolicies(server, policies)
    const denied = await exchange(server, orders, platformToken(), subject)
    expect(denied.body, 'it is not the client that is denied').toMatchObject({
      error: 'invalid_request',
      decision_id: expect.any(String),
    })
    await activatePolicies(server, '')
    expect((await exchange(server, orders, platformToken(), subject)).status, 'control: without it').toBe(200)
    expect(build.name).toBe('build')
  })
})

describe('what bounds it', () => {
  test('the subject must be permitted the very same role', async () => {
    const { server, orders } = world
    const job = await addClient(server, 'other-job', { owner: 'other-team' })
    const refused = await exchange(server, orders, await bearerToken(server, job), forStock)
    expect(refused.body).toMatchObject({ error: 'invalid_request', decision_id: expect.any(String) })
    await activatePolicies(
      server,
      `@id("for-other-job") permit (principal is Identity, action == Action::"token.exchange", resource == Identity::"other-job");`,
    )
    const still = await exchange(server, orders, await bearerToken(server, job), forStock)
    expect(still.body['error'], 'it may be acted for, and has not the role').toBe('invalid_target')
    await activatePolicies(
      server,
      `@id("for-other-job") permit (principal is Identity, action == Action::"token.exchange", resource == Identity::"other-job");
       @id("other-job-reads-stock") permit (principal == Identity::"other-job", action == Action::"credential.issue", resource == Role::"stock-api/reader");`,
    )
    const both = await exchange(server, orders, await bearerToken(server, job), forStock)
    expect(both.status, 'control: both are permitted').toBe(200)
  })

  test('policies see for whom it is, and how many hands it went through', async () => {
    const { server, web, orders } = world
    await activatePolicies(
      server,
      `@id("not-for-web") forbid (principal, action == Action::"credential.issue", resource is Role)
       when { context has on_behalf_of && context.on_behalf_of has identity && context.on_behalf_of.identity == Identity::"orders-web" };`,
    )
    const refused = await exchange(server, orders, await bearerToken(server, web), forStock)
    expect(refused.body).toMatchObject({ reasons: [{ code: 'policy_forbids', policy: 'not-for-web' }] })
    expect((await askFor(server, web, forStock)).status, 'control: for itself').toBe(200)
    await activatePolicies(
      server,
      `@id("no-chains") forbid (principal, action == Action::"credential.issue", resource is Role) when { context.chain_length > 0 };`,
    )
    expect((await exchange(server, orders, await bearerToken(server, web), forStock)).status).toBe(400)
    await activatePolicies(server, '')
    expect((await exchange(server, orders, await bearerToken(server, web), forStock)).status, 'control').toBe(200)
  })

  test('in production the subject needs a task of its own that names the role', async () => {
    const { server } = world
    const production = { environment: 'production' } as const
    await addApi(server, 'front-api', { audience: ['https://front.example'] }, { user: ['front'] }, production)
    await addApi(server, 'back-api', { audience: ['https://back.example'] }, { user: ['back'] }, production)
    const caller = await addClient(server, 'prod-caller', production)
    const front = await addClient(server, 'prod-front', production)
    const task = await declareTask(server, front, 'back-api/user')
    const back = { resource: 'https://back.example', task_id: task }
    const own = await exchange(server, front, await bearerToken(server, caller), back)
    expect(own.body, 'the caller has no task').toMatchObject({
      reasons: expect.arrayContaining([{ code: 'policy_forbids', policy: 'production-only-within-a-task' }]),
    })
    const callersTask = await declareTask(server, caller, 'front-api/user', 'back-api/user')
    const handed = tokenOf(await askFor(server, caller, { resource: 'https://front.example', task_id: callersTask }))
    const answer = await exchange(server, front, handed, back)
    expect(decodeJwt(tokenOf(answer))).toMatchObject({
      sub: 'spiffe://example.org/production/service/prod-caller',
      mayfly_task: task,
    })
  })

  test('[RFC8693 2.2.2] a subject token that has ended, is forged, or is of a type unheard of is an invalid request', async () => {
    const { server, web, orders } = world
    const token = await bearerToken(server, web)
    const ended = await addClient(server, 'ended-service')
    const endedToken = await bearerToken(server, ended)
    await server.change((change) => suspendIdentity(change, ended.name, {}))
    const forged = `${token.slice(0, -6)}AAAAAA`
    for (const [subject, more] of [
      [endedToken, {}],
      [forged, {}],
      ['nonsense', {}],
      [token, { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' }],
      [token, { subject_token_type: idTokenType }],
      [token, { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }],
    ] as const) {
      const answer = await exchange(server, orders, subject, { ...forStock, ...more })
      expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_request'])
    }
    expect((await exchange(server, orders, token, forStock)).status, 'control').toBe(200)
  })

  test('[RFC8693 2.1] no exchange gives a token for Mayfly itself, so that nothing delegated can govern', async () => {
    const { server, web, orders } = world
    const token = await bearerToken(server, web)
    for (const target of [{}, { resource: server.url }, { audience: server.url }]) {
      const answer = await exchange(server, orders, token, target)
      expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_target'])
    }
    const delegated = tokenOf(await exchange(server, orders, token, forStock))
    const asCaller = await fetch(`${server.url}/v1/who`, { headers: { authorization: `Bearer ${delegated}` } })
    expect(asCaller.status).toBe(401)
    const asActor = await exchange(server, orders, token, {
      ...forStock,
      actor_token: delegated,
      actor_token_type: accessTokenType,
    })
    expect(asActor.body['error'], 'nor does it say who asks').toBe('invalid_request')
  })
})

describe('for oneself', () => {
  test('[RFC8693 2.1] a client exchanges its own access token, without a new proof, and nobody acts', async () => {
    const { server, web } = world
    const own = await bearerToken(server, web)
    const answer = await askToken(server, {
      grant_type: exchangeGrant,
      subject_token: own,
      subject_token_type: accessTokenType,
      requested_token_type: jwtType,
      ...forStock,
    })
    expect(answer.body).toMatchObject({ issued_token_type: jwtType, token_type: 'N_A' })
    const claims = decodeJwt(tokenOf(answer))
    expect(claims).toMatchObject({ sub: spiffeId(web), client_id: web.identityId })
    expect(claims).not.toHaveProperty('act')
    expect(Number(claims.exp)).toBeLessThanOrEqual(Number(decodeJwt(own).exp))
  })

  test('whoever was shown a token cannot exchange it in the name of who sent it', async () => {
    const { server, web } = world
    const handed = tokenOf(await askFor(server, web, forOrders))
    const answer = await askToken(server, {
      grant_type: exchangeGrant,
      subject_token: handed,
      subject_token_type: accessTokenType,
      ...forStock,
    })
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_request'])
  })
})

test('the log explains every row of this suite', async () => {
  const { findings } = await verifyLog(world.server)
  expect(findings.filter(({ table }) => table === 'credential')).toEqual([])
})
