/**
 * One process at a time, by a file that says who holds it.
 *
 * Promise: what a process left behind that died is taken over, by one of those who wait.
 * Limit: among processes of one host and file system. A lock that is older than two minutes counts as left behind.
 */
import { randomUUID } from 'node:crypto'
import { link, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { UsageError } from './usage-error.ts'

const lookAgainMs = 20
const longestWaitMs = 30_000
const longestHoldMs = 120_000

/** @throws UsageError another process holds it for longer than half a minute */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const own = `${process.pid} ${randomUUID()}`
  const deadlineMs = performance.now() + longestWaitMs
  while (!(await take(path, own))) {
    const left = await findLeft(path)
    if (left !== undefined) await removeLeft(path, left)
    // Nothing tells when another process removes its file.
    else await wait(lookAgainMs)
    if (performance.now() > deadlineMs) {
      throw new UsageError(`another process holds \`${path}\``, 'wait for it to end; remove the file if there is none')
    }
  }
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}

async function take(path: string, own: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600)
    await file.writeFile(own)
    await file.close()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** What the file says where nobody holds it any more. */
async function findLeft(path: string): Promise<string | undefined> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)])
    const ageMs = Date.now() - mtimeMs
    // Being written just now.
    if (text === '' && ageMs < 5_000) return undefined
    return ageMs > longestHoldMs || !isAlive(Number.parseInt(text, 10)) ? text : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Moved aside first: of two who take over, the second must not remove what the first has taken since. */
async function removeLeft(path: string, left: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  try {
    await rename(path, aside)
    if ((await readFile(aside, 'utf8')) !== left) await link(aside, path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error
  }
  await rm(aside, { force: true })
}
