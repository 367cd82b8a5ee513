/** Keys that log in by challenge and count their logins: a lost answer is asked for again, a clone is found. */
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { authenticateAccessToken } from '../../../packages/server/src/application/proof/authenticate.ts'
import { maxRepeats } from '../../../packages/server/src/application/proof/judge-login.ts'
import { maxRecoveriesADay, recoverBinding } from '../../../packages/server/src/application/proof/recover-binding.ts'
import { changeBinding } from '../../../packages/server/src/application/registry/change-binding.ts'
import { rowDigest } from '../../../packages/server/src/application/audit/stated-rows.ts'
import type { Change } from '../../../packages/server/src/application/registry/change.ts'
import { registerBinding } from '../../../packages/server/src/application/registry/register-binding.ts'
import { registerPerson } from '../../../packages/server/src/application/registry/register-person.ts'
import { postForm, proveWithKey, registerBoundKeys, registerWorkload, startProofServer } from './proof-server.ts'

type Server = Awaited<ReturnType<typeof startProofServer>>

/** What a client keeps beside its key, as it is on its disk. */
interface ClientState {
  generation: number
  secret?: string
  pending: string
}

const client = 'nightly-report'
const digest = (text: string) => createHash('sha256').update(text).digest('base64url')
const newState = (): ClientState => ({ generation: 0, pending: randomBytes(32).toString('base64url') })

async function challengeOf(server: Server, clientId = client): Promise<string> {
  const answer = await postForm(`${server.url}/oauth/challenge`, { client_id: clientId })
  expect(answer.status).toBe(200)
  return String(answer.body['challenge'])
}

async function assertionOf(
  server: Server,
  key: CryptoKey,
  state: ClientState,
  more: Record<string, unknown> = {},
): Promise<string> {
  return new SignJWT({
    nonce: await challengeOf(server),
    generation: state.generation,
    ...(state.secret === undefined ? {} : { generation_secret: state.secret }),
    next_generation_digest: digest(state.pending),
    ...more,
  })
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer(client)
    .setSubject(client)
    .setAudience(server.url)
    .setIssuedAt(Math.floor(server.clock.now().getTime() / 1000))
    .setExpirationTime(Math.floor(server.clock.now().getTime() / 1000) + 60)
    .setJti(randomUUID())
    .sign(key)
}

async function login(server: Server, key: CryptoKey, state: ClientState, more = {}) {
  return proveWithKey(server, await assertionOf(server, key, state, more))
}

/** What the client does once it has its answer. */
function heard(state: ClientState, answer: { body: Record<string, unknown> }): void {
  state.generation = Number(answer.body['generation'])
  state.secret = state.pending
  state.pending = randomBytes(32).toString('base64url')
}

async function serverWithClient() {
  const server = await startProofServer()
  await registerBoundKeys(server, 3600, { login: 'challenge' })
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const workload = await registerWorkload(server, {
    name: client,
    trustProvider: 'keys',
    publicJwk: await exportJWK(publicKey),
  })
  return { server, key: privateKey, workload }
}

async function identityState(server: Server): Promise<string> {
  return server.change(async ({ tx }) => {
    const row = await tx.query
      .selectFrom('identity')
      .select('state')
      .where('name', '=', client)
      .executeTakeFirstOrThrow()
    return row.state
  })
}

async function asPerson<T>(server: Server, work: (change: Change) => Promise<T>): Promise<T> {
  const personId = await server.change(async (change) => {
    const email = `grace-${randomUUID()}@example.org`
    return (await registerPerson(change, { name: 'Grace', email, roles: ['administrator'] })).row.person_id
  })
  return server.change((change) =>
    work({
      ...change,
      actor: { kind: 'person', personId, roles: ['administrator'], attestationId: randomUUID() as never },
    }),
  )
}

test('each login answers a challenge and its number; a challenge counts once, for one client, for a minute', async () => {
  const { server, key } = await serverWithClient()
  await using _ = server
  const state = newState()
  for (const number of [1, 2, 3]) {
    const answer = await login(server, key, state)
    expect(answer.body).toMatchObject({ generation: number, token_type: 'Bearer' })
    heard(state, answer)
  }
  const plain = await login(server, key, state, { nonce: undefined })
  expect(plain.body).toMatchObject({ error: 'invalid_client', reason: 'challenge_wrong' })
  const others = await login(server, key, state, { nonce: await challengeOf(server, 'another-client') })
  expect(others.body).toMatchObject({ reason: 'challenge_wrong' })
  const forged = `${(await challengeOf(server)).slice(0, 25)}${'A'.repeat(43)}`
  expect((await login(server, key, state, { nonce: forged })).body).toMatchObject({ reason: 'challenge_wrong' })
  const old = await challengeOf(server)
  server.clock.forward(61)
  expect((await login(server, key, state, { nonce: old })).body).toMatchObject({ reason: 'challenge_wrong' })
  expect((await login(server, key, state)).body, 'control: nothing of this has counted').toMatchObject({
    generation: 4,
  })
})

test('what refuses a token after the login tells its number too; an exchange takes no such key, and counts nothing', async () => {
  const { server, key } = await serverWithClient()
  await using _ = server
  const state = newState()
  const ask = async (form: Record<string, string>) =>
    postForm(`${server.url}/oauth/token`, {
      ...form,
      resource: 'https://nowhere.example',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await assertionOf(server, key, state),
    })
  const exchange = await ask({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: 'nonsense',
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  })
  expect(exchange.body).toMatchObject({ error: 'invalid_client', reason: 'challenge_wrong' })
  const refused = await ask({ grant_type: 'client_credentials' })
  expect(refused.body).toMatchObject({ error: 'invalid_target', generation: 1 })
  heard(state, refused)
  expect((await login(server, key, state)).body, 'control: nobody takes it for a clone').toMatchObject({
    generation: 2,
  })
})

test('an assertion that is shown again is a replay and no clone, also after the next login', async () => {
  const { server, key } = await serverWithClient()
  await using _ = server
  const state = newState()
  const first = await assertionOf(server, key, state)
  heard(state, await proveWithKey(server, first))
  expect((await proveWithKey(server, first)).body).toMatchObject({ reason: 'proof_replayed' })
  heard(state, await login(server, key, state))
  expect((await proveWithKey(server, first)).body).toMatchObject({ reason: 'proof_replayed' })
  expect(await identityState(server)).toBe('active')
  expect((await login(server, key, state)).status, 'control: the client goes on').toBe(200)
})

test('a client whose answer was lost asks again and goes on; a few times, for ten minutes', async () => {
  const { server, key } = await serverWithClient()
  await using _ = server
  const state = newState()
  heard(state, await login(server, key, state))
  expect((await login(server, key, state)).body, 'this answer is lost').toMatchObject({ generation: 2 })
  server.clock.forward(590)
  const again = await login(server, key, state)
  expect(again.body).toMatchObject({ generation: 2 })
  heard(state, again)
  const next = await login(server, key, state)
  expect(next.body, 'and the count goes on').toMatchObject({ generation: 3 })
  for (let count = 0; count < maxRepeats; count += 1) expect((await login(server, key, state)).status).toBe(200)
  expect((await login(server, key, state)).body, 'not for ever').toMatchObject({ reason: 'clone_detected' })
})

test('after ten minutes nobody asks again for a lost answer', async () => {
  const { server, key } = await serverWithClient()
  await using _ = server
  const state = newState()
  expect((await login(server, key, state)).status, 'this answer is lost').toBe(200)
  server.clock.forward(601)
  expect((await login(server, key, state)).body).toMatchObject({ reason: 'clone_detected' })
})

test('two holders of key and count: the second to log in is found out, and nothing that the key gave lives on', async () => {
  const { server, key, workload } = await serverWithClient()
  await using _ = server
  const original = newState()
  heard(original, await login(server, key, original))
  const clone: ClientState = { ...original, pending: randomBytes(32).toString('base64url') }
  const stolen = await login(server, key, clone)
  expect(stolen.status, 'the clone is the first').toBe(200)
  const token = String(stolen.body['access_token'])
  await authenticateAccessToken(server.proof, { token, scheme: 'Bearer' })

  const found = await login(server, key, original)
  expect(found.status).toBe(401)
  expect(found.body).toMatchObject({ error: 'invalid_client', reason: 'clone_detected' })
  expect(found.body['error_description']).toContain('more than one holder')
  expect(await identityState(server)).toBe('suspended')
  await expect(authenticateAccessToken(server.proof, { token, scheme: 'Bearer' })).rejects.toMatchObject({
    code: 'token_invalid',
  })
  heard(clone, stolen)
  expect((await login(server, key, clone)).body, 'nobody logs in').toMatchObject({ reason: 'clone_detected' })

  const entries = await server.entries()
  const actions = entries.map((entry) => entry.action)
  expect(actions.filter((action) => action === 'key_login.locked')).toHaveLength(1)
  expect(actions).toContain('identity.suspended')
  const revocation = entries.find((entry) => entry.action === 'revocation.requested')
  expect(revocation).toMatchObject({
    body: { cause: 'clone_detected', selector: { kind: 'identity', id: workload.identityId } },
  })
  const findings = await server.change(({ tx }) => tx.query.selectFrom('finding').selectAll().execute())
  expect(findings).toMatchObject([{ kind: 'clone_detected', severity: 'critical', closed_at: null }])
})

test('the key alone logs nobody in: a number is guessed, a secret is not', async () => {
  const { server, key } = await serverWithClient()
  await using _ = server
  const state = newState()
  heard(state, await login(server, key, state))
  const thief = { generation: state.generation, secret: digest('a guess'), pending: 'x'.repeat(43) }
  expect((await login(server, key, thief)).body).toMatchObject({ reason: 'clone_detected' })
  const other = await generateKeyPair('ES256')
  const strange = await login(server, other.privateKey, state)
  expect(strange.body, 'control: another key locks nobody').toMatchObject({ reason: 'signature_invalid' })
})

test('of many logins of one state at once one counts, and none of them is taken for a clone of itself', async () => {
  const { server, key } = await serverWithClient()
  await using _ = server
  const state = newState()
  heard(state, await login(server, key, state))
  // One client that asks several times at once, with the same promise: a repeat, not a clone.
  const answers = await Promise.all([1, 2, 3].map(() => login(server, key, state)))
  expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200])
  expect(new Set(answers.map((answer) => answer.body['generation']))).toEqual(new Set([2]))
  expect(await identityState(server)).toBe('active')
})

test('two holders that log in at the same moment: one is in, then both are out', async () => {
  const { server, key } = await serverWithClient()
  await using _ = server
  const state = newState()
  heard(state, await login(server, key, state))
  const clone: ClientState = { ...state, pending: randomBytes(32).toString('base64url') }
  const answers = await Promise.all([login(server, key, state), login(server, key, clone)])
  expect(answers.map((answer) => answer.status).toSorted((one, other) => one - other)).toEqual([200, 401])
  const [granted] = answers.filter((answer) => answer.status === 200)
  const token = String(granted?.body['access_token'])
  await expect(authenticateAccessToken(server.proof, { token, scheme: 'Bearer' })).rejects.toMatchObject({
    code: 'token_invalid',
  })
  expect(await identityState(server)).toBe('suspended')
})

test('a person recovers a locked key, a few times a day; the identity acts again only where that person says so', async () => {
  const { server, key, workload } = await serverWithClient()
  await using _ = server
  const state = newState()
  heard(state, await login(server, key, state))
  const lock = () => login(server, key, { ...newState(), generation: 7, secret: digest('wrong') })
  const recover = (resume: boolean) =>
    asPerson(server, (change) =>
      recoverBinding(change, workload.bindingId, { reason: 'the disk was restored from a backup', resume }),
    )
  expect((await lock()).body).toMatchObject({ reason: 'clone_detected' })
  await expect(
    server.change((change) => recoverBinding(change, workload.bindingId, { reason: 'by a worker', resume: true })),
  ).rejects.toMatchObject({ code: 'policy_denied' })

  await recover(false)
  expect(await identityState(server)).toBe('suspended')
  const still = await login(server, key, state)
  expect(still.status, 'its key counts again, the identity may not act').toBe(400)
  expect(still.body).toMatchObject({ error: 'unauthorized_client' })

  await recover(true)
  expect(await identityState(server)).toBe('active')
  const begun = await login(server, key, state)
  expect(begun.body, 'whatever number the client had').toMatchObject({ generation: 1 })
  heard(state, begun)
  expect((await login(server, key, state)).body).toMatchObject({ generation: 2 })
  const open = await server.change(({ tx }) =>
    tx.query.selectFrom('finding').select('kind').where('closed_at', 'is', null).execute(),
  )
  expect(open).toEqual([])

  expect((await lock()).body).toMatchObject({ reason: 'clone_detected' })
  await recover(true)
  expect(maxRecoveriesADay, 'control').toBe(3)
  expect((await lock()).status, 'nothing is promised before the first login').toBe(200)
  expect((await lock()).body).toMatchObject({ reason: 'clone_detected' })
  await expect(recover(true)).rejects.toMatchObject({ code: 'state_not_allowed' })
  server.clock.forward(86_401)
  await recover(true)
})

test('a new key of the binding begins to count anew', async () => {
  const { server, key, workload } = await serverWithClient()
  await using _ = server
  const state = newState()
  heard(state, await login(server, key, state))
  const next = await generateKeyPair('ES256', { extractable: true })
  const publicJwk = await exportJWK(next.publicKey)
  await server.change((change) => changeBinding(change, workload.bindingId, { publicJwk }))
  expect((await login(server, next.privateKey, newState())).body).toMatchObject({ generation: 1 })
  expect((await login(server, key, state)).body, 'control: the old one is nobody’s').toMatchObject({
    reason: 'signature_invalid',
  })
})

test('a person’s key is locked too, and their sessions end', async () => {
  await using server = await startProofServer()
  await registerBoundKeys(server, 3600, { login: 'challenge' })
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const personId = await server.change(async (change) => {
    const { row } = await registerPerson(change, { name: 'Ada', email: 'ada@example.org', roles: ['administrator'] })
    await registerBinding(change, {
      trustProvider: 'keys',
      person: row.person_id,
      publicJwk: await exportJWK(publicKey),
    })
    return row.person_id
  })
  const prove = async (state: ClientState) => {
    const nonce = await challengeOf(server, personId)
    const assertion = await new SignJWT({
      nonce,
      generation: state.generation,
      ...(state.secret === undefined ? {} : { generation_secret: state.secret }),
      next_generation_digest: digest(state.pending),
    })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer(personId)
      .setSubject(personId)
      .setAudience(server.url)
      .setIssuedAt()
      .setExpirationTime('1m')
      .setJti(randomUUID())
      .sign(privateKey)
    return proveWithKey(server, assertion)
  }
  const state = newState()
  const answer = await prove(state)
  expect(answer.status).toBe(200)
  heard(state, answer)
  expect((await prove({ ...state, secret: digest('wrong') })).body).toMatchObject({ reason: 'clone_detected' })
  await expect(
    authenticateAccessToken(server.proof, { token: String(answer.body['access_token']), scheme: 'Bearer' }),
  ).rejects.toMatchObject({ code: 'token_invalid' })
})

test('what counts the logins is explained by entries, row by row', async () => {
  const { server, key } = await serverWithClient()
  await using _ = server
  const state = newState()
  heard(state, await login(server, key, state))
  await login(server, key, state)
  await login(server, key, state)
  await login(server, key, { ...state, secret: digest('wrong') })
  const [row] = await server.change(({ tx }) => tx.query.selectFrom('key_login').selectAll().execute())
  const stated = (await server.entries())
    .flatMap((entry) => entry['rows'] as { table: string; version: number; digest: string }[])
    .filter((one) => one.table === 'key_login')
  expect(stated.map((one) => one.version)).toEqual([1, 2, 3, 4, 5])
  expect(row?.locked_at, 'control').not.toBeNull()
  expect(stated.at(-1)?.digest, 'as it is now').toBe(rowDigest('key_login', row ?? {}))
})

test('a key that counts its logins authenticates where the answer tells the count, and nowhere else', async () => {
  const { server, key } = await serverWithClient()
  await using _ = server
  const state = newState()
  const granted = await login(server, key, state)
  heard(state, granted)
  const asked = await postForm(`${server.url}/oauth/introspect`, {
    token: String(granted.body['access_token']),
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await assertionOf(server, key, state),
  })
  expect(asked.status).toBe(401)
  expect(asked.body).toMatchObject({ reason: 'challenge_wrong' })
  expect((await login(server, key, state)).body, 'control: it has not counted').toMatchObject({ generation: 2 })
})
