import { randomUUID } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { defaultTenantId } from '@mayfly/domain'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { authenticateAccessToken } from '../../../packages/server/src/application/proof/authenticate.ts'
import { makeBootstrap } from '../../../packages/server/src/application/proof/make-bootstrap.ts'
import { bindRoutes } from '../../../packages/server/src/surfaces/http/app.ts'
import { bootstrapRoutes } from '../../../packages/server/src/surfaces/http/bootstrap.ts'
import { createTestDatabase, makeTempDir } from '../../support/index.ts'
import { movableClock, type ProofServer, proveWithKey, startProofServer } from './proof-server.ts'

async function startBootstrapServer(options: Parameters<typeof startProofServer>[0] = {}) {
  const file = join(await makeTempDir('bootstrap', 'memory'), 'secrets', 'bootstrap')
  const server = await startProofServer({
    ...options,
    routes: (deps) => [bindRoutes({ ...deps, bootstrapFile: file }, bootstrapRoutes)],
  })
  return { server, file, make: () => makeBootstrap(server.proof, defaultTenantId, file) }
}

async function makeKey() {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  return { privateKey, publicJwk: await exportJWK(publicKey), privateJwk: await exportJWK(privateKey) }
}

async function useSecret(server: ProofServer, secret: string, publicJwk: unknown) {
  const response = await fetch(`${server.url}/v1/bootstrap`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ secret, public_jwk: publicJwk, name: 'Grace Hopper', email: 'Grace@example.org' }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

test('the bootstrap secret makes one administrator, who from then on proves itself by its key', async () => {
  const { server, file, make } = await startBootstrapServer()
  await using _server = server
  expect(await make()).toMatchObject({ outcome: 'made', file })
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  const secret = (await readFile(file, 'utf8')).trim()
  const key = await makeKey()
  const before = (await server.entries()).length

  const made = await useSecret(server, secret, key.publicJwk)
  expect(made.status).toBe(201)
  const entries = (await server.entries()).slice(before)
  expect(entries.map((entry) => entry.action)).toEqual(['bootstrap.used'])
  expect(JSON.stringify(entries)).not.toContain(secret)

  const id = String(made.body['client_id'])
  const nowSeconds = Math.floor(server.clock.now().getTime() / 1000)
  const assertion = await new SignJWT({
    iss: id,
    sub: id,
    aud: server.url,
    iat: nowSeconds,
    exp: nowSeconds + 60,
    jti: randomUUID(),
  })
    .setProtectedHeader({ alg: 'ES256', kid: String(made.body['kid']) })
    .sign(key.privateKey)
  const answer = await proveWithKey(server, assertion)
  const { actor } = await authenticateAccessToken(server.proof, {
    token: String(answer.body['access_token']),
    scheme: 'Bearer',
  })
  expect(actor).toMatchObject({ kind: 'person', personId: id, roles: ['administrator'] })

  await expect(stat(file), 'the file is gone').rejects.toThrow('ENOENT')
  const rows = await server.change(({ tx }) => tx.query.selectFrom('bootstrap').selectAll().execute())
  expect(rows, 'and what was kept of the secret').toMatchObject([{ secret_digest: null, used_by: id }])

  const again = await useSecret(server, secret, (await makeKey()).publicJwk)
  expect([again.status, again.body['code']]).toEqual([401, 'bootstrap_rejected'])
  expect(await make(), 'there is an administrator now').toEqual({ outcome: 'not_needed' })
})

test('a secret is for fifteen minutes; a start after that makes a new one', async () => {
  const { server, file, make } = await startBootstrapServer()
  await using _server = server
  await make()
  const first = (await readFile(file, 'utf8')).trim()
  expect(await make(), 'while it can be used, there is one').toEqual({ outcome: 'made_elsewhere' })
  server.clock.forward(901)
  const { publicJwk } = await makeKey()
  expect((await useSecret(server, first, publicJwk)).status).toBe(401)
  expect(await make()).toMatchObject({ outcome: 'made' })
  const second = (await readFile(file, 'utf8')).trim()
  expect((await useSecret(server, first, publicJwk)).status).toBe(401)
  expect((await useSecret(server, second, publicJwk)).status, 'control').toBe(201)
})

test('guessing is bounded, also by many at once', async () => {
  const { server, file, make } = await startBootstrapServer()
  await using _server = server
  await make()
  const secret = (await readFile(file, 'utf8')).trim()
  const { publicJwk } = await makeKey()
  const guess = Buffer.alloc(32, 7).toString('base64url')
  const guesses = await Promise.all(Array.from({ length: 12 }, () => useSecret(server, guess, publicJwk)))
  expect(new Set(guesses.map((answer) => answer.status))).toEqual(new Set([401]))
  expect((await useSecret(server, secret, publicJwk)).status, 'the right one comes too late').toBe(401)
  expect(await make()).toMatchObject({ outcome: 'made' })
})

test('a key that is not usable costs no attempt, and says what is wrong', async () => {
  const { server, file, make } = await startBootstrapServer()
  await using _server = server
  await make()
  const secret = (await readFile(file, 'utf8')).trim()
  const key = await makeKey()
  for (let count = 0; count < 15; count += 1) {
    const answer = await useSecret(server, secret, key.privateJwk)
    expect([answer.status, answer.body['code']]).toEqual([400, 'request_invalid'])
    expect(String(answer.body['detail'])).toContain('private')
  }
  expect((await useSecret(server, secret, key.publicJwk)).status).toBe(201)
})

test('of two servers that start at once on one database, one makes the secret', async () => {
  await using store = await createTestDatabase()
  const clock = movableClock()
  const [one, other] = await Promise.all([
    startBootstrapServer({ store, clock }),
    startBootstrapServer({ store, clock }),
  ])
  await using _one = one.server
  await using _other = other.server
  const outcomes = await Promise.all([one.make(), other.make()])
  expect(outcomes.map((made) => made.outcome).toSorted()).toEqual(['made', 'made_elsewhere'])
  const winner = outcomes[0].outcome === 'made' ? one : other
  const secret = (await readFile(winner.file, 'utf8')).trim()
  const loser = winner === one ? other : one
  await expect(stat(loser.file)).rejects.toThrow('ENOENT')
  const { publicJwk } = await makeKey()
  const answers = await Promise.all([
    useSecret(one.server, secret, publicJwk),
    useSecret(other.server, secret, publicJwk),
  ])
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([201, 401]))
})
