/**
 * Envoy's secret discovery service, v3: state of the world (xDS protocol, "Basic Protocol Overview").
 *
 * Promise: an answer goes out when a name is newly asked for, or what it stands for has changed; an answer that is
 * acknowledged, or refused, is not sent again until then. Delta discovery is not offered.
 */
import { createHash, randomUUID } from 'node:crypto'
import type { ServerDuplexStream, ServerUnaryCall, UntypedServiceImplementation } from '@grpc/grpc-js'
import { unary } from '../grpc/answer.ts'
import {
  asRefusal,
  invalidArgument,
  permissionDenied,
  Refusal,
  refusalOf,
  unavailable,
  unimplemented,
} from '../grpc/refusal.ts'
import { streamNewest } from '../grpc/stream-newest.ts'
import type { Log } from '../log.ts'
import type { ServiceDeps } from '../workload-api/workload-api-service.ts'
import type { Workload } from '../socket/workloads.ts'
import { type AnyResource, findSecrets, secretTypeUrl } from './secrets.ts'

interface DiscoveryRequest {
  readonly version_info: string
  readonly resource_names: readonly string[]
  readonly type_url: string
  readonly response_nonce: string
  readonly error_detail?: { readonly code: number; readonly message: string } | null
}

interface DiscoveryResponse {
  readonly version_info: string
  readonly resources: readonly AnyResource[]
  readonly type_url: string
  readonly nonce: string
}

const maxNames = 100
const bundlesTimeoutMs = 5_000

export function secretDiscoveryService({
  callers,
  bundles,
  log,
}: ServiceDeps & { readonly log: Log }): UntypedServiceImplementation {
  return {
    StreamSecrets: streamSecrets,
    FetchSecrets: unary(answerOnce),
    DeltaSecrets(call: ServerDuplexStream<unknown, unknown>) {
      call.emit('error', unimplemented('delta discovery is not offered: use `StreamSecrets`'))
    },
  }

  function authorise(call: { getPeer(): string }): Workload {
    const workload = callers.find(call)
    if (workload === undefined) throw permissionDenied('it is not known which process this connection belongs to')
    const fault = workload.process.findFault()
    if (fault !== undefined) throw permissionDenied(`the process is not what it was: ${fault}`)
    return workload
  }

  /** @throws Refusal */
  async function prepare(call: { getPeer(): string }): Promise<Workload> {
    const workload = authorise(call)
    const refusal = refusalOf(await workload.holding.ensure({ x509: true }))
    if (refusal !== undefined) throw refusal
    await bundles.ready(AbortSignal.timeout(bundlesTimeoutMs)).catch(() => {
      throw unavailable('the trust bundles are not known yet')
    })
    return workload
  }

  function readSecrets({ holding }: Workload, names: readonly string[]): readonly AnyResource[] | Refusal {
    const { state } = holding
    const snapshot = bundles.current()
    if (state.phase !== 'entitled' || snapshot === undefined) return refusalOf(state) ?? unavailable('not ready')
    if (state.identities.every(({ x509 }) => x509 === undefined)) return unavailable('no certificate can be had now')
    const found = findSecrets(state, snapshot, names)
    return 'unknown' in found ? permissionDenied(`the workload may not have the secret \`${found.unknown}\``) : found
  }

  async function answerOnce(call: ServerUnaryCall<DiscoveryRequest, DiscoveryResponse>): Promise<DiscoveryResponse> {
    checkRequest(call.request)
    const workload = await prepare(call)
    const found = readSecrets(workload, call.request.resource_names)
    if (found instanceof Refusal) throw found
    workload.holding.noteServed()
    return responseOf(found)
  }

  function streamSecrets(call: ServerDuplexStream<DiscoveryRequest, DiscoveryResponse>): void {
    let names: readonly string[] | undefined
    /** Of what was sent last, so that the same is not sent twice. */
    let sent: DiscoveryResponse | undefined
    let isWanted = false
    let unsubscribe = () => {}
    const early: DiscoveryRequest[] = []
    let accept = (request: DiscoveryRequest): void => {
      if (early.length < 10) early.push(request)
    }
    // From the first moment on: what arrives while the workload is attested is not lost.
    call.on('data', (request: DiscoveryRequest) => accept(request))
    call.on('end', () => {
      unsubscribe()
      call.end()
    })
    void open().catch((error: unknown) => call.emit('error', asRefusal(error)))

    async function open(): Promise<void> {
      const workload = await prepare(call)
      if (call.cancelled) return
      const stream = streamNewest<DiscoveryResponse>(call, {
        read: () => readNext(workload),
        onEnd: () => unsubscribe(),
        cut: () => workload.disconnect(),
      })
      const unsubscribeState = workload.holding.subscribe(stream.pump, { x509: true })
      const unsubscribeBundles = bundles.subscribe(stream.pump)
      unsubscribe = () => {
        unsubscribeState()
        unsubscribeBundles()
      }
      accept = (request) => {
        try {
          if (take(request, workload)) stream.pump()
        } catch (error) {
          stream.end(asRefusal(error))
        }
      }
      for (const request of early) accept(request)
    }

    /** @returns whether there may be something to send */
    function take(request: DiscoveryRequest, { process, holding }: Workload): boolean {
      checkRequest(request)
      const { response_nonce: nonce, error_detail: error, resource_names: asked } = request
      // Of an answer before the last one: what is asked for now comes with the answer to that.
      if (nonce !== '' && nonce !== sent?.nonce) return false
      if (error !== undefined && error !== null && (error.code !== 0 || error.message !== '')) {
        log.warn('secrets_not_accepted', { pid: process.pid, reason: error.message.slice(0, 200) })
      }
      const isSame =
        names !== undefined && names.length === asked.length && asked.every((name) => names?.includes(name))
      names = asked
      if (!isSame) {
        isWanted = true
        holding.noteServed()
      }
      return !isSame
    }

    function readNext(workload: Workload): DiscoveryResponse | Refusal | undefined {
      if (names === undefined) return refusalOf(workload.holding.state)
      const found = readSecrets(workload, names)
      if (found instanceof Refusal) return found
      const next = responseOf(found)
      if (!isWanted && next.version_info === sent?.version_info) return sent
      isWanted = false
      sent = next
      return sent
    }
  }
}

function responseOf(resources: readonly AnyResource[]): DiscoveryResponse {
  const digest = createHash('sha256')
  for (const { value } of resources) digest.update(value)
  return {
    version_info: digest.digest('hex').slice(0, 32),
    resources,
    type_url: secretTypeUrl,
    nonce: randomUUID(),
  }
}

function checkRequest({ type_url: type, resource_names: names }: DiscoveryRequest): void {
  if (type !== '' && type !== secretTypeUrl) throw invalidArgument(`\`type_url\` must be \`${secretTypeUrl}\``)
  if (names.length > maxNames) throw invalidArgument(`at most ${maxNames} resource names can be asked for`)
}
