/**
 * PostgreSQL's lock file `postmaster.pid` (PostgreSQL documentation, "Database File Layout").
 *
 * It is never deleted here. PostgreSQL uses its last lines to make sure that no process of a killed server still has
 * the shared memory open: two servers writing to one cluster would destroy it, and without the file that check is gone.
 */
import { chown, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** @returns the process id in the first line; undefined where there is no file or no number in it */
export async function readPostmasterPid(clusterDir: string): Promise<number | undefined> {
  try {
    return parsePostmasterPid(await readFile(join(clusterDir, 'postmaster.pid'), 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** A server in single-user mode writes its number negative. */
export function parsePostmasterPid(text: string): number | undefined {
  const pid = Math.abs(Number(text.split('\n', 1)[0]))
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined
}

/**
 * Makes a stale lock file passable whose number now belongs to some other process. PostgreSQL would take that process
 * for a server and refuse to start; it takes no notice of the number of its own parent, so that is what we put there.
 * Its check of the shared memory still runs.
 */
export async function disownPostmasterPid(clusterDir: string): Promise<void> {
  const path = join(clusterDir, 'postmaster.pid')
  const lines = (await readFile(path, 'utf8')).split('\n')
  const { uid, gid, mode } = await stat(path)
  const prepared = join(clusterDir, 'postmaster.pid.disowned')
  await writeFile(prepared, [String(process.pid), ...lines.slice(1)].join('\n'), { mode: mode & 0o777 })
  if (process.getuid?.() === 0) await chown(prepared, uid, gid)
  await rename(prepared, path)
}
