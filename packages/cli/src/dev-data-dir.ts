import { createHash } from 'node:crypto'
import { mkdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/**
 * Where `mayfly dev` keeps the files of the database: in its own folder; started as root, where the database runs as
 * another user who could not get into that folder (`/root` is closed), below `/var/lib/mayfly`.
 */
export async function findDevDataDir(dir: string): Promise<string> {
  if (process.getuid?.() !== 0 || (await isOpen(dir))) return join(dir, 'postgres')
  const place = '/var/lib/mayfly/dev'
  await mkdir(place, { recursive: true, mode: 0o711 })
  return join(place, createHash('sha256').update(dir).digest('hex').slice(0, 12))
}

/** Whether everyone may pass through all folders on the way. The server looks again, as that user. */
async function isOpen(path: string): Promise<boolean> {
  if (((await stat(path)).mode & 0o001) === 0) return false
  const parent = dirname(path)
  return parent === path || isOpen(parent)
}
