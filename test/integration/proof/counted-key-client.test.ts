/** The client's side of keys that count their logins, against a real server. */
import { generateKeyPairSync } from 'node:crypto'
import { copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { privateKeyTokens } from '@mayfly/client'
import { keyFileProof, makeAccessTokens, saveBoundKey } from '@mayfly/client/login'
import { expect, test } from 'vitest'
import { makeTempDir } from '../../support/index.ts'
import { registerBoundKeys, registerWorkload, startProofServer } from './proof-server.ts'

async function serverWithKeyFile() {
  const server = await startProofServer()
  await registerBoundKeys(server, 3600, { login: 'challenge' })
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await registerWorkload(server, {
    name: 'report',
    trustProvider: 'keys',
    publicJwk: publicKey.export({ format: 'jwk' }),
  })
  const dir = await makeTempDir('counted-key')
  const keyFile = join(dir, 'report.jwk')
  await saveBoundKey(keyFile, privateKey)
  const generation = () =>
    server.change(
      async ({ tx }) => (await tx.query.selectFrom('key_login').select('generation').executeTakeFirst())?.generation,
    )
  const login = async (file = keyFile) =>
    makeAccessTokens(
      server.url,
      await keyFileProof('report', file, () => new Date()),
      () => new Date(),
      AbortSignal.timeout(30_000),
    ).prove()
  return {
    server,
    privateKey,
    dir,
    keyFile,
    generation,
    login,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

test('a key file learns that its logins are counted, and counts them; several processes share it', async () => {
  await using at = await serverWithKeyFile()
  expect((await at.login()).subject).toMatch(/report$/)
  expect(await at.generation()).toBe(1)
  await Promise.all([1, 2, 3, 4, 5].map(() => at.login()))
  expect(await at.generation()).toBe(6)
})

test('a copy of key and count falls out with its original, and the refusal says so', async () => {
  await using at = await serverWithKeyFile()
  await at.login()
  const copy = join(at.dir, 'copy.jwk')
  await copyFile(at.keyFile, copy)
  await copyFile(`${at.keyFile}.login`, `${copy}.login`)
  await at.login(copy)
  await expect(at.login()).rejects.toMatchObject({ message: expect.stringContaining('more than one holder') })
  await expect(at.login(copy)).rejects.toMatchObject({ message: expect.stringContaining('more than one holder') })
})

test('a client that lost its count cannot go on without a person', async () => {
  await using at = await serverWithKeyFile()
  await at.login()
  await rm(`${at.keyFile}.login`)
  await expect(at.login()).rejects.toMatchObject({ message: expect.stringContaining('more than one holder') })
})

test('a library that is told where its count stands does the same', async () => {
  await using at = await serverWithKeyFile()
  const options = {
    baseUrl: at.server.url,
    clientId: 'report',
    privateKey: at.privateKey,
    loginFile: join(at.dir, 'count'),
  }
  for (const number of [1, 2, 3]) {
    await privateKeyTokens(options)()
    expect(await at.generation()).toBe(number)
  }
  const { loginFile: _none, ...plain } = options
  await expect(privateKeyTokens(plain)(), 'control').rejects.toMatchObject({ code: 'proof_rejected' })
})
