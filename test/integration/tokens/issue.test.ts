/** Tokens for another audience, as any grant gives them. */
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addClient, askNonce, bearerToken, dpopProof, makeDpopKey } from '../oauth/oauth-fixture.ts'
import {
  addApi,
  askFor,
  credentialIdOf,
  declareTask,
  introspect,
  openTokensWorld,
  ordersUri,
  statusOf,
  stockUri,
  tokenOf,
  type TokensWorld,
  verify,
  verifyLog,
} from './tokens-fixture.ts'

let world: TokensWorld
beforeAll(async () => {
  world = await openTokensWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

test('[RFC8707 2] a client that names a resource gets a token for it, which jose verifies by our metadata alone', async () => {
  const { server, web, orders } = world
  const answer = await askFor(server, web, { resource: ordersUri, scope: 'reader' })
  expect(answer.body).toMatchObject({ token_type: 'Bearer', expires_in: expect.any(Number), scope: 'orders:read' })
  const token = tokenOf(answer)
  const { payload, protectedHeader } = await verify(server, token, ordersUri)
  expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) })
  expect(payload).toEqual({
    iss: server.url,
    sub: 'spiffe://example.org/development/service/orders-web',
    aud: ordersUri,
    client_id: web.identityId,
    scope: 'orders:read',
    iat: expect.any(Number),
    exp: expect.any(Number),
    jti: answer.body['credential_id'],
    status: { status_list: { idx: expect.any(Number), uri: expect.stringContaining('/oauth/status-lists/') } },
  })
  expect(Number(payload.exp) - Number(payload.iat)).toBeLessThanOrEqual(300)
  await expect(verify(server, token, stockUri), 'control: the audience is looked at').rejects.toThrow('aud')
  expect(await statusOf(server, token)).toBe(0)
  expect(await introspect(server, orders, token)).toMatchObject({
    active: true,
    sub: payload.sub,
    aud: ordersUri,
    iss: server.url,
    scope: 'orders:read',
    client_id: web.identityId,
    exp: payload.exp,
    iat: payload.iat,
    jti: payload.jti,
  })
})

test('[RFC8707 2.1] several names are granted together only where one resource has them all', async () => {
  const { server, web } = world
  const both = await askFor(server, web, { audience: ['stock', stockUri] })
  expect(decodeJwt(tokenOf(both)).aud).toEqual([stockUri, 'stock'])
  const mixed = await askFor(server, web, { resource: [ordersUri, stockUri] })
  expect([mixed.status, mixed.body['error']]).toEqual([400, 'invalid_target'])
  const own = await askFor(server, web, { resource: [server.url, stockUri] })
  expect([own.status, own.body['error']], 'nor together with Mayfly itself').toEqual([400, 'invalid_target'])
})

test.each([
  ['an unknown one', 'https://unknown.example', 'invalid_target'],
  ['a fragment', `${ordersUri}#part`, 'invalid_target'],
  ['no URI', 'orders', 'invalid_target'],
  ['a longer one', `${ordersUri}/`, 'invalid_target'],
  ['another case', ordersUri.toUpperCase(), 'invalid_target'],
])('[RFC8707 2] as a resource, %s is refused', async (_what, resource, error) => {
  const answer = await askFor(world.server, world.web, { resource, scope: 'reader' })
  expect([answer.status, answer.body['error']]).toEqual([400, error])
})

test('a resource of one role needs no scope, one of several does, and a token carries one role', async () => {
  const { server, web } = world
  expect((await askFor(server, web, { resource: stockUri })).body['scope']).toBe('stock:read')
  for (const scope of [{}, { scope: 'owner' }, { scope: 'reader writer' }, { scope: 'Reader' }]) {
    const answer = await askFor(server, web, { resource: ordersUri, ...scope })
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_scope'])
  }
  const named = await askFor(server, web, { audience: 'orders-api', scope: 'orders-api/writer' })
  expect(named.body['scope'], 'control').toBe('orders:write')
})

test('without a target a token is for Mayfly, and a token for another audience opens nothing here', async () => {
  const { server, web } = world
  const own = tokenOf(await askFor(server, web, { resource: server.url }))
  expect(decodeJwt(own).aud).toBe(server.url)
  const other = tokenOf(await askFor(server, web, { resource: stockUri }))
  const ask = (token: string) => fetch(`${server.url}/v1/who`, { headers: { authorization: `Bearer ${token}` } })
  expect((await ask(other)).status).toBe(401)
  expect((await ask(own)).status, 'control').toBe(200)
  const scoped = await askFor(server, web, { scope: 'orders-api/reader' })
  expect(scoped.body['error']).toBe('invalid_scope')
})

test('[RFC9396 7] authorization_details are granted, and told in the answer, the token and by introspection', async () => {
  const { server, web, orders } = world
  await addApi(
    server,
    'report-api',
    { audience: ['https://report.example'] },
    { maker: { permission: { scopes: ['report:make'] }, parameters: { region: { one_of: ['eu', 'us'] } } } },
  )
  const details = (more: object) => ({
    authorization_details: JSON.stringify([{ type: 'mayfly_role', identifier: 'report-api/maker', ...more }]),
  })
  const answer = await askFor(
    server,
    web,
    details({ parameters: { region: 'eu' }, locations: ['https://report.example'] }),
  )
  const granted = [
    {
      type: 'mayfly_role',
      identifier: 'report-api/maker',
      locations: ['https://report.example'],
      parameters: { region: 'eu' },
    },
  ]
  expect(answer.body['authorization_details']).toEqual(granted)
  expect(decodeJwt(tokenOf(answer))['authorization_details']).toEqual(granted)
  expect((await introspect(server, orders, tokenOf(answer)))['authorization_details']).toEqual(granted)

  for (const more of [
    { parameters: { region: 'moon' } },
    {},
    { parameters: { region: 'eu' }, locations: [ordersUri] },
  ]) {
    const refused = await askFor(server, web, details(more))
    expect([refused.status, refused.body['error']]).toEqual([400, 'invalid_authorization_details'])
  }
  const unknown = await askFor(server, web, {
    authorization_details: JSON.stringify([{ type: 'mayfly_role', identifier: 'report-api/owner' }]),
  })
  expect(unknown.body['error']).toBe('invalid_authorization_details')
  const plain = await askFor(server, web, { resource: stockUri })
  expect(plain.body, 'control: who did not ask by them hears nothing of them').not.toHaveProperty(
    'authorization_details',
  )
})

test('a denial has the code of an unknown role, its decision, and no name of the resource', async () => {
  const { server, web } = world
  await addApi(server, 'vault-api', { audience: ['https://vault.example'] }, { root: ['all'] }, { reach: 'admin' })
  const denied = await askFor(server, web, { resource: 'https://vault.example', scope: 'root' })
  expect(denied.status).toBe(400)
  expect(denied.body).toMatchObject({
    error: 'invalid_scope',
    decision_id: expect.any(String),
    reasons: expect.any(Array),
  })
  expect(JSON.stringify(denied.body)).not.toContain('vault-api')
  const unknown = await askFor(server, web, { resource: 'https://vault.example', scope: 'nothing' })
  expect(unknown.body['error']).toBe('invalid_scope')
})

test('in production a token is issued within a task, and says which', async () => {
  const { server } = world
  await addApi(
    server,
    'pay-api',
    { audience: ['https://pay.example'] },
    { payer: ['pay'] },
    { environment: 'production' },
  )
  const payer = await addClient(server, 'pay-service', { environment: 'production' })
  const target = { resource: 'https://pay.example' }
  const without = await askFor(server, payer, target)
  expect(without.body).toMatchObject({
    error: 'invalid_target',
    reasons: expect.arrayContaining([{ code: 'policy_forbids', policy: 'production-only-within-a-task' }]),
  })
  const taskId = await declareTask(server, payer, 'pay-api/payer')
  const token = tokenOf(await askFor(server, payer, { ...target, task_id: taskId }))
  expect(decodeJwt(token)['mayfly_task']).toBe(taskId)
  const malformed = await askFor(server, payer, { ...target, task_id: 'today' })
  expect(malformed.body['error']).toBe('invalid_request')
})

test('[RFC9449 5] with a DPoP proof the token is bound to its key, and a policy can demand it', async () => {
  const { server, web, orders } = world
  const key = await makeDpopKey()
  const url = `${server.url}/oauth/token`
  const dpop = await dpopProof(server, key, { url, nonce: await askNonce(server, key) })
  const answer = await askFor(server, web, { resource: stockUri }, { dpop })
  expect(answer.body['token_type']).toBe('DPoP')
  expect(decodeJwt(tokenOf(answer))['cnf']).toEqual({ jkt: key.jkt })
  expect(await introspect(server, orders, tokenOf(answer))).toMatchObject({ token_type: 'DPoP', cnf: { jkt: key.jkt } })
  const bearer = await askFor(server, web, { resource: stockUri })
  expect(decodeJwt(tokenOf(bearer)), 'control').not.toHaveProperty('cnf')
})

test('static claims stand in the token, and cannot stand for what the issuer says itself', async () => {
  const { server, web } = world
  await addApi(
    server,
    'claims-api',
    { audience: ['https://claims.example'], claims: { department: 'orders', level: 2 }, typ: 'JWT' },
    { one: { permission: { scopes: [], claims: { level: 3 } } } },
  )
  const token = tokenOf(await askFor(server, web, { resource: 'https://claims.example' }))
  const { payload } = await verify(server, token, 'https://claims.example', 'JWT')
  expect(payload).toMatchObject({ department: 'orders', level: 3 })
  expect(payload).not.toHaveProperty('scope')
  for (const claims of [{ sub: 'spiffe://example.org/other' }, { mayfly_task: 'x' }, { ACT: 'x' }, { may_act: 'x' }]) {
    await expect(addApi(server, 'bad-api', { audience: ['https://bad.example'], claims }, {})).rejects.toThrow(
      'request_invalid',
    )
  }
})

test('no resource makes tokens for Mayfly itself', async () => {
  const { server, web } = world
  await addApi(server, 'self-api', { audience: [server.url] }, { one: ['all'] })
  await addApi(server, 'near-api', { audience: [`${server.url}/v1`] }, { one: ['all'] })
  const named = await askFor(server, web, { audience: 'self-api' })
  expect(named.body['error']).toBe('invalid_target')
  const near = await askFor(server, web, { resource: `${server.url}/v1` })
  expect(near.body['error']).toBe('invalid_target')
})

test('who asks too often is put off, and the place in the list is not lost', async () => {
  await using small = await openTokensWorld({ limits: { tokensPerMinute: 2 }, statusListSize: 512 })
  const { server, web } = small
  const ask = () => askFor(server, web, { resource: stockUri })
  expect([(await ask()).status, (await ask()).status, (await ask()).status]).toEqual([200, 200, 429])
})

test('one entry tells of a token, with its row; verified from the log alone', async () => {
  const { server, web } = world
  const token = tokenOf(await askFor(server, web, { resource: stockUri }))
  const entries = (await server.entries()).filter(({ subject }) => {
    return (subject as { credential_id?: string }).credential_id === credentialIdOf(token)
  })
  expect(entries.map(({ action }) => action)).toEqual(['credential.issued'])
  expect(JSON.stringify(entries)).not.toContain(token)
  const { findings } = await verifyLog(server)
  expect(findings.filter(({ table }) => table === 'credential')).toEqual([])
  expect(await bearerToken(server, web), 'control: another token is no credential').toMatch(/^ey/)
})
