/**
 * One process, held so that no other can pass for it.
 *
 * Promise: everything is read through an open descriptor of `/proc/PID`. When the process has gone such a read fails,
 * also where its number was given to another process since. `findFault` says whether it still is what it was.
 */
import { closeSync, constants, openSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import type { PeerCredentials } from './peer-credentials.ts'

export interface ExecutableIdentity {
  readonly device: bigint
  readonly inode: bigint
}

export interface ProcessHandle extends PeerCredentials {
  /** In clock ticks since the boot (proc(5), `stat`, field 22). */
  readonly startTime: string
  /** `<boot id>/<pid>/<start time>`: no two processes of a host ever share one. */
  readonly instance: string
  /** Undefined where this agent may not look at it: then nothing is said about the executable. */
  readonly executable: ExecutableIdentity | undefined
  /** Path of a file of this process, for reading: `exe`, `cgroup`, … */
  path(name: string): string
  /** Why it is no longer the process that it was; undefined where it is. */
  findFault(): ProcessFault | undefined
  close(): void
}

export type ProcessFault = 'process_gone' | 'process_replaced' | 'user_changed' | 'executable_changed'

const bootId = readBootId()

/**
 * @param pidfd of the same process, where the kernel gives one: then the number cannot have been given away in between
 * @returns a fault where it has gone already
 */
export function openProcess(peer: PeerCredentials, pidfd: number | undefined): ProcessHandle | ProcessFault {
  let directory: number
  try {
    directory = openSync(`/proc/${peer.pid}`, constants.O_RDONLY | constants.O_DIRECTORY)
  } catch {
    return 'process_gone'
  }
  const handle = readHandle(peer, directory)
  // Only now: while it lives, its number is nobody else's, so what was opened above was it.
  const fault =
    typeof handle === 'string' ? handle : pidfd !== undefined && hasEnded(pidfd) ? 'process_gone' : undefined
  const found = fault ?? (typeof handle === 'string' ? handle : (handle.findFault() ?? handle))
  if (typeof found === 'string') closeSync(directory)
  return found
}

function readHandle(peer: PeerCredentials, directory: number): ProcessHandle | ProcessFault {
  const path = (name: string) => `/proc/self/fd/${directory}/${name}`
  const first = readState(path('stat'))
  if (first === undefined) return 'process_gone'
  const startTime = first.startTime
  const executable = readExecutable(path('exe'))
  let isOpen = true
  return {
    ...peer,
    startTime,
    instance: `${bootId}/${peer.pid}/${startTime}`,
    executable,
    path,
    findFault() {
      const state = isOpen ? readState(path('stat')) : undefined
      if (state === undefined || state.isZombie) return 'process_gone'
      if (state.startTime !== startTime) return 'process_replaced'
      const ids = readIds(path('status'))
      if (ids === undefined) return 'process_gone'
      if (ids.uid !== peer.uid || ids.gid !== peer.gid) return 'user_changed'
      const now = readExecutable(path('exe'))
      if (now?.device !== executable?.device || now?.inode !== executable?.inode) return 'executable_changed'
      return undefined
    },
    close() {
      if (isOpen) closeSync(directory)
      isOpen = false
    },
  }
}

/** The name of the command may hold blanks and brackets, so fields are counted from its last bracket. */
export function parseProcessStat(text: string): { readonly startTime: string; readonly isZombie: boolean } | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, startTime] = [fields[0], fields[19]]
  if (state === undefined || startTime === undefined || !/^\d+$/.test(startTime)) return undefined
  return { startTime, isZombie: state === 'Z' || state === 'X' }
}

/** Effective ids: those that SO_PEERCRED tells. */
export function parseProcessIds(status: string): { readonly uid: number; readonly gid: number } | undefined {
  const [, uid] = /^Uid:\t\d+\t(\d+)/m.exec(status) ?? []
  const [, gid] = /^Gid:\t\d+\t(\d+)/m.exec(status) ?? []
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) }
}

function readState(path: string): ReturnType<typeof parseProcessStat> {
  return unlessGone(() => parseProcessStat(readFileSync(path, 'latin1')))
}

function readIds(path: string): ReturnType<typeof parseProcessIds> {
  return unlessGone(() => parseProcessIds(readFileSync(path, 'latin1')))
}

/** Of the file itself, not of what has its name by now. */
function readExecutable(path: string): ExecutableIdentity | undefined {
  return unlessGone(() => {
    const { dev, ino } = statSync(path, { bigint: true })
    return { device: dev, inode: ino }
  })
}

/** `Pid: -1` says that it has ended and was waited for (pidfd_open(2)). */
function hasEnded(pidfd: number): boolean {
  const text = unlessGone(() => readFileSync(`/proc/self/fdinfo/${pidfd}`, 'latin1'))
  const [, pid] = /^Pid:\t(-?\d+)/m.exec(text ?? '') ?? []
  return pid === undefined || Number(pid) <= 0
}

/** What cannot be read is not known; what is not known is not vouched for. */
function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

function readBootId(): string {
  return unlessGone(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()) ?? 'unknown'
}

/** The agent itself, as an instance that it vouches for. */
export function ownInstance(): string {
  const state = readState('/proc/self/stat')
  return `${bootId}/${process.pid}/${state?.startTime ?? '0'}`
}

/** @returns undefined where this agent may not look, or the file has been removed */
export function readExecutablePath({ path }: Pick<ProcessHandle, 'path'>): string | undefined {
  return unlessGone(() => readlinkSync(path('exe')))
}
