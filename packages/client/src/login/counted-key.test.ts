import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type CountedClaims, countedLogin } from './counted-key.ts'
import { withFileLock } from './file-lock.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mayfly-counted-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

/** What a server keeps of a key, and refuses like one. */
function counter() {
  const state = { generation: 0, next: undefined as unknown }
  return {
    state,
    async ask(claims: CountedClaims) {
      const revealed = claims['generation_secret']
      const digest =
        revealed === undefined ? undefined : createHash('sha256').update(String(revealed)).digest('base64url')
      const goesOn = claims['generation'] === state.generation && (state.next === undefined || state.next === digest)
      const repeats = claims['next_generation_digest'] === state.next
      if (!goesOn && !repeats) throw new Error('clone')
      if (goesOn) {
        state.generation += 1
        state.next = claims['next_generation_digest']
      }
      return { generation: state.generation }
    },
  }
}

const challenge = async () => 'a-challenge'

test('logins of one file take turns, however many there are at once, and the count goes on', async () => {
  const file = join(dir, 'key.jwk.login')
  const server = counter()
  await Promise.all(Array.from({ length: 20 }, () => countedLogin(file, challenge, server.ask)))
  expect(server.state.generation).toBe(20)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readdir(dir), 'no lock and no part is left').toEqual(['key.jwk.login'])
})

test('an answer that was lost is asked for again with the very same promise', async () => {
  const file = join(dir, 'key.jwk.login')
  const server = counter()
  await countedLogin(file, challenge, server.ask)
  const promised: unknown[] = []
  const lost = countedLogin(file, challenge, async (claims) => {
    promised.push(claims['next_generation_digest'])
    await server.ask(claims)
    throw new Error('the line is dead')
  })
  await expect(lost).rejects.toThrow('the line is dead')
  const again = await countedLogin(file, challenge, async (claims) => {
    promised.push(claims['next_generation_digest'])
    return server.ask(claims)
  })
  expect(again.generation).toBe(2)
  expect(promised[0]).toBe(promised[1])
  expect(
    (await countedLogin(file, challenge, server.ask)).generation,
    'control: another promise, the next number',
  ).toBe(3)
})

test('what a copy of the file promises is another thing', async () => {
  const file = join(dir, 'key.jwk.login')
  const server = counter()
  await countedLogin(file, challenge, server.ask)
  const copy = join(dir, 'copy.login')
  await writeFile(copy, await readFile(file), { mode: 0o600 })
  await countedLogin(copy, challenge, server.ask)
  await expect(countedLogin(file, challenge, server.ask)).rejects.toThrow('clone')
})

test('a file that others may read, or that is broken, is not used', async () => {
  const file = join(dir, 'key.jwk.login')
  await writeFile(file, '{"generation":1}', { mode: 0o644 })
  await expect(countedLogin(file, challenge, counter().ask)).rejects.toThrow('others may read')
  await rm(file)
  await writeFile(file, '{"genera', { mode: 0o600 })
  await expect(countedLogin(file, challenge, counter().ask)).rejects.toMatchObject({
    hint: expect.stringContaining('binding recover'),
  })
})

test('a lock that a dead process left is taken over, by one of many at a time', async () => {
  const lock = join(dir, 'x.lock')
  // No process has that number: it is above what Linux gives.
  await writeFile(lock, '99999999 left', { mode: 0o600 })
  let inside = 0
  let most = 0
  await Promise.all(
    Array.from({ length: 10 }, () =>
      withFileLock(lock, async () => {
        inside += 1
        most = Math.max(most, inside)
        await new Promise((resolve) => setImmediate(resolve))
        inside -= 1
      }),
    ),
  )
  expect(most).toBe(1)
})
