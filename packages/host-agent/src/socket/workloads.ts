/**
 * The processes that are connected, and what each of them holds.
 *
 * Promise: one holding for each process, whatever number of connections and streams it opens; when the process ends, or
 * becomes another, its connections are cut and its keys dropped.
 */
import type { Socket } from 'node:net'
import { type Holding, type HoldingDeps, makeHolding } from '../identity/holding.ts'
import type { Log } from '../log.ts'
import { type PeerCredentials } from '../process/peer-credentials.ts'
import { openProcess, type ProcessFault, type ProcessHandle } from '../process/process-handle.ts'
import { readSelectors, type SelectorDeps } from '../process/read-selectors.ts'

export interface Workload {
  readonly process: ProcessHandle
  readonly holding: Holding
  /** Cuts its connections. */
  disconnect(): void
}

export interface Workloads {
  /** A connection of a process. @returns why it is refused, where it is */
  connect(peer: PeerCredentials, pidfd: number | undefined, socket: Socket): Workload | ConnectRefusal
  /** Ends what belongs to processes that have gone or changed. */
  sweep(): void
  readonly holdings: readonly Holding[]
  readonly connectionCount: number
  close(): void
}

export type ConnectRefusal = ProcessFault | 'too_many_connections'

export interface WorkloadLimits {
  readonly maxConnections: number
  /** For each user but root, so that one cannot take all from the others. */
  readonly maxConnectionsPerUser: number
}

export const defaultWorkloadLimits: WorkloadLimits = { maxConnections: 4_096, maxConnectionsPerUser: 1_024 }

interface Known extends Workload {
  readonly sockets: Set<Socket>
}

export function makeWorkloads(
  deps: { readonly holding: HoldingDeps; readonly selectors: SelectorDeps; readonly log: Log },
  limits: WorkloadLimits = defaultWorkloadLimits,
): Workloads {
  const known = new Map<string, Known>()
  const connectionsOf = new Map<number, number>()
  let connectionCount = 0

  function workloadOf(handle: ProcessHandle): Known {
    const { pid, uid, gid } = handle
    const key = [handle.instance, uid, gid, handle.executable?.device, handle.executable?.inode].join('/')
    const found = known.get(key)
    if (found !== undefined) {
      handle.close()
      return found
    }
    const sockets = new Set<Socket>()
    const holding = makeHolding(deps.holding, {
      instance: handle.instance,
      readSelectors: () => readSelectors(deps.selectors, handle),
      findFault: () => handle.findFault(),
      about: { pid, uid },
    })
    const workload: Known = {
      process: handle,
      holding,
      sockets,
      disconnect: () => {
        for (const socket of sockets) socket.destroy()
      },
    }
    known.set(key, workload)
    return workload
  }

  function drop(key: string, workload: Known, reason: string): void {
    workload.holding.end(reason)
    known.delete(key)
    workload.process.close()
    // The streams are told why first; what does not listen is cut.
    setImmediate(() => workload.disconnect())
  }

  function count(uid: number, by: 1 | -1): void {
    connectionCount += by
    const left = (connectionsOf.get(uid) ?? 0) + by
    if (left === 0) connectionsOf.delete(uid)
    else connectionsOf.set(uid, left)
  }

  return {
    get holdings() {
      return [...known.values()].map(({ holding }) => holding)
    },
    get connectionCount() {
      return connectionCount
    },
    connect(peer, pidfd, socket) {
      const ofUser = connectionsOf.get(peer.uid) ?? 0
      if (connectionCount >= limits.maxConnections || (peer.uid !== 0 && ofUser >= limits.maxConnectionsPerUser)) {
        return 'too_many_connections'
      }
      const handle = openProcess(peer, pidfd)
      if (typeof handle === 'string') return handle
      const workload = workloadOf(handle)
      workload.sockets.add(socket)
      count(peer.uid, 1)
      socket.once('close', () => {
        workload.sockets.delete(socket)
        count(peer.uid, -1)
      })
      return workload
    },
    sweep() {
      for (const [key, workload] of known) {
        const fault = workload.process.findFault()
        if (fault !== undefined) {
          deps.log.info('workload_gone', { pid: workload.process.pid, reason: fault })
          drop(key, workload, fault)
        } else if (workload.sockets.size === 0 && workload.holding.state.phase !== 'entitled') {
          drop(key, workload, 'idle')
        }
      }
    },
    close() {
      for (const [key, workload] of known) drop(key, workload, 'the agent stops')
    },
  }
}
