import { randomBytes, verify } from 'node:crypto'
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defaultTenantId, newId, type TenantId } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import { expect, test } from 'vitest'
import { checkInstallation } from '../../../packages/server/src/adapters/keys/check-installation.ts'
import {
  loadKeyEncryptionKeys,
  makeKeyFile,
  parseKeyEncryptionKey,
} from '../../../packages/server/src/adapters/keys/key-encryption-key.ts'
import { createKeyRing } from '../../../packages/server/src/adapters/keys/key-ring.ts'
import { authenticateAccessToken } from '../../../packages/server/src/application/proof/authenticate.ts'
import { ensureKeys } from '../../../packages/server/src/application/proof/ensure-keys.ts'
import { rewrapDataKeys } from '../../../packages/server/src/application/proof/rewrap-data-keys.ts'
import { rotateDataKey } from '../../../packages/server/src/application/proof/rotate-data-key.ts'
import { rotateSigningKey } from '../../../packages/server/src/application/proof/rotate-signing-key.ts'
import { keepKeys } from '../../../packages/server/src/application/proof/run-key-upkeep.ts'
import { ensureTenant } from '../../../packages/server/src/store/tenant-rows.ts'
import { makeTempDir } from '../../support/index.ts'
import {
  type ProofServer,
  proveWithToken,
  registerOidc,
  registerWorkload,
  startProofServer,
  testKeks,
} from './proof-server.ts'
import { startTestIssuer } from './test-issuer.ts'

const rotation = { actor: { kind: 'system', worker: 'test' }, requestId: 'test-request' } as const

function inTenant<T>(
  server: ProofServer,
  work: Parameters<typeof server.proof.database.transaction<T>>[1],
): Promise<T> {
  return server.proof.database.transaction(defaultTenantId, work)
}

async function publishedKeys(server: ProofServer): Promise<readonly string[]> {
  const answer = (await (await fetch(`${server.url}/oauth/jwks`)).json()) as { keys: { kid: string; d?: string }[] }
  expect(answer.keys.every((key) => key.d === undefined)).toBe(true)
  return answer.keys.map((key) => key.kid)
}

test('what is sealed opens at its place only, and nowhere in the clear', async () => {
  await using server = await startProofServer()
  const canary = `canary-${randomBytes(16).toString('hex')}`
  const sealed = await inTenant(server, (tx) => server.keys.seal(tx, new Secret(canary), 'here'))
  expect(sealed).not.toContain(Buffer.from(canary).toString('base64url').slice(0, 20))
  const open = (text: string, place: string, tenant: TenantId = defaultTenantId) =>
    server.proof.database.transaction(tenant, async (tx) => (await server.keys.open(tx, text, place)).reveal())
  expect(await open(sealed, 'here')).toBe(canary)
  await expect(open(sealed, 'there')).rejects.toMatchObject({ code: 'key_unusable' })
  const [version, keyId, bytes] = sealed.split('.')
  const flipped = Buffer.from(bytes ?? '', 'base64url')
  flipped[20] = (flipped[20] ?? 0) ^ 1
  await expect(open(`${version}.${keyId}.${flipped.toString('base64url')}`, 'here')).rejects.toMatchObject({
    code: 'key_unusable',
  })

  const other = newId<TenantId>()
  await server.proof.database.outsideTenants((query) =>
    ensureTenant(query, { tenant_id: other, name: 'other', created_at: new Date() }),
  )
  await ensureKeys(server.proof, other)
  await expect(open(sealed, 'here', other), 'another tenant').rejects.toMatchObject({ code: 'key_unusable' })
})

test('a key file that others can read is refused, and so is what is no key', async () => {
  const directory = await makeTempDir('kek', 'memory')
  const file = join(directory, 'kek')
  await makeKeyFile(file)
  const first = await readFile(file, 'utf8')
  await makeKeyFile(file)
  expect(await readFile(file, 'utf8'), 'an existing key is never replaced').toBe(first)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  const { current } = await loadKeyEncryptionKeys({ file })
  expect(current.keyId).toMatch(/^[0-9a-f]{16}$/)
  expect(current.derive('a').reveal(), 'the same label, the same secret').toBe(current.derive('a').reveal())
  expect(current.derive('a').reveal()).not.toBe(current.derive('b').reveal())

  for (const mode of [0o640, 0o604, 0o620, 0o644]) {
    await chmod(file, mode)
    await expect(loadKeyEncryptionKeys({ file })).rejects.toThrow('can be read or written by others')
  }
  for (const text of ['', 'short', randomBytes(16).toString('base64url'), Buffer.alloc(32).toString('base64url')]) {
    await writeFile(file, text)
    await chmod(file, 0o600)
    await expect(loadKeyEncryptionKeys({ file })).rejects.toMatchObject({ code: 'key_unusable' })
  }
  await expect(loadKeyEncryptionKeys({ file: join(directory, 'none') })).rejects.toThrow('cannot be read')
  await expect(loadKeyEncryptionKeys({})).rejects.toThrow('no key-encryption key is given')
})

test('a wrong key-encryption key is refused at start; the right change of keys loses nothing', async () => {
  const secretText = new Secret(randomBytes(32).toString('base64url'))
  await using server = await startProofServer({ kek: secretText })
  const { database, clock } = server.proof
  const sealed = await inTenant(server, (tx) => server.keys.seal(tx, new Secret('kept'), 'here'))
  const former = parseKeyEncryptionKey(secretText, 'former')
  const next = parseKeyEncryptionKey(new Secret(randomBytes(32).toString('base64url')), 'next')
  await expect(checkInstallation(database, { current: next }, clock.now())).rejects.toMatchObject({
    code: 'key_unusable',
    options: { hint: expect.stringContaining('MAYFLY_KEK_PREVIOUS_FILE') },
  })
  const keks = { current: next, previous: former }
  expect(await checkInstallation(database, keks, clock.now())).toMatchObject({ outcome: 'previous' })
  const keys = createKeyRing({ keks, clock })
  expect((await inTenant(server, (tx) => keys.open(tx, sealed, 'here'))).reveal(), 'before').toBe('kept')
  await rewrapDataKeys({ ...server.proof, keys }, keks)
  await rewrapDataKeys({ ...server.proof, keys }, keks)

  expect(await checkInstallation(database, { current: next }, clock.now())).toMatchObject({ outcome: 'current' })
  const fresh = createKeyRing({ keks: { current: next }, clock })
  expect((await inTenant(server, (tx) => fresh.open(tx, sealed, 'here'))).reveal(), 'with the new one alone').toBe(
    'kept',
  )
  await expect(checkInstallation(database, { current: former }, clock.now())).rejects.toMatchObject({
    code: 'key_unusable',
  })
})

test('a new data key: what was sealed stays readable and is sealed again', async () => {
  await using server = await startProofServer()
  const before = await inTenant(server, (tx) => tx.query.selectFrom('signing_key').selectAll().execute())
  const sealed = await inTenant(server, (tx) => server.keys.seal(tx, new Secret('kept'), 'here'))
  const { dataKeyId } = await inTenant(server, (tx) => rotateDataKey(server, tx, { ...rotation, now: new Date() }))
  expect((await inTenant(server, (tx) => server.keys.open(tx, sealed, 'here'))).reveal()).toBe('kept')
  expect(await inTenant(server, (tx) => server.keys.seal(tx, new Secret('x'), 'here'))).toContain(dataKeyId)

  await keepKeys(server.proof, defaultTenantId)
  const after = await inTenant(server, (tx) => tx.query.selectFrom('signing_key').selectAll().execute())
  expect(after).toHaveLength(before.length)
  expect(after.every((row) => row.sealed_private.startsWith(`v1.${dataKeyId}.`))).toBe(true)
  const fresh = createKeyRing({ keks: testKeks, clock: server.clock })
  const signer = await inTenant(server, (tx) => fresh.signer(tx, 'log_checkpoint'))
  const data = Buffer.from('still the same key')
  expect(verify(null, data, { key: signer.publicJwk, format: 'jwk' }, signer.sign(data))).toBe(true)
})

test('a signing key changes without a moment in which a token does not verify', async () => {
  await using server = await startProofServer()
  await using issuer = await startTestIssuer({ now: server.clock.now })
  await registerOidc(server, issuer.url)
  const subject = 'repo:acme/orders:ref:refs/heads/main'
  await registerWorkload(server, { name: 'nightly-report', trustProvider: 'builds', subject })
  const tokenOf = async () => String((await proveWithToken(server, issuer.token())).body['access_token'])
  const kidOf = (token: string) =>
    (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid
  const rotate = (compromised = false) =>
    inTenant(server, (tx) =>
      rotateSigningKey(server, tx, { ...rotation, purpose: 'access_token', now: server.clock.now(), compromised }),
    )

  const [first] = await publishedKeys(server)
  const { key: prepared } = await rotate()
  expect(prepared.state).toBe('prepared')
  expect(await publishedKeys(server), 'published ahead').toEqual([prepared.key_id, first])
  expect(kidOf(await tokenOf()), 'and not yet signing').toBe(first)
  expect((await rotate()).receipt, 'asked again too early, nothing happens').toBeNull()

  server.clock.forward(590)
  const oldToken = await tokenOf()
  server.clock.forward(15)
  await keepKeys(server.proof, defaultTenantId)
  const newToken = await tokenOf()
  expect(kidOf(newToken)).toBe(prepared.key_id)
  expect(await publishedKeys(server)).toEqual([prepared.key_id, first])
  await authenticateAccessToken(server.proof, { token: oldToken, scheme: 'Bearer' })
  await authenticateAccessToken(server.proof, { token: newToken, scheme: 'Bearer' })

  server.clock.forward(43_000)
  expect(await publishedKeys(server), 'a session of twelve hours may be').toEqual([prepared.key_id, first])
  server.clock.forward(300)
  expect(await publishedKeys(server), 'nothing that it signed can be alive').toEqual([prepared.key_id])

  const token = await tokenOf()
  await authenticateAccessToken(server.proof, { token: token, scheme: 'Bearer' })
  const { key: replacement } = await rotate(true)
  expect(await publishedKeys(server)).toEqual([replacement.key_id])
  await expect(
    authenticateAccessToken(server.proof, { token: token, scheme: 'Bearer' }),
    'compromised',
  ).rejects.toMatchObject({
    code: 'token_invalid',
  })
  await authenticateAccessToken(server.proof, { token: await tokenOf(), scheme: 'Bearer' })
})
