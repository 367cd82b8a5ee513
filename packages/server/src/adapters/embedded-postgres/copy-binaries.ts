/**
 * A copy of PostgreSQL's binaries where they cannot be used in place: a clone under `/root` that no other user can
 * enter, or a `node_modules` without links that cannot be written to.
 *
 * Promise: the copy is whole or not there (made aside, then renamed), and only its owner can change it. A folder that
 * others could have prepared is refused, because what lies in it will be run.
 */
import { constants } from 'node:fs'
import { chmod, copyFile, link, lstat, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { MayflyError } from '@mayfly/domain'
import { makeOpenDirectory } from './make-open-directory.ts'
import { hydrateSymlinks } from './hydrate-symlinks.ts'

/** `/var/cache/mayfly` for root, else `mayfly` in the user's own cache folder. */
export function defaultCacheDir(): string {
  if (process.getuid?.() === 0) {
    return process.platform === 'darwin' ? '/Library/Caches/mayfly' : '/var/cache/mayfly'
  }
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'mayfly')
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'mayfly')
}

/**
 * @param packageDir the folder that holds `native/`
 * @param key names the copy: package name and version
 * @returns the folder that holds the copy's `native/`
 * @throws MayflyError `configuration_invalid`: the cache folder is not ours alone, or cannot be written to
 */
export async function copyBinaries(packageDir: string, key: string, cacheDir = defaultCacheDir()): Promise<string> {
  const copy = join(cacheDir, key)
  try {
    await makeOpenDirectory(cacheDir)
    await refuseForeign(cacheDir)
    if (await exists(copy)) {
      await refuseForeign(copy)
      return copy
    }
    const unfinished = await mkdtemp(join(cacheDir, `${key}.new-`))
    try {
      // mkdtemp makes it 0700; the server's user must get in.
      await chmod(unfinished, 0o755)
      await copyTree(join(packageDir, 'native'), join(unfinished, 'native'))
      await hydrateSymlinks(unfinished)
      await rename(unfinished, copy)
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true })
      // Another process was first: its copy is as whole as ours.
      if (!(await exists(copy))) throw error
    }
    await refuseForeign(copy)
    return copy
  } catch (error) {
    if (error instanceof MayflyError) throw error
    throw new MayflyError('configuration_invalid', {
      publicDetail: `the binaries of the embedded database cannot be copied to \`${cacheDir}\``,
      hint: 'free some space there or make it writable, or install Mayfly where the database user can read it',
      cause: error,
    })
  }
}

async function copyTree(from: string, to: string): Promise<void> {
  await makeOpenDirectory(to)
  for (const item of await readdir(from, { withFileTypes: true })) {
    const source = join(from, item.name)
    const target = join(to, item.name)
    if (item.isDirectory()) await copyTree(source, target)
    // Symbolic links are made anew from the package's list. Static libraries serve no running server.
    else if (item.isFile() && !item.name.endsWith('.a')) await linkOrCopy(source, target)
  }
}

/** Links a file where that gives what a copy would: 60 MB saved where both lie on one file system. */
async function linkOrCopy(source: string, target: string): Promise<void> {
  const { uid, mode } = await stat(source)
  const wantedMode = mode & 0o100 ? 0o755 : 0o644
  // A file of someone else stays theirs to change when it is linked; one that others cannot read stays unreadable.
  if (uid === process.getuid?.() && (mode & 0o777) === wantedMode) {
    try {
      await link(source, target)
      return
    } catch {
      // Another file system, or one without links: the copy below says what else may be wrong.
    }
  }
  await copyFile(source, target, constants.COPYFILE_FICLONE)
  await chmod(target, wantedMode)
}

async function refuseForeign(path: string): Promise<void> {
  const uid = process.getuid?.()
  if (uid === undefined) return
  const found = await lstat(path)
  if (found.isDirectory() && found.uid === uid && (found.mode & 0o022) === 0) return
  throw new MayflyError('configuration_invalid', {
    publicDetail: `\`${path}\` is not a directory that only the user who runs Mayfly can change`,
    hint: 'it holds programs that Mayfly runs: remove it and start again',
  })
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}
