/**
 * One Mayfly per data directory.
 *
 * Files `owner.<number>.json` in it name the process that owns it; the highest number counts. Promise: of many that
 * claim at once, one gets it; a second process is told who the first is; what a killed process leaves does not stand in
 * the way. Limit: processes that cannot see each other (two containers on one volume) are not told apart here;
 * PostgreSQL's own lock file has the same limit.
 */
import { randomUUID } from 'node:crypto'
import { link, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MayflyError } from '@mayfly/domain'
import { z } from 'zod'
import { identifyProcess } from './process-identity.ts'

const claimShape = z.object({
  pid: z.int().positive(),
  identity: z.string(),
  /** `released`: its server has ended. `given_up`: a server of an owner before it may still be running. */
  state: z.enum(['held', 'released', 'given_up']),
})
type Claim = z.infer<typeof claimShape>

export interface DataDirClaim {
  /** True where the last owner was killed: its server may still be running. */
  readonly serverMayRun: boolean
  /** Lets go of the directory. Only the first call counts. */
  release(as: 'released' | 'given_up'): Promise<void>
}

/** @throws MayflyError `configuration_invalid`: a living process, maybe this one, owns it */
export async function claimDataDir(dataDir: string): Promise<DataDirClaim> {
  const identity = await identifyProcess(process.pid)
  if (identity === undefined) throw new Error('this process cannot be found in the process table')
  const own: Claim = { pid: process.pid, identity, state: 'held' }
  const prepared = await prepare(dataDir, own)
  try {
    for (;;) {
      const last = await lastNumber(dataDir)
      const owner = last === 0 ? undefined : await readClaim(dataDir, last)
      if (owner !== undefined && (await isAlive(owner))) throw inUse(dataDir, owner)
      if (await tryNumber(dataDir, prepared, last + 1)) {
        return {
          serverMayRun: last > 0 && owner?.state !== 'released',
          release: once(async (as) => {
            // Marked, not removed: were the numbers to begin again, a slow claimant could pass a new owner by.
            await rename(await prepare(dataDir, { ...own, state: as }), claimPath(dataDir, last + 1))
          }),
        }
      }
    }
  } finally {
    await rm(prepared, { force: true })
  }
}

/**
 * Takes a number in one step: link fails where it is taken. Older ones are removed only by who has a higher one, so a
 * number that was free because it had been removed is told by the higher one that then exists.
 */
async function tryNumber(dataDir: string, prepared: string, number: number): Promise<boolean> {
  try {
    await link(prepared, claimPath(dataDir, number))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
  if ((await lastNumber(dataDir)) > number) {
    await rm(claimPath(dataDir, number), { force: true })
    return false
  }
  for (const older of await listNumbers(dataDir)) {
    if (older < number) await rm(claimPath(dataDir, older), { force: true })
  }
  return true
}

async function isAlive(claim: Claim): Promise<boolean> {
  return claim.state === 'held' && (await identifyProcess(claim.pid)) === claim.identity
}

async function listNumbers(dataDir: string): Promise<number[]> {
  const names = await readdir(dataDir)
  return names.flatMap((name) => {
    const found = /^owner\.([1-9][0-9]{0,14})\.json$/.exec(name)
    return found === null ? [] : [Number(found[1])]
  })
}

async function lastNumber(dataDir: string): Promise<number> {
  return Math.max(0, ...(await listNumbers(dataDir)))
}

function claimPath(dataDir: string, number: number): string {
  return join(dataDir, `owner.${number}.json`)
}

/** Writes a claim to a file of its own, so that it is whole before it counts. */
async function prepare(dataDir: string, claim: Claim): Promise<string> {
  const path = join(dataDir, `claim-${randomUUID()}`)
  await writeFile(path, JSON.stringify(claim), { mode: 0o600, flag: 'wx' })
  return path
}

async function readClaim(dataDir: string, number: number): Promise<Claim | undefined> {
  try {
    return claimShape.parse(JSON.parse(await readFile(claimPath(dataDir, number), 'utf8')))
  } catch {
    // Overtaken by a higher number, which the next step notices; or emptied by a crash of the machine: nobody's.
    return undefined
  }
}

function once<Argument>(action: (argument: Argument) => Promise<void>): (argument: Argument) => Promise<void> {
  let done: Promise<void> | undefined
  return (argument) => (done ??= action(argument))
}

function inUse(dataDir: string, owner: Claim): MayflyError {
  return new MayflyError('configuration_invalid', {
    publicDetail:
      owner.pid === process.pid
        ? 'this process has already started the embedded database of this data directory'
        : `the data directory is in use by another Mayfly (process ${owner.pid})`,
    hint: 'stop it first, or choose another `MAYFLY_DATA_DIR`',
    log: dataDir,
  })
}
