/**
 * Which workload a call comes from.
 *
 * A unix socket has no remote address. Ours is given one, made up here, before the protocol sees the connection; the
 * protocol hands it on as the peer of each call. A peer that is not known here is nobody.
 */
import type { Socket } from 'node:net'
import type { Workload } from './workloads.ts'

export interface Callers {
  /** Marks the connection. */
  add(socket: Socket, workload: Workload): void
  find(call: { getPeer(): string }): Workload | undefined
}

export function makeCallers(): Callers {
  const workloads = new Map<string, Workload>()
  let count = 0
  return {
    add(socket, workload) {
      count += 1
      const address = `connection-${count}`
      Object.defineProperty(socket, 'remoteAddress', { value: address })
      workloads.set(address, workload)
      socket.once('close', () => workloads.delete(address))
    },
    find: (call) => workloads.get(call.getPeer()),
  }
}
