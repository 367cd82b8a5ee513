/** Files that appear whole or not at all, with their mode and owner from the first moment on. */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { FileOwner } from '../config/host-agent-config.ts'

/** @throws Error the folder is missing, the disk is full, the owner may not be set, … */
export async function writeFileWhole(
  path: string,
  content: string,
  { mode, owner }: { readonly mode: number; readonly owner: FileOwner | undefined },
): Promise<void> {
  const part = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.part`)
  // For nobody else until it belongs to whom it should; the umask decides nothing.
  const file = await open(part, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
  try {
    if (owner !== undefined) await file.chown(owner.uid, owner.gid)
    await file.chmod(mode)
    await file.writeFile(content)
    await file.sync()
    await file.close()
    await rename(part, path)
  } catch (error) {
    await file.close().catch(() => undefined)
    await rm(part, { force: true })
    throw error
  }
}
