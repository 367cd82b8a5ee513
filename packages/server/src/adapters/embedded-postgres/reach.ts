/**
 * Whether another user can get at a path. Found out by doing, as that user: mode bits alone do not tell, because
 * access lists and security modules have a say too.
 */
import { execFile } from 'node:child_process'
import { dirname } from 'node:path'
import type { RunUser } from './embedded-postgres.ts'

/**
 * @param path absolute, without symbolic links
 * @returns the outermost directory on the way to `path` (or `path` itself) that the user may not enter; undefined where
 *   nothing is in the way
 */
export async function findBlockedDirectory(user: RunUser | undefined, path: string): Promise<string | undefined> {
  if (user === undefined) return undefined
  const script = 'for path; do test -x "$path" || { printf %s "$path"; exit 3; }; done'
  return new Promise((resolve, reject) => {
    execFile(
      '/bin/sh',
      ['-c', script, 'sh', ...ancestorsOf(path)],
      { uid: user.uid, gid: user.gid, cwd: '/', env: {} },
      (error, stdout) => {
        if (error === null) resolve(undefined)
        else if (error.code === 3) resolve(stdout)
        else reject(new Error(`cannot act as user \`${user.name}\``, { cause: error }))
      },
    )
  })
}

function ancestorsOf(path: string): string[] {
  const parent = dirname(path)
  return parent === path ? [path] : [...ancestorsOf(parent), path]
}
