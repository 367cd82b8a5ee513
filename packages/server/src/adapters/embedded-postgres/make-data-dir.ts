import { chown, mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { MayflyError } from '@mayfly/domain'
import type { RunUser } from './embedded-postgres.ts'
import { makeOpenDirectory } from './make-open-directory.ts'
import { findBlockedDirectory } from './reach.ts'

/**
 * Makes the data directory where it is missing: for its user alone, or, as root, such that the server's user can pass
 * through but not look around.
 *
 * @returns its path without symbolic links
 * @throws MayflyError `configuration_invalid`: a directory on the way keeps the server's user out
 */
export async function makeDataDir(dataDir: string, runUser: RunUser | undefined): Promise<string> {
  await makeOpenDirectory(dataDir, runUser === undefined ? 0o700 : 0o711)
  const path = await realpath(dataDir)
  const blocked = await findBlockedDirectory(runUser, path)
  if (blocked === undefined) return path
  throw new MayflyError('configuration_invalid', {
    publicDetail: `user \`${runUser?.name}\`, whom the embedded database runs as, may not enter \`${blocked}\``,
    hint: 'set `MAYFLY_DATA_DIR` to a directory that every user can reach, e.g. `/var/lib/mayfly`',
  })
}

/** The longest path of a Unix socket that every system takes (macOS: 104 bytes with the closing zero). */
const maxSocketPathBytes = 103

/**
 * Makes the directory of the server's Unix socket, which only its user may enter.
 *
 * @throws MayflyError `configuration_invalid`: its path is longer than the system takes
 */
export async function makeSocketDir(dataDir: string, runUser: RunUser | undefined): Promise<string> {
  const socketDir = join(dataDir, 'socket')
  if (Buffer.byteLength(join(socketDir, '.s.PGSQL.65535')) > maxSocketPathBytes) {
    throw new MayflyError('configuration_invalid', {
      publicDetail: 'the path of the data directory is too long for a Unix socket',
      hint: 'set `MAYFLY_DATA_DIR` to a shorter path, or let the embedded database listen on loopback',
      log: socketDir,
    })
  }
  await mkdir(socketDir, { recursive: true, mode: 0o700 })
  if (runUser !== undefined) await chown(socketDir, runUser.uid, runUser.gid)
  return socketDir
}
