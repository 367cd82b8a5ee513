/** Host agents vouch for processes; what they vouched for ends with their own proof, at once. */
import { randomUUID } from 'node:crypto'
import { defaultTenantId } from '@mayfly/domain'
import { readEvents } from '@mayfly/client'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { loadFacts } from '../../../packages/server/src/application/decision/load-facts.ts'
import { runLapses } from '../../../packages/server/src/application/proof/run-lapses.ts'
import { changeBinding } from '../../../packages/server/src/application/registry/change-binding.ts'
import { suspendIdentity } from '../../../packages/server/src/application/registry/change-identity-state.ts'
import { registerBinding } from '../../../packages/server/src/application/registry/register-binding.ts'
import { registerTrustProvider } from '../../../packages/server/src/application/registry/register-trust-provider.ts'
import { retireTrustProvider } from '../../../packages/server/src/application/registry/change-trust-provider.ts'
import { requestRevocation } from '../../../packages/server/src/application/revocation/request-revocation.ts'
import { createTestDatabase } from '../../support/index.ts'
import { proveWithKey, registerBoundKeys, registerWorkload, startProofServer } from './proof-server.ts'

type Server = Awaited<ReturnType<typeof startProofServer>>

const reporter = ['unix:uid:1000', 'unix:gid:1000', 'unix:path:/usr/bin/report', 'unix:sha256:' + 'a'.repeat(64)]

async function startHost(
  options: {
    agentFreshSeconds?: number
    settings?: object
    store?: Awaited<ReturnType<typeof createTestDatabase>>
  } = {},
) {
  const server = await startProofServer({
    proving: true,
    ...(options.store === undefined ? {} : { store: options.store }),
  })
  await registerBoundKeys(server, options.agentFreshSeconds ?? 3600)
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const agent = await registerWorkload(server, {
    name: 'web-host-1',
    trustProvider: 'keys',
    publicJwk: await exportJWK(publicKey),
  })
  await server.change((change) =>
    registerTrustProvider(change, {
      name: 'hosts',
      kind: 'host_agent',
      settings: { agents: ['web-host-1'], ...options.settings },
      freshForSeconds: 7200,
    }),
  )
  const workload = await registerWorkload(server, {
    name: 'report',
    trustProvider: 'hosts',
    subject: 'unix:uid:1000',
    claims: { 'unix:path': '/usr/bin/report', 'unix:sha256': 'a'.repeat(64) },
  })
  const login = async () => {
    const iat = Math.floor(server.clock.now().getTime() / 1000)
    const claims = { iss: 'web-host-1', sub: 'web-host-1', aud: server.url, iat, exp: iat + 60, jti: randomUUID() }
    const assertion = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(privateKey)
    const { body } = await proveWithKey(server, assertion)
    return { token: String(body['access_token']), attestationId: String(body['attestation_id']) }
  }
  return { server, agent, workload, login, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

async function vouch(server: Server, token: string, selectors: readonly string[], more: object = {}) {
  const answer = await fetch(`${server.url}/v1/host/attestations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ selectors, instance: 'boot/4711/99', ...more }),
  })
  const body = (await answer.json()) as {
    items?: { attestation_id: string; identity: string; fresh_until: string; spiffe_id: string }[]
  }
  return { status: answer.status, body: body as typeof body & Record<string, unknown>, items: body.items ?? [] }
}

async function attestation(server: Server, id: string | undefined) {
  return server.change(({ tx }) =>
    tx.query
      .selectFrom('attestation')
      .selectAll()
      .where('attestation_id', '=', (id ?? '') as never)
      .executeTakeFirstOrThrow(),
  )
}

test('a process is every identity whose binding fits all of it, and no other', async () => {
  await using at = await startHost()
  const { server } = at
  await registerWorkload(server, { name: 'any-of-uid', trustProvider: 'hosts', subject: 'unix:uid:1000' })
  await registerWorkload(server, {
    name: 'other-path',
    trustProvider: 'hosts',
    subject: 'unix:uid:1000',
    claims: { 'unix:path': '/usr/bin/other' },
  })
  await registerWorkload(server, { name: 'other-uid', trustProvider: 'hosts', subject: 'unix:uid:1001' })
  const { token, attestationId } = await at.login()
  const vouched = await vouch(server, token, reporter)
  expect(vouched.status).toBe(201)
  expect(vouched.items.map((item) => item.identity)).toEqual(['any-of-uid', 'report'])
  const row = await attestation(server, vouched.items[1]?.attestation_id)
  expect(row).toMatchObject({
    vouched_by_attestation_id: attestationId,
    host_identity_id: at.agent.identityId,
    strength: 'bound_key',
    instance: `${at.agent.identityId}/boot/4711/99`,
    claims: { policy_claims: { 'unix:path': '/usr/bin/report', host: 'web-host-1' } },
  })
  const own = await attestation(server, attestationId)
  expect(row.fresh_until, 'no fresher than the agent itself').toEqual(own.fresh_until)
  expect(vouched.body['entry']).toMatchObject({ entry_id: expect.any(String) })

  const nobody = await vouch(server, token, ['unix:uid:1002'])
  expect(nobody.status).toBe(401)
  expect(nobody.body).toMatchObject({ code: 'proof_rejected' })
})

test('an agent hears that the server is there every few seconds, also where nothing happens', async () => {
  await using at = await startHost()
  const { token } = await at.login()
  const over = new AbortController()
  const answer = await fetch(`${at.server.url}/v1/host/events`, {
    headers: { authorization: `Bearer ${token}` },
    signal: over.signal,
  })
  const heardAtMs: number[] = []
  for await (const chunk of answer.body ?? []) {
    if (Buffer.from(chunk).toString().includes(': still here')) heardAtMs.push(performance.now())
    if (heardAtMs.length === 3) break
  }
  const [first = 0, , third = 0] = heardAtMs
  // Half of the silence after which an agent takes it for away, for two of them.
  expect(third - first).toBeLessThan(10_000)
  over.abort()
})

test('hostile selectors and strange agents are refused', async () => {
  await using at = await startHost()
  const { server } = at
  const { token } = await at.login()
  const twice = await vouch(server, token, ['unix:uid:1000', 'unix:uid:0', 'unix:path:/usr/bin/report'])
  expect(twice.body, 'a process has one uid').toMatchObject({ code: 'proof_rejected' })
  expect((await vouch(server, token, ['unix:uid:1000', 'made:up'])).status).toBe(401)
  expect(
    (
      await vouch(
        server,
        token,
        Array.from({ length: 101 }, (_, at) => `unix:uid:${at}`),
      )
    ).status,
  ).toBe(400)
  expect((await vouch(server, token, [`unix:path:/${'x'.repeat(1_000)}`])).status).toBe(400)
  expect((await vouch(server, token, reporter, { instance: 'a b' })).status).toBe(400)
  expect((await vouch(server, token, reporter, { trust_provider: 'another' })).status).toBe(401)

  // Another identity, proven as well, that no trust provider names.
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  await registerWorkload(server, { name: 'stranger', trustProvider: 'keys', publicJwk: await exportJWK(publicKey) })
  const iat = Math.floor(server.clock.now().getTime() / 1000)
  const claims = { iss: 'stranger', sub: 'stranger', aud: server.url, iat, exp: iat + 60, jti: randomUUID() }
  const { body } = await proveWithKey(
    server,
    await new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(privateKey),
  )
  const strange = await vouch(server, String(body['access_token']), reporter)
  expect(strange.status).toBe(401)
  expect(strange.body['detail']).toContain('no host agent')
  expect((await vouch(server, token, reporter)).status, 'control').toBe(201)
})

test('a trust provider may ask for more selectors, and refuses bindings without', async () => {
  await using at = await startHost({ settings: { require_selectors: ['unix:path', 'unix:sha256'] } })
  const bind = (claims: Record<string, string>) =>
    at.server.change((change) =>
      registerBinding(change, { trustProvider: 'hosts', identity: 'report', subject: 'unix:uid:7', claims }),
    )
  await expect(bind({ 'unix:path': '/x' })).rejects.toMatchObject({
    code: 'request_invalid',
    options: { publicDetail: expect.stringContaining('unix:sha256') },
  })
  await expect(bind({ 'unix:path': '/bin/*', 'unix:sha256': 'a'.repeat(64) })).rejects.toMatchObject({
    code: 'request_invalid',
  })
  await expect(bind({ 'unix:path': 'relative', 'unix:sha256': 'a'.repeat(64) })).rejects.toMatchObject({
    code: 'request_invalid',
  })
  await bind({ 'unix:path': '/x', 'unix:sha256': 'a'.repeat(64) })
})

/** Each ends the agent's own proof; all that it vouched for ends in the same transaction. */
const ends: Record<string, (at: Awaited<ReturnType<typeof startHost>>, attestationId: string) => Promise<unknown>> = {
  'its proof is revoked': ({ server }, id) =>
    server.change(({ tx, now }) =>
      requestRevocation(tx, {
        selector: { kind: 'attestation', id },
        cause: 'requested_by_operator',
        requestedBy: { kind: 'system', id: 'test' },
        now,
      }),
    ),
  'it is suspended': ({ server, agent }) => server.change((change) => suspendIdentity(change, agent.identityId, {})),
  'its trust provider is retired': ({ server }) => server.change((change) => retireTrustProvider(change, 'keys', {})),
  'its key is another': ({ server, agent }) =>
    server.change(async (change) =>
      changeBinding(change, agent.bindingId, {
        publicJwk: await exportJWK((await generateKeyPair('ES256', { extractable: true })).publicKey),
      }),
    ),
  'the host is revoked': ({ server, agent }) =>
    server.change(({ tx, now }) =>
      requestRevocation(tx, {
        selector: { kind: 'host', id: agent.identityId },
        cause: 'requested_by_operator',
        requestedBy: { kind: 'system', id: 'test' },
        now,
      }),
    ),
}

test.each(Object.entries(ends))('what a host agent vouched for ends when %s', async (_name, end) => {
  await using at = await startHost()
  const { server } = at
  const { token, attestationId } = await at.login()
  const { items } = await vouch(server, token, reporter)
  const id = items[0]?.attestation_id
  expect((await attestation(server, id)).state, 'control').toBe('fresh')
  await end(at, attestationId)
  expect(await attestation(server, id)).toMatchObject({ state: 'revoked', ended_at: expect.any(Date) })
  const requested = (await server.entries()).filter((entry) => entry.action === 'revocation.requested')
  expect(requested, 'one revocation ends both').toHaveLength(1)
  expect(requested[0]?.['rows']).toContainEqual(expect.objectContaining({ table: 'attestation', id }))
})

test('when the agent’s proof lapses what it vouched for lapses; when a newer one follows it goes on under that', async () => {
  await using at = await startHost({ agentFreshSeconds: 120 })
  const { server } = at
  const lapse = () => runLapses(server.proof, defaultTenantId, new AbortController().signal)
  const first = await at.login()
  const [vouched] = (await vouch(server, first.token, reporter)).items
  server.clock.forward(60)
  const second = await at.login()
  const [again] = (await vouch(server, second.token, reporter)).items
  server.clock.forward(61)
  await lapse()
  expect((await attestation(server, first.attestationId)).state).toBe('succeeded')
  expect((await attestation(server, vouched?.attestation_id)).state, 'the same process, vouched for anew').toBe(
    'succeeded',
  )
  expect(await attestation(server, again?.attestation_id)).toMatchObject({ state: 'fresh' })
  server.clock.forward(60)
  await lapse()
  expect((await attestation(server, again?.attestation_id)).state).toBe('lapsed')
})

test('what rests on a newer proof of the agent ends with that one', async () => {
  await using at = await startHost({ agentFreshSeconds: 120 })
  const { server } = at
  const first = await at.login()
  const [vouched] = (await vouch(server, first.token, reporter)).items
  // Fresher than its voucher, which no verdict gives: what it rests on decides all the same.
  await server.change(({ tx, now }) =>
    tx.query
      .updateTable('attestation')
      .set({ fresh_until: new Date(now.getTime() + 3_600_000) })
      .where('attestation_id', '=', (vouched?.attestation_id ?? '') as never)
      .execute(),
  )
  server.clock.forward(100)
  const second = await at.login()
  server.clock.forward(30)
  await runLapses(server.proof, defaultTenantId, new AbortController().signal)
  expect((await attestation(server, vouched?.attestation_id)).vouched_by_attestation_id).toBe(second.attestationId)
  server.clock.forward(100)
  const facts = await server.change(({ tx, now }) =>
    loadFacts(server.proof, tx, {
      request: { action: 'registry.read', resource: { type: 'Tenant' } },
      principal: { kind: 'identity', identityId: at.workload.identityId as never },
      attestation: (vouched?.attestation_id ?? '') as never,
      now,
    }),
  )
  expect(facts.attestation.freshUntil.getTime(), 'stale with its voucher').toBeLessThanOrEqual(
    server.clock.now().getTime(),
  )
  await runLapses(server.proof, defaultTenantId, new AbortController().signal)
  expect((await attestation(server, vouched?.attestation_id)).state).toBe('revoked')
})

async function follow(server: Server, token: string, query: string, signal: AbortSignal) {
  const answer = await fetch(`${server.url}/v1/host/events${query}`, {
    headers: { authorization: `Bearer ${token}` },
    signal,
  })
  expect(answer.status).toBe(200)
  if (answer.body === null) throw new Error('no stream')
  return readEvents(answer.body)[Symbol.asyncIterator]()
}

async function next(events: Awaited<ReturnType<typeof follow>>) {
  const { value } = (await events.next()) as { value: { event: string; data: { attestation_id?: string } } | undefined }
  return value === undefined ? undefined : { event: value.event, id: value.data.attestation_id }
}

test('a host agent hears within a second what ended, also by another server, and what ended while it was away', async () => {
  const store = await createTestDatabase()
  try {
    await using at = await startHost({ store })
    await using other = await startProofServer({ store, clock: at.server.clock })
    const { server } = at
    const { token } = await at.login()
    const [vouched] = (await vouch(server, token, reporter)).items
    const id = vouched?.attestation_id ?? ''
    const controller = new AbortController()
    const events = await follow(server, token, `?attestations=${id}`, controller.signal)
    expect(await next(events), 'nothing has ended yet').toEqual({ event: 'ready', id: undefined })
    const startedMs = performance.now()
    await other.change(({ tx, now }) =>
      requestRevocation(tx, {
        selector: { kind: 'attestation', id },
        cause: 'anomaly',
        requestedBy: { kind: 'system', id: 'test' },
        now,
      }),
    )
    expect(await next(events)).toEqual({ event: 'attestation_ended', id })
    expect(performance.now() - startedMs).toBeLessThan(1_000)
    controller.abort()

    const later = new AbortController()
    const unknown = randomUUID()
    const again = await follow(server, token, `?attestations=${id},${unknown}`, later.signal)
    expect([await next(again), await next(again), await next(again)], 'once each, before anything else').toEqual([
      { event: 'attestation_ended', id },
      { event: 'attestation_ended', id: unknown },
      { event: 'ready', id: undefined },
    ])
    later.abort()
  } finally {
    await store.drop()
  }
})

test('the stream of an agent that is suspended tells what ended, and ends', async () => {
  await using at = await startHost()
  const { server } = at
  const { token } = await at.login()
  const [vouched] = (await vouch(server, token, reporter)).items
  const events = await follow(server, token, '', AbortSignal.timeout(20_000))
  expect(await next(events)).toMatchObject({ event: 'ready' })
  await server.change((change) => suspendIdentity(change, at.agent.identityId, {}))
  expect(await next(events)).toEqual({ event: 'attestation_ended', id: vouched?.attestation_id })
  expect(await next(events)).toBeUndefined()
})

test('what an agent served from memory beyond freshness is recorded as use; of its own processes only', async () => {
  await using at = await startHost()
  const { server } = at
  const { token } = await at.login()
  const [vouched] = (await vouch(server, token, reporter)).items
  const report = async (attestation_id: string, count = 3) => {
    const time = server.clock.now().toISOString()
    const answer = await fetch(`${server.url}/v1/host/grace-uses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ items: [{ attestation_id, served_from: time, served_until: time, count }] }),
    })
    return answer.status
  }
  expect(await report(vouched?.attestation_id ?? '')).toBe(200)
  expect(await report(randomUUID())).toBe(400)
  expect(await report(vouched?.attestation_id ?? '', -1)).toBe(400)
  expect(await report(vouched?.attestation_id ?? '', 0), 'nothing was handed out, and a stream stayed open').toBe(200)
  const recorded = (await server.entries()).filter((entry) => entry.action === 'host.grace_used')
  expect(recorded).toMatchObject([
    { stream: 'use', body: { items: [{ count: 3, attestation_id: vouched?.attestation_id }] } },
    { stream: 'use', body: { items: [{ count: 0 }] } },
  ])
})
