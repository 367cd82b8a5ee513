/**
 * The unix socket.
 *
 * Promise: who connects is known from the kernel before a byte of theirs is read. A socket of an agent that runs is never
 * taken over; one that was left behind is.
 */
import { closeSync, lstatSync, statSync } from 'node:fs'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { type Log, reasonOf } from '../log.ts'
import { openPeerPidfd, type PeerCredentials, readPeerCredentials } from '../process/peer-credentials.ts'

/** It cannot listen: what an operator must put right. */
export class SocketError extends Error {
  override readonly name = 'SocketError'
}

/** Longer ones do not fit into an address (unix(7)). */
const maxPathBytes = 107

export async function listen(
  { path, mode, log }: { readonly path: string; readonly mode: number; readonly log: Log },
  onConnection: (socket: Socket, peer: PeerCredentials, pidfd: number | undefined) => void,
): Promise<Server> {
  if (process.platform !== 'linux') {
    throw new SocketError('the host agent runs on Linux only: elsewhere the system does not say which process connects')
  }
  if (!path.startsWith('/') || Buffer.byteLength(path) > maxPathBytes) {
    throw new SocketError(
      `\`${path}\` is no place for a socket: give an absolute path of at most ${maxPathBytes} bytes`,
    )
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o755 })
  checkFolder(dirname(path))
  await clearPath(path)
  const server = createServer({ pauseOnConnect: false }, (socket) => {
    socket.on('error', () => socket.destroy())
    try {
      const fd = descriptorOf(socket)
      const peer = readPeerCredentials(fd)
      const pidfd = openPeerPidfd(fd)
      try {
        onConnection(socket, peer, pidfd)
      } finally {
        if (pidfd !== undefined) closeSync(pidfd)
      }
    } catch (error) {
      log.warn('connection_refused', { reason: reasonOf(error) })
      socket.destroy()
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new SocketError(`cannot listen on \`${path}\`: ${error.message}`)))
    server.listen(path, resolve)
  })
  await chmod(path, mode)
  return server
}

/** Node keeps the descriptor to itself; without it there is no telling who connects, so nothing is served. */
function descriptorOf(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd?: unknown } }
  if (typeof handle?.fd !== 'number' || handle.fd < 0) throw new Error('the connection has gone already')
  return handle.fd
}

/** Whoever may write there could put a socket of their own in the place of ours. */
function checkFolder(folder: string): void {
  const { mode } = statSync(folder)
  const isSticky = (mode & 0o1000) !== 0
  if ((mode & 0o022) !== 0 && !isSticky) {
    throw new SocketError(`others may write to \`${folder}\`: run \`chmod go-w ${folder}\`, or choose another path`)
  }
}

async function clearPath(path: string): Promise<void> {
  let isSocket: boolean
  try {
    isSocket = lstatSync(path).isSocket()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  if (!isSocket) throw new SocketError(`\`${path}\` exists and is no socket`)
  if (await answers(path)) throw new SocketError(`another agent listens on \`${path}\``)
  await rm(path)
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
