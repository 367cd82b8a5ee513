/** Files that only their owner may read. */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UsageError } from './usage-error.ts'

/** The file appears whole or not at all, and is never readable by others, not even for a moment. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const part = `${path}.${randomBytes(6).toString('hex')}.part`
  const file = await open(part, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
  try {
    // The umask may have taken the owner's own rights away.
    await chmod(part, 0o600)
    await file.writeFile(text)
    await file.sync()
  } catch (error) {
    await file.close()
    await rm(part, { force: true })
    throw error
  }
  await file.close()
  await rename(part, path)
}

/**
 * Reads a file that holds a secret.
 *
 * @param what completes "the … file", e.g. `key`
 * @throws UsageError it is missing, or others may read it
 */
export async function readPrivateFile(path: string, what: string): Promise<string> {
  const file = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(`the ${what} file \`${path}\` cannot be read: ${reasonOf(cause)}`)
  })
  try {
    const { mode } = await file.stat()
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new UsageError(`others may read the ${what} file \`${path}\``, `run \`chmod 600 ${path}\``)
    }
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'there is no such file'
  return code === 'EACCES' ? 'you may not read it' : message
}
