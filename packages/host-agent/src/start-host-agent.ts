/**
 * The host agent: attests the processes that connect, and gives them what they are entitled to.
 *
 * Promise: keys and tokens live in memory only, except where the configuration names files. Stopping ends every stream
 * and removes the socket.
 */
import { rm } from 'node:fs/promises'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import type { Authority } from './authority/authority.ts'
import type { HostAgentConfig } from './config/host-agent-config.ts'
import { type FileKeeper, keepFiles } from './files/keep-files.ts'
import type { CredentialSource } from './files/identity-credentials.ts'
import { addReflection } from './grpc/add-reflection.ts'
import { healthService } from './grpc/health-service.ts'
import { encodeOnce, serviceOf } from './grpc/load-services.ts'
import { makeBoundedWork } from './identity/bounded-work.ts'
import { makeEndedAttestations } from './identity/ended-attestations.ts'
import { watchEvents } from './identity/event-watcher.ts'
import { makeGraceLedger } from './identity/grace-ledger.ts'
import type { HoldingDeps } from './identity/holding.ts'
import { makeTrustBundles } from './identity/trust-bundles.ts'
import type { Log } from './log.ts'
import { makeAccountNames } from './process/account-names.ts'
import { makeExecutableDigests } from './process/executable-digest.ts'
import { secretDiscoveryService } from './secret-discovery/secret-discovery-service.ts'
import { makeCallers } from './socket/callers.ts'
import { listen } from './socket/listen.ts'
import { makeWorkloads } from './socket/workloads.ts'
import type { Timing } from './timing.ts'
import { workloadApiService } from './workload-api/workload-api-service.ts'

export interface HostAgentDeps {
  readonly authority: Authority
  readonly timing: Timing
  readonly log: Log
  /** Needed where the configuration names roles. */
  readonly credentials?: CredentialSource | undefined
}

export interface HostAgent {
  readonly socketPath: string
  /** Believed by its server, and with the trust bundles. */
  isReady(): boolean
  stop(): Promise<void>
}

const sweepMs = 500
/** What is asked of the server at once, by all workloads together. */
const mostAtOnce = 16
const mostWaiting = 5_000

const serverOptions = {
  // The largest request is a token to be validated.
  'grpc.max_receive_message_length': 64 * 1024,
  'grpc.max_concurrent_streams': 1_000,
  'grpc.enable_channelz': 0,
}

/** @throws SocketError the socket cannot be had */
export async function startHostAgent(config: HostAgentConfig, deps: HostAgentDeps): Promise<HostAgent> {
  const { authority, timing, log } = deps
  const over = new AbortController()
  const { signal } = over
  const ended = makeEndedAttestations()
  const grace = makeGraceLedger({ authority, log })
  const bundles = makeTrustBundles({ authority, timing, log })
  const holdingDeps: HoldingDeps = {
    authority,
    timing,
    log,
    ended,
    grace,
    work: makeBoundedWork(mostAtOnce, mostWaiting),
    graceSeconds: config.graceSeconds,
    signal,
  }
  const workloads = makeWorkloads({
    holding: holdingDeps,
    selectors: {
      names: makeAccountNames(),
      digests: makeExecutableDigests(config.maxExecutableBytes),
    },
    log,
  })
  const callers = makeCallers()
  const serviceDeps = { callers, bundles, timing }
  const server = new Server(serverOptions)
  server.addService(encodeOnce(serviceOf('SpiffeWorkloadAPI')), workloadApiService(serviceDeps))
  server.addService(
    serviceOf('envoy.service.secret.v3.SecretDiscoveryService'),
    secretDiscoveryService({ ...serviceDeps, log }),
  )
  const isReady = () => bundles.current() !== undefined
  server.addService(serviceOf('grpc.health.v1.Health'), healthService(isReady))
  addReflection(server)
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure())

  const socketPath = config.socket
  const listener = await listen({ path: socketPath, mode: config.socketMode, log }, (socket, peer, pidfd) => {
    const workload = workloads.connect(peer, pidfd, socket)
    if (typeof workload === 'string') {
      log.warn('connection_refused', { pid: peer.pid, uid: peer.uid, reason: workload })
      socket.destroy()
      return
    }
    callers.add(socket, workload)
    injector.injectConnection(socket)
  })

  let files: FileKeeper | undefined
  const holdings = () => [...workloads.holdings, ...(files?.holdings ?? [])]
  const running = [
    bundles.run(signal),
    watchEvents(
      {
        authority,
        timing,
        log,
        attestationIds: () => holdings().flatMap(({ attestationIds }) => attestationIds),
        onEvent(event) {
          if (event.kind === 'bundle_changed') return bundles.refresh()
          if (event.kind === 'reissue') {
            log.info('reissue_asked')
            bundles.refresh()
            for (const holding of holdings()) holding.reissue()
            return
          }
          ended.add(event.attestationId)
          for (const holding of holdings()) holding.endAttestation(event.attestationId)
        },
        onOpen() {
          // The server is back: what was served meanwhile is told, and what changed is read.
          noteWhatWasHeld()
          grace.unheardSinceMs = undefined
          void grace.report(signal)
          bundles.refresh()
        },
        onLost() {
          grace.unheardSinceMs ??= timing.now()
        },
        onAgentEnded() {
          for (const holding of holdings()) for (const id of holding.attestationIds) holding.endAttestation(id)
        },
      },
      signal,
    ),
  ]
  files = keepFiles({ ...holdingDeps, bundles, credentials: deps.credentials }, config.files, signal)
  const callOff = sweepAgain()
  log.info('agent_listens', { socket: socketPath, grace_seconds: String(config.graceSeconds) })

  /** Also where nothing was handed out: but not for an interruption that is over before any would be noticed. */
  function noteWhatWasHeld(): void {
    const sinceMs = grace.unheardSinceMs ?? Number.POSITIVE_INFINITY
    if (timing.now() - sinceMs < config.silenceSeconds * 1_000) return
    for (const holding of holdings()) holding.noteHeld()
  }

  function sweepAgain(): () => void {
    let current = timing.after(sweepMs, again)
    function again(): void {
      workloads.sweep()
      current = timing.after(sweepMs, again)
    }
    return () => current()
  }

  return {
    socketPath,
    isReady,
    async stop() {
      callOff()
      over.abort()
      listener.close()
      workloads.close()
      injector.destroy()
      server.forceShutdown()
      await Promise.all([...running, files?.done])
      await rm(socketPath, { force: true })
      log.info('agent_stopped')
    },
  }
}
