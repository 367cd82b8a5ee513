/**
 * One Mayfly per data directory.
 *
 * A file in it names the process that owns it. Promise: a second process is told who the first is; a file left behind
 * by a killed process does not stand in the way. Limit: processes that cannot see each other (two containers on one
 * volume) are not told apart here; PostgreSQL's own lock file has the same limit.
 */
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { MayflyError } from '@mayfly/domain'
import { z } from 'zod'
import { identifyProcess } from './process-identity.ts'

const ownerShape = z.object({ pid: z.int().positive(), identity: z.string() })
type Owner = z.infer<typeof ownerShape>

export interface DataDirClaim {
  /** True where the last owner ended without releasing it: its server may still be running. */
  readonly previousOwnerDied: boolean
  release(): Promise<void>
}

/** @throws MayflyError `configuration_invalid`: a living process, maybe this one, owns it */
export async function claimDataDir(dataDir: string): Promise<DataDirClaim> {
  const path = join(dataDir, 'owner.json')
  const identity = await identifyProcess(process.pid)
  if (identity === undefined) throw new Error('this process cannot be found in the process table')
  const own: Owner = { pid: process.pid, identity }
  const prepared = join(dataDir, `owner.json.${randomUUID()}`)
  await writeFile(prepared, JSON.stringify(own), { mode: 0o600, flag: 'wx' })
  try {
    const previousOwnerDied = await putInPlace(prepared, path)
    let released = false
    const release = async (): Promise<void> => {
      // Once only: a second time the file may be another process's.
      if (released) return
      released = true
      await rm(path, { force: true })
    }
    return { previousOwnerDied, release }
  } finally {
    await rm(prepared, { force: true })
  }
}

/** Puts the claim where it counts, in one step (link fails where the name is taken). */
async function putInPlace(prepared: string, path: string): Promise<boolean> {
  let previousOwnerDied = false
  for (;;) {
    try {
      await link(prepared, path)
      return previousOwnerDied
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    const owner = await readOwner(path)
    if (owner !== undefined && (await identifyProcess(owner.pid)) === owner.identity) throw inUse(path, owner)
    previousOwnerDied = true
    await removeStale(path, owner)
  }
}

/**
 * Two starters may find the same stale claim. It is moved aside before it is removed, and put back where it turns out
 * to be the other's fresh one. PostgreSQL's own lock is the last word if that still goes wrong.
 */
async function removeStale(path: string, seen: Owner | undefined): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  try {
    await rename(path, aside)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw error
  }
  const moved = await readOwner(aside)
  if (moved?.pid !== seen?.pid || moved?.identity !== seen?.identity) await link(aside, path)
  await rm(aside)
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    return ownerShape.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    // Gone, or damaged by a full disk: nobody's.
    return undefined
  }
}

function inUse(path: string, owner: Owner): MayflyError {
  const self = owner.pid === process.pid
  return new MayflyError('configuration_invalid', {
    publicDetail: self
      ? 'this process has already started the embedded database of this data directory'
      : `the data directory is in use by another Mayfly (process ${owner.pid})`,
    hint: 'stop it first, or choose another `MAYFLY_DATA_DIR`',
    log: path,
  })
}
