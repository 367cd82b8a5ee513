/**
 * Who is at the other end of a unix socket, as the kernel says (SO_PEERCRED, unix(7)).
 *
 * The kernel notes process, user and group when the other side connects; nobody can claim another's.
 */
import koffi from 'koffi'

export interface PeerCredentials {
  readonly pid: number
  /** Effective, at the time of `connect`. */
  readonly uid: number
  readonly gid: number
}

const SOL_SOCKET = 1
const SO_PEERCRED = 17
/** Linux 6.5: a handle of the process itself, which no later process can take over. */
const SO_PEERPIDFD = 77

type GetSockOpt = (fd: number, level: number, name: number, value: Buffer, length: [number]) => number
let getsockopt: GetSockOpt | undefined

/** @throws Error the platform has no such call */
function call(): GetSockOpt {
  if (process.platform !== 'linux') throw new Error('peer credentials of a unix socket are read on Linux only')
  getsockopt ??= koffi
    .load(null)
    .func('int getsockopt(int fd, int level, int name, _Out_ uint8_t *value, _Inout_ uint32_t *length)')
  return getsockopt
}

/** @throws Error the descriptor is no connected unix socket, or its peer lives in a process namespace that we do not see */
export function readPeerCredentials(fd: number): PeerCredentials {
  const value = Buffer.alloc(12)
  const length: [number] = [value.length]
  if (call()(fd, SOL_SOCKET, SO_PEERCRED, value, length) !== 0 || length[0] !== value.length) {
    throw new Error('the kernel gave no peer credentials')
  }
  const peer = { pid: value.readInt32LE(0), uid: value.readUInt32LE(4), gid: value.readUInt32LE(8) }
  // 0: it lives outside of our process namespace. -1 (uid): outside of our user namespace.
  if (peer.pid <= 0 || peer.uid === 0xffff_ffff) throw new Error('the peer is outside of the namespaces of this agent')
  return peer
}

/** @returns a descriptor that the caller closes; undefined where the kernel is older */
export function openPeerPidfd(fd: number): number | undefined {
  const value = Buffer.alloc(4)
  const length: [number] = [value.length]
  if (call()(fd, SOL_SOCKET, SO_PEERPIDFD, value, length) !== 0) return undefined
  return value.readInt32LE(0)
}
