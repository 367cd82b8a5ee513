import { mkdir, mkdtemp, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { hydrateSymlinks } from './hydrate-symlinks.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'links-'))
  await mkdir(join(dir, 'native', 'lib'), { recursive: true })
})
afterEach(() => rm(dir, { recursive: true }))

function list(...links: { source: string; target: string }[]): Promise<void> {
  return writeFile(join(dir, 'native', 'pg-symlinks.json'), JSON.stringify(links))
}

test('missing links are made, relative, and only once', async () => {
  await list({ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so' })
  expect(await hydrateSymlinks(dir)).toBe(1)
  expect(await readlink(join(dir, 'native', 'lib', 'libpq.so'))).toBe('libpq.so.5.18')
  expect(await hydrateSymlinks(dir)).toBe(0)
})

test('a package without a list has no links', async () => {
  expect(await hydrateSymlinks(dir)).toBe(0)
})

test.for([
  { source: '../../etc/passwd', target: 'native/lib/x' },
  { source: 'native/lib/x', target: '../outside' },
])('a link out of the package is refused: %j', async (link) => {
  await list(link)
  await expect(hydrateSymlinks(dir)).rejects.toThrow('outside the package')
})
