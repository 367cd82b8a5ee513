/** What can be said of a process: the selectors that the server holds against its bindings. */
import { readFileSync, statSync } from 'node:fs'
import type { AccountNames } from './account-names.ts'
import { parseCgroup } from './cgroup.ts'
import type { ExecutableDigests } from './executable-digest.ts'
import { type ProcessFault, type ProcessHandle, readExecutablePath } from './process-handle.ts'

export interface SelectorDeps {
  readonly names: AccountNames
  readonly digests: ExecutableDigests
}

/** The server takes no longer ones. */
const maxSelectorChars = 1_000

/** @returns `<type>:<value>` each; a fault where the process is no longer what it was when it connected */
export async function readSelectors(
  { names, digests }: SelectorDeps,
  handle: ProcessHandle,
): Promise<readonly string[] | ProcessFault> {
  const path = readTruePath(handle)
  const sha256 = handle.executable === undefined ? undefined : await digests.digestOf(handle.path('exe'))
  const cgroup = readCgroup(handle)
  // What was read may stem from another program than the one that connected: only now is it known that it does not.
  const fault = handle.findFault()
  if (fault !== undefined) return fault
  const found: readonly (readonly [type: string, value: string | number | undefined])[] = [
    ['unix:uid', handle.uid],
    ['unix:gid', handle.gid],
    ['unix:user', names.userName(handle.uid)],
    ['unix:group', names.groupName(handle.gid)],
    ['unix:path', path],
    ['unix:sha256', sha256],
    ['systemd:unit', cgroup.systemdUnit],
    ['cgroup', cgroup.path],
    ['container:id', cgroup.containerId],
  ]
  return (
    found
      .filter(([, value]) => value !== undefined && value !== '')
      .map(([type, value]) => `${type}:${value}`)
      // A control character in a path is no accident; it must not reach a terminal or a log.
      .filter((selector) => selector.length <= maxSelectorChars && !/\p{Cc}/u.test(selector))
  )
}

/**
 * The path only where it leads to the very file that runs. A process in a mount namespace of its own (any user can make
 * one) may see its program under any name, and a program that was replaced is no longer what its path says.
 */
function readTruePath(handle: ProcessHandle): string | undefined {
  const path = readExecutablePath(handle)
  if (path === undefined || handle.executable === undefined) return undefined
  try {
    const { dev, ino } = statSync(path, { bigint: true })
    return dev === handle.executable.device && ino === handle.executable.inode ? path : undefined
  } catch {
    return undefined
  }
}

function readCgroup(handle: ProcessHandle): ReturnType<typeof parseCgroup> {
  try {
    return parseCgroup(readFileSync(handle.path('cgroup'), 'utf8'))
  } catch {
    return { path: undefined, systemdUnit: undefined, containerId: undefined }
  }
}
