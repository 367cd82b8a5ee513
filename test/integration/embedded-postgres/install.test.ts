import { execFile } from 'node:child_process'
import { chmod, mkdir, readdir, readlink, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Secret } from '@mayfly/provider-kit'
import { expect, test } from 'vitest'
import type { EmbeddedPostgresOptions } from '../../../packages/server/src/adapters/embedded-postgres/embedded-postgres.ts'
import { binariesPackage } from '../../../packages/server/src/adapters/embedded-postgres/find-binaries.ts'
import { canLogIn, makeTempDir } from '../../support/index.ts'
import { makeCluster, query, start } from './make-cluster.ts'
import { killProcess, startServerProcess } from './server-in-process.ts'

const run = promisify(execFile)
const isRoot = process.getuid?.() === 0

/** The package as npm unpacks it with `--ignore-scripts`: without its symbolic links. */
async function installWithoutScripts(into: string): Promise<string> {
  const name = binariesPackage(18, process.platform, process.arch)
  const installed = dirname(dirname(createRequire(import.meta.url).resolve(name)))
  const packageDir = join(into, 'package')
  await run('cp', ['-R', installed, packageDir])
  await run('find', [packageDir, '-type', 'l', '-delete'])
  return packageDir
}

/** Starts a server from these binaries and logs in. */
async function expectToRun(packageDir: string, cacheDir: string): Promise<void> {
  const cluster = await makeCluster('install')
  const server = await start(cluster, { packageDir, cacheDir })
  try {
    const { host, port, superuser: user } = server
    expect(await canLogIn({ host, port, user, database: 'postgres', password: cluster.password.reveal() })).toBe(true)
  } finally {
    await server.stop('immediate')
  }
}

test('after an install without scripts, the missing links are made in place', async () => {
  const dir = await makeTempDir('scripts')
  const packageDir = await installWithoutScripts(dir)
  const library = process.platform === 'darwin' ? 'libpq.dylib' : 'libpq.so'
  await expect(readlink(join(packageDir, 'native', 'lib', library)), 'control').rejects.toThrow('ENOENT')
  await expectToRun(packageDir, join(dir, 'cache'))
  expect(await readlink(join(packageDir, 'native', 'lib', library))).toContain('libpq')
  expect(await readdir(dir), 'no copy was needed').toEqual(['package'])
})

test('from a folder that only root may enter, a copy is run, and run again', async () => {
  const dir = await makeTempDir('closed')
  const closed = join(dir, 'closed')
  await mkdir(closed, { mode: 0o700 })
  const packageDir = await installWithoutScripts(closed)
  const cacheDir = join(dir, 'cache')
  await expectToRun(packageDir, cacheDir)
  await expectToRun(packageDir, cacheDir)
  // An ordinary user's server runs as that user, whom the folder does not keep out: no copy, no cache.
  const copies = isRoot ? await readdir(cacheDir) : []
  expect(copies.map((name) => name.replace(/-18\..*/, ''))).toEqual(
    isRoot ? [`postgres-${process.platform}-${process.arch}`] : [],
  )
})

test('from a folder that cannot be written to, a copy gets the links', async () => {
  const dir = await makeTempDir('readonly')
  const packageDir = await installWithoutScripts(dir)
  await chmod(join(packageDir, 'native', 'lib'), 0o555)
  const cacheDir = join(dir, 'cache')
  await expectToRun(packageDir, cacheDir)
  // No mode keeps root from writing: it makes them in place.
  expect(await readdir(isRoot ? join(packageDir, 'native') : cacheDir)).toHaveLength(isRoot ? 4 : 1)
  await chmod(join(packageDir, 'native', 'lib'), 0o755)
})

test('a umask that keeps everyone out keeps no server from its files', async () => {
  const dir = await makeTempDir('umask', 'disk')
  const closed = join(dir, 'closed')
  await mkdir(closed, { mode: 0o700 })
  const packageDir = await installWithoutScripts(closed)
  // As npm unpacks it under such a umask.
  await run('chmod', ['-R', 'go-rwx', packageDir])
  const cluster = { dataDir: join(dir, 'new', 'data'), password: new Secret('not-chosen-by-a-person') }
  const server = await startServerProcess(cluster, {
    MAYFLY_TEST_UMASK: '077',
    MAYFLY_TEST_PACKAGE_DIR: packageDir,
    MAYFLY_TEST_CACHE_DIR: join(dir, 'cache'),
  })
  expect(await query(server, cluster.password, 'select 1 as one')).toEqual([{ one: 1 }])
  await killProcess(server.process)
})

/** `started`, or the message of the refusal. */
async function tryToStart(options: Partial<EmbeddedPostgresOptions>): Promise<string> {
  const cluster = { dataDir: await makeTempDir('try', 'disk'), password: new Secret('not-chosen-by-a-person') }
  try {
    await (await start(cluster, options)).stop('immediate')
    return 'started'
  } catch (error) {
    return String(error)
  }
}

test('a data directory that the server’s user cannot reach is refused, and the obstacle named', async () => {
  const closed = join(await makeTempDir('unreachable'), 'closed')
  await mkdir(closed, { mode: 0o700 })
  const outcome = await tryToStart({ dataDir: join(closed, 'data') })
  expect(outcome).toContain(isRoot ? `may not enter \`${closed}\`` : 'started')
})

test('as root, a user who does not exist is refused by name; else no user is looked for', async () => {
  const outcome = await tryToStart({ runAs: 'no-such-user' })
  expect(outcome).toContain(isRoot ? 'cannot run as `no-such-user`' : 'started')
})

test('a package that lacks a program does not start, and says why', async () => {
  const packageDir = await installWithoutScripts(await makeTempDir('broken'))
  await rm(join(packageDir, 'native', 'bin', 'initdb'))
  expect(await tryToStart({ packageDir })).toContain('the embedded database could not be created')
})
