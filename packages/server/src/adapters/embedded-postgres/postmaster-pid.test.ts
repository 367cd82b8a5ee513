import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { disownPostmasterPid, parsePostmasterPid, readPostmasterPid } from './postmaster-pid.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pid-'))
})
afterEach(() => rm(dir, { recursive: true }))

test.for([
  ['123\n/data\n', 123],
  ['-123\n/data\n', 123],
  ['', undefined],
  ['rubbish\n', undefined],
  ['0\n', undefined],
] as const)('the lock file %j names process %s', ([text, pid]) => {
  expect(parsePostmasterPid(text)).toBe(pid)
})

test('no lock file is no process', async () => {
  expect(await readPostmasterPid(dir)).toBeUndefined()
})

test('a disowned lock file names us, and still tells of the shared memory', async () => {
  const path = join(dir, 'postmaster.pid')
  await writeFile(path, '123\n/data\n1700000000\n20001\n\n127.0.0.1\n  5432001   7\nready\n', { mode: 0o600 })
  await disownPostmasterPid(dir)
  const [first, ...rest] = (await readFile(path, 'utf8')).split('\n')
  expect(first).toBe(String(process.pid))
  expect(rest.join('\n')).toBe('/data\n1700000000\n20001\n\n127.0.0.1\n  5432001   7\nready\n')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})
