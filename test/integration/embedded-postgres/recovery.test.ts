import { readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Secret } from '@mayfly/provider-kit'
import { expect, test } from 'vitest'
import { identifyProcess } from '../../../packages/server/src/adapters/embedded-postgres/process-identity.ts'
import { superviseEmbeddedPostgres } from '../../../packages/server/src/adapters/embedded-postgres/supervise-embedded-postgres.ts'
import { giveToServer, makeTempDir, until, withClient } from '../../support/index.ts'
import { asUser, loopbackUrl, makeCluster, query, start } from './make-cluster.ts'
import { killProcess, spawnServerProcess, startServerProcess } from './server-in-process.ts'

/** Commits rows one by one until the server is gone. @returns the number of commits that were confirmed */
async function commitUntilCut(url: string, onFirst: () => void): Promise<number> {
  let confirmed = 0
  try {
    await withClient(url, async (client) => {
      await client.query('create table kept (number int primary key)')
      for (;;) {
        await client.query('insert into kept values ($1)', [confirmed])
        confirmed += 1
        if (confirmed === 50) onFirst()
      }
    })
  } catch {
    // The kill. Whether it was not something else is seen from the count and from the rows.
  }
  return confirmed
}

test.for(['server', 'parent'] as const)('no committed row is lost when the %s is killed', async (victim) => {
  const cluster = await makeCluster('killed')
  const running = await startServerProcess(cluster)
  const confirmed = await commitUntilCut(loopbackUrl(running, cluster.password), () => {
    if (victim === 'server') process.kill(running.pid, 'SIGKILL')
    else running.process.kill('SIGKILL')
  })
  if (victim === 'server') await killProcess(running.process)
  expect(confirmed).toBeGreaterThanOrEqual(50)
  const again = await start(cluster)
  try {
    const [found] = (await query(
      again,
      cluster.password,
      'select count(*)::int as rows, max(number) as last from kept',
    )) as [{ rows: number; last: number }]
    // One more may have been committed whose confirmation was lost on the way.
    expect([confirmed, confirmed + 1]).toContain(found.rows)
    expect(found.last, 'no gap').toBe(found.rows - 1)
  } finally {
    await again.stop('fast')
  }
})

test('a killed server leaves a lock file, and the next start passes it', async () => {
  const cluster = await makeCluster('stale')
  const first = await start(cluster)
  process.kill(first.pid, 'SIGKILL')
  expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' })
  expect(await readdir(join(cluster.dataDir, 'pg18'))).toContain('postmaster.pid')
  const second = await start(cluster)
  expect(second.pid).not.toBe(first.pid)
  await second.stop('fast')
})

test('a lock file whose number now belongs to another process stands in nobody’s way', async () => {
  const cluster = await makeCluster('reused')
  const lockFile = join(cluster.dataDir, 'pg18', 'postmaster.pid')
  const first = await start(cluster)
  const text = await readFile(lockFile, 'utf8')
  await first.stop('fast')
  // A living process of the very user that the server runs as: without our care PostgreSQL refuses to start.
  const other = await start(await makeCluster('other'))
  await writeFile(lockFile, text.replace(/^\d+/, String(other.pid)), { mode: 0o600 })
  await giveToServer(lockFile)
  const second = await start(cluster)
  expect(await query(second, cluster.password, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(await identifyProcess(other.pid), 'the other process was left alone').toBeDefined()
  await Promise.all([second.stop('fast'), other.stop('fast')])
})

test('a second start on a living data directory is refused, and harms nothing', async () => {
  const cluster = await makeCluster('second')
  const first = await startServerProcess(cluster)
  await expect(start(cluster)).rejects.toThrow(`in use by another Mayfly (process ${first.process.pid})`)
  expect(await query(first, cluster.password, 'select 1 as one')).toEqual([{ one: 1 }])
  first.process.stdin?.end()
  await until(async () => (await identifyProcess(first.pid)) === undefined, { describe: 'the first has ended' })
  const second = await start(cluster)
  await expect(start(cluster), 'nor twice in one process').rejects.toThrow('this process has already started')
  await second.stop('fast')
})

test('a server that someone else started is neither joined nor ended', async () => {
  const cluster = await makeCluster('foreign')
  const foreign = await startServerProcess(cluster)
  await rm(join(cluster.dataDir, 'owner.1.json'))
  await expect(start(cluster)).rejects.toThrow(`a PostgreSQL that Mayfly did not start (process ${foreign.pid})`)
  expect(await query(foreign, cluster.password, 'select 1 as one')).toEqual([{ one: 1 }])
  await killProcess(foreign.process)
})

test('a server that outlived its parent is ended before a new one starts', async () => {
  const cluster = await makeCluster('orphan')
  const orphan = await startServerProcess(cluster)
  // The claim of a process that is gone, on a server that is not: what a guardian killed with its parent leaves.
  const claim = { pid: orphan.process.pid, identity: 'another boot', state: 'held' }
  await writeFile(join(cluster.dataDir, 'owner.1.json'), JSON.stringify(claim))
  const second = await start(cluster)
  expect(await identifyProcess(orphan.pid)).toBeUndefined()
  expect(await query(second, cluster.password, 'select 1 as one')).toEqual([{ one: 1 }])
  await second.stop('fast')
  await killProcess(orphan.process)
})

test('a process killed while it makes the cluster leaves nothing that is taken for one', async () => {
  const dataDir = await makeTempDir('half', 'disk')
  const cluster = { dataDir, password: new Secret('not-chosen-by-a-person') }
  const child = spawnServerProcess(cluster)
  await until(
    async () => (await readdir(dataDir, { recursive: true })).some((name) => name.endsWith('postgresql.conf')),
    { describe: 'initdb is at work', everyMs: 2 },
  )
  await killProcess(child)
  expect(await readdir(dataDir), 'control: it was not done').not.toContain('pg18')
  const server = await start(cluster)
  expect(await query(server, cluster.password, 'select 1 as one')).toEqual([{ one: 1 }])
  await server.stop('fast')
  expect(await readdir(dataDir)).toEqual(['owner.2.json', 'pg18'])
})

test('a supervised server comes back on the same port with its rows, until it is told to stop', async () => {
  const events: string[] = []
  const cluster = await makeCluster('supervised')
  const server = await superviseEmbeddedPostgres({
    dataDir: cluster.dataDir,
    superuserPassword: cluster.password,
    onEvent: ({ event }) => void events.push(event),
    ...asUser,
  })
  await query(server, cluster.password, 'create table kept as select 1 as number')
  for (const restarts of [1, 2]) {
    const before = server.pid
    process.kill(before ?? 0, 'SIGKILL')
    await until(() => server.pid !== undefined && server.pid !== before, {
      describe: `the server is back (${restarts})`,
      withinMs: 15_000,
    })
    expect(await query(server, cluster.password, 'select number from kept')).toEqual([{ number: 1 }])
  }
  const last = server.pid
  await server.stop('fast')
  expect(server.pid).toBeUndefined()
  expect(await identifyProcess(last ?? 0)).toBeUndefined()
  expect(events).toEqual(['exited', 'restarted', 'exited', 'restarted'])
})
