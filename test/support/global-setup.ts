/**
 * Runs once, before the first test file and after the last one: the servers that the suites share.
 *
 * They end with this process, however it ends (they are tied to it), and their files are removed at the end of the run
 * or, after a kill, by the next one.
 */
import { rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { makeRunDir, memoryRoot } from './run-dirs.ts'
import { keepServers, type ServerKeeper } from './servers/keep-servers.ts'
import { makeTemplateDatabase } from './template-database.ts'
import { fastStoreSettings, fastTargetSettings, startTestCluster, type TestCluster } from './test-cluster.ts'

const running: TestCluster[] = []
const dirs: string[] = []
let keeper: ServerKeeper | undefined

export async function setup(project: TestProject): Promise<void> {
  const runDir = await makeRunDir(memoryRoot)
  dirs.push(runDir)
  const diskDir = await makeRunDir(tmpdir())
  dirs.push(diskDir)
  process.on('exit', removeDirsNow)
  const start = async (version: 18 | 15, name: string, settings: Record<string, string>): Promise<TestCluster> => {
    const cluster = await startTestCluster({ version, dataDir: join(runDir, name), durable: false, settings })
    running.push(cluster)
    return cluster
  }
  try {
    const [[store, target18], target15] = await Promise.all([
      // One after the other: the first makes the files that the second is copied from.
      start(18, 'store', fastStoreSettings).then(
        async (first) => [first, await start(18, 'target-18', fastTargetSettings)] as const,
      ),
      start(15, 'target-15', fastTargetSettings),
    ])
    project.provide('storeCluster', await makeTemplateDatabase(store.access))
    project.provide('targetClusters', { 18: target18.access, 15: target15.access })
    keeper = await keepServers(runDir)
    project.provide('serverKeeper', keeper.socketPath)
    project.provide('runDir', runDir)
    project.provide('diskDir', diskDir)
  } catch (error) {
    await teardown()
    throw error
  }
}

export async function teardown(): Promise<void> {
  await keeper?.stop()
  keeper = undefined
  // Immediate: nothing here is worth a checkpoint.
  await Promise.all(running.splice(0).map(({ server }) => server.stop('immediate')))
  await Promise.all(dirs.splice(0).map((dir) => rm(dir, { recursive: true, force: true, maxRetries: 10 })))
  process.off('exit', removeDirsNow)
}

/** For an end without teardown. The servers are about to end too; what they still write goes nowhere. */
function removeDirsNow(): void {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true, maxRetries: 3 })
}
