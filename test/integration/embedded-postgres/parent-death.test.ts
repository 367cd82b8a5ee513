import { mkdir, symlink } from 'node:fs/promises'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { identifyProcess } from '../../../packages/server/src/adapters/embedded-postgres/process-identity.ts'
import { makeTempDir, until, withClient } from '../../support/index.ts'
import { loopbackUrl, makeCluster, query } from './make-cluster.ts'
import { killProcess, startServerProcess } from './server-in-process.ts'

/** A search path on which there is no `setpriv`, so that the guardian has to do its work. */
async function pathWithoutSetpriv(): Promise<string> {
  const bin = join(await makeTempDir('path'), 'bin')
  await mkdir(bin, { mode: 0o755 })
  for (const name of ['id', 'ps']) {
    await symlink(execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), join(bin, name))
  }
  return bin
}

test.for(['by the kernel', 'by a guardian'])('a server ends when its parent is killed: %s', async (tied) => {
  const env: Record<string, string> = tied === 'by the kernel' ? {} : { PATH: await pathWithoutSetpriv() }
  // Only Linux has the kernel's way.
  const directChild = tied === 'by the kernel' && process.platform === 'linux'
  const cluster = await makeCluster('parent')
  const server = await startServerProcess(cluster, env)
  // A session that is at work holds up nothing.
  const session = withClient(loopbackUrl(server, cluster.password), (client) => client.query('select pg_sleep(600)'))
  const end = session.then(
    () => 'answered',
    () => 'cut',
  )
  const sleeping = `select 1 from pg_stat_activity where wait_event = 'PgSleep'`
  await until(async () => (await query(server, cluster.password, sleeping)).length === 1, {
    describe: 'the session sleeps',
  })
  expect(await identifyProcess(server.pid), 'control: the server runs').toBeDefined()
  const parent = execFileSync('ps', ['-o', 'ppid=', '-p', String(server.pid)], { encoding: 'utf8' })
  expect(Number(parent) === server.process.pid, 'control: tied in the way that is meant').toBe(directChild)

  await killProcess(server.process)

  await until(async () => (await identifyProcess(server.pid)) === undefined, {
    describe: 'the server has ended',
    withinMs: 10_000,
  })
  expect(await end).toBe('cut')
})

test('a server ends in order when its parent ends in order', async () => {
  const server = await startServerProcess(await makeCluster('parent'))
  const exited = new Promise((resolve) => server.process.once('exit', (code) => resolve(code)))
  server.process.stdin?.end()
  expect(await exited).toBe(0)
  expect(await identifyProcess(server.pid)).toBeUndefined()
})
