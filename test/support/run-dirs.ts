/**
 * The folders of one run of the suites. Each names its process, so that the next run can tell what a killed one left.
 */
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MayflyError } from '@mayfly/domain'
import { claimDataDir } from '../../packages/server/src/adapters/embedded-postgres/claim-data-dir.ts'

export const memoryRoot = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
const prefix = 'mayfly-test-'

export async function makeRunDir(root: string): Promise<string> {
  await sweepLeftovers(root)
  const dir = await mkdtemp(join(root, prefix))
  await chmod(dir, 0o711)
  await claimDataDir(dir)
  return dir
}

async function sweepLeftovers(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (name.startsWith(prefix)) await removeIfAbandoned(join(root, name))
  }
}

async function removeIfAbandoned(dir: string): Promise<void> {
  try {
    const claim = await claimDataDir(dir)
    // No claim before ours: a run that is just beginning.
    if (!claim.serverMayRun) await claim.release('released')
    else await rm(dir, { recursive: true, force: true, maxRetries: 10 })
  } catch (error) {
    if (error instanceof MayflyError) return
    if (error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'ENOENT')) return
    throw error
  }
}
