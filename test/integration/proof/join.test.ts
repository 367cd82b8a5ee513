/** A machine joins: with a token that counts once it registers a key that it has made itself. */
import { createHash, randomUUID } from 'node:crypto'
import { defaultTenantId, newId, type TenantId } from '@mayfly/domain'
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { forgetJoinTokens } from '../../../packages/server/src/application/proof/forget-join-tokens.ts'
import { ensureKeys } from '../../../packages/server/src/application/proof/ensure-keys.ts'
import { makeJoinToken } from '../../../packages/server/src/application/proof/make-join-token.ts'
import { suspendIdentity } from '../../../packages/server/src/application/registry/change-identity-state.ts'
import { movableClock, proveWithKey, registerBoundKeys, registerWorkload, startProofServer } from './proof-server.ts'

type Server = Awaited<ReturnType<typeof startProofServer>>

const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url')
const nowSeconds = (server: Server) => Math.floor(server.clock.now().getTime() / 1000)

async function serverWithToken(ttlSeconds?: number, clock = movableClock()) {
  const server = await startProofServer({ proving: true, clock })
  await registerBoundKeys(server)
  await registerWorkload(server, { name: 'edge-box', trustProvider: 'keys', publicJwk: await publicKey() })
  const make = () =>
    server.change(async (change) => {
      const { token } = await makeJoinToken(server.proof, change, { identity: 'edge-box', becomes: 'keys', ttlSeconds })
      return token.reveal()
    })
  return { server, make, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

async function publicKey() {
  return exportJWK((await generateKeyPair('ES256', { extractable: true })).publicKey)
}

async function joinProof(server: Server, token: string, key: CryptoKey, claims = {}, header = {}): Promise<string> {
  const iat = nowSeconds(server)
  return new SignJWT({ aud: server.url, token_digest: sha256(token), iat, exp: iat + 60, ...claims })
    .setProtectedHeader({ alg: 'ES256', typ: 'mayfly-join+jwt', ...header })
    .sign(key)
}

async function post(server: Server, body: unknown) {
  const answer = await fetch(`${server.url}/v1/join`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

async function join(server: Server, token: string) {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const answer = await post(server, {
    token,
    public_jwk: await exportJWK(publicKey),
    proof: await joinProof(server, token, privateKey),
  })
  return { ...answer, privateKey }
}

async function logsIn(server: Server, key: CryptoKey, clientId: string): Promise<number> {
  const iat = nowSeconds(server)
  const assertion = await new SignJWT({
    iss: clientId,
    sub: clientId,
    aud: server.url,
    iat,
    exp: iat + 60,
    jti: randomUUID(),
  })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(key)
  return (await proveWithKey(server, assertion)).status
}

test('a join token registers the key of whoever holds both, once; from then on the key proves itself', async () => {
  await using at = await serverWithToken()
  const token = await at.make()
  const { privateKey, ...joined } = await join(at.server, token)
  expect(joined.status).toBe(201)
  expect(joined.body).toMatchObject({ client_id: 'edge-box', issuer: at.server.url, login: 'assertion' })
  expect(await logsIn(at.server, privateKey, 'edge-box')).toBe(200)
  const second = await join(at.server, token)
  expect(second.status).toBe(401)
  expect(second.body).toMatchObject({ code: 'proof_rejected' })
  expect(await logsIn(at.server, second.privateKey, 'edge-box'), 'control: another key').toBe(401)
  const used = (await at.server.entries()).find((entry) => entry.action === 'join_token.used')
  expect(used).toMatchObject({ body: { strength: 'bootstrap' }, rows: [{ table: 'join_token' }, { table: 'binding' }] })
})

test('of many machines that hold one token exactly one joins', async () => {
  await using at = await serverWithToken()
  const token = await at.make()
  const answers = await Promise.all(Array.from({ length: 8 }, () => join(at.server, token)))
  expect(answers.map((answer) => answer.status).toSorted((one, other) => one - other)).toEqual([
    201,
    ...Array<number>(7).fill(401),
  ])
  const bindings = await at.server.change(({ tx }) =>
    tx.query.selectFrom('binding').select('binding_id').where('join_token_id', 'is not', null).execute(),
  )
  expect(bindings).toHaveLength(1)
})

test('a token that is old, cancelled, unknown or of a suspended identity does not count, and all are told alike', async () => {
  await using at = await serverWithToken(60)
  const { server } = at
  const told = new Set<unknown>()
  const old = await at.make()
  server.clock.forward(61)
  const cancelled = await at.make()
  await server.change(({ tx }) =>
    tx.query.updateTable('join_token').set({ state: 'cancelled' }).where('state', '=', 'active').execute(),
  )
  const tenantPart = old.slice(12, 12 + 21)
  const unknown = `mayfly_join_${tenantPart}${'A'.repeat(43)}`
  const elsewhere = `mayfly_join_${'B'.repeat(64)}`
  const alive = await at.make()
  await server.change((change) => suspendIdentity(change, 'edge-box', {}))
  for (const token of [old, cancelled, unknown, elsewhere, alive, 'mayfly_join_short-but-long-enough']) {
    const answer = await join(server, token)
    expect(answer.status).toBe(401)
    told.add(answer.body['detail'])
  }
  expect([...told]).toEqual(['the join token does not count'])
})

test('whoever registers a key holds it, for this token and this server', async () => {
  await using at = await serverWithToken()
  const { server } = at
  const token = await at.make()
  const mine = await generateKeyPair('ES256', { extractable: true })
  const theirs = await generateKeyPair('ES256', { extractable: true })
  const public_jwk = await exportJWK(mine.publicKey)
  const proofs: Record<string, string> = {
    'another key': await joinProof(server, token, theirs.privateKey),
    'another token': await joinProof(server, token, mine.privateKey, { token_digest: sha256('other') }),
    'another server': await joinProof(server, token, mine.privateKey, { aud: 'https://mayfly.example.com' }),
    'several servers': await joinProof(server, token, mine.privateKey, { aud: [server.url, 'https://evil.example'] }),
    'another type': await joinProof(server, token, mine.privateKey, {}, { typ: 'JWT' }),
    'too old': await joinProof(server, token, mine.privateKey, { iat: nowSeconds(server) - 400 }),
    'no end': await joinProof(server, token, mine.privateKey, { exp: undefined }),
    'no JWT': 'x.y.z',
  }
  for (const [name, proof] of Object.entries(proofs)) {
    const answer = await post(server, { token, public_jwk, proof })
    expect({ name, status: answer.status, code: answer.body['code'] }).toEqual({
      name,
      status: 401,
      code: 'proof_rejected',
    })
  }
  const secret = await post(server, {
    token,
    public_jwk: await exportJWK(mine.privateKey),
    proof: await joinProof(server, token, mine.privateKey),
  })
  expect(secret.status, 'a private key is refused').toBe(400)
  const good = await post(server, { token, public_jwk, proof: await joinProof(server, token, mine.privateKey) })
  expect(good.status, 'control: none of this used the token up').toBe(201)
})

test('the token stands nowhere in the database', async () => {
  await using at = await serverWithToken()
  const token = await at.make()
  const secret = Buffer.from(token.slice('mayfly_join_'.length), 'base64url').subarray(16)
  const dump = await at.server.change(async ({ tx }) =>
    JSON.stringify(await tx.query.selectFrom('join_token').selectAll().execute()),
  )
  const entries = JSON.stringify(await at.server.entries())
  for (const text of [dump, entries]) {
    for (const form of [
      token,
      secret.toString('base64url'),
      secret.toString('hex'),
      secret.toString('base64'),
      sha256(token),
    ])
      expect(text).not.toContain(form)
  }
  expect(dump, 'control').toContain('token_digest')
})

test('a token of another tenant joins there and nowhere else', async () => {
  await using at = await serverWithToken()
  const { server } = at
  const other = newId<TenantId>()
  await server.proof.database.outsideTenants((query) =>
    query.insertInto('tenant').values({ tenant_id: other, name: 'other' }).execute(),
  )
  await ensureKeys({ ...server.registry, keys: server.keys }, other)
  const token = await at.make()
  const bytes = Buffer.from(token.slice('mayfly_join_'.length), 'base64url')
  Buffer.from(other.replaceAll('-', ''), 'hex').copy(bytes)
  const moved = await join(server, `mayfly_join_${bytes.toString('base64url')}`)
  expect(moved.status).toBe(401)
  expect((await join(server, token)).status, 'control').toBe(201)
})

test('a token is forgotten a month after its end, used or not; what came by it and younger ones stay', async () => {
  const clock = movableClock()
  clock.forward(-86_400 * 40)
  await using at = await serverWithToken(3600, clock)
  const { server } = at
  const used = await join(server, await at.make())
  expect(used.status).toBe(201)
  await at.make()
  const forget = () => forgetJoinTokens(server.proof, defaultTenantId, new AbortController().signal)
  const states = () =>
    server.change(async ({ tx }) => {
      const rows = await tx.query.selectFrom('join_token').select('state').orderBy('join_token_id').execute()
      return rows.map((row) => row.state)
    })
  await forget()
  expect(await states(), 'not yet').toEqual(['used', 'active'])
  clock.forward(86_400 * 29)
  const young = await at.make()
  clock.forward(1800)
  await forget()
  expect(await states(), 'the clock of the server alone is not enough').toEqual(['used', 'active', 'active'])
  expect((await join(server, young)).status).toBe(201)
  clock.forward(86_400 * 11)
  await forget()
  expect(await states(), 'control: the young one').toEqual(['used'])
  const told = (await server.entries()).filter(({ action }) => action === 'join_token.forgotten')
  expect(told.map((entry) => (entry['rows'] as unknown[]).length)).toEqual([2])
  const bindings = await server.change(({ tx }) =>
    tx.query.selectFrom('binding').select('state').where('join_token_id', 'is not', null).execute(),
  )
  expect(bindings, 'what came by them').toEqual([{ state: 'active' }, { state: 'active' }])
})
