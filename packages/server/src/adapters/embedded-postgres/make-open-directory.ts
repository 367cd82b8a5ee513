import { chmod, mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * Makes a directory, and those above it that are missing, such that another user can get in. `mkdir` alone would obey
 * a umask that keeps everyone out, as careful administrators set it.
 *
 * Does NOT change a directory that exists.
 *
 * @param mode of those that are made; default 0755, others may look around
 */
export async function makeOpenDirectory(path: string, mode = 0o755): Promise<void> {
  const outermost = await mkdir(path, { recursive: true, mode })
  if (outermost === undefined) return
  for (let made = resolve(path); ; made = dirname(made)) {
    await chmod(made, mode)
    if (made === resolve(outermost)) return
  }
}
