/** A small client of the Workload API, of any implementation. */
import { type ChannelOptions, Client, credentials, Metadata, type ServiceError, status as codes } from '@grpc/grpc-js'
import { serviceOf } from '../grpc/load-services.ts'

export interface FetchedJwtSvid {
  readonly spiffeId: string
  readonly token: string
  readonly hint: string
}

/** The Workload API said no, or did not answer. */
export class WorkloadApiError extends Error {
  override readonly name = 'WorkloadApiError'
  /** The workload has no identity here; otherwise it can work later. */
  readonly isDenied: boolean

  constructor(message: string, isDenied: boolean, cause?: unknown) {
    super(message, { cause })
    this.isDenied = isDenied
  }
}

const timeoutMs = 10_000
const channelOptions: ChannelOptions = { 'grpc.enable_http_proxy': 0 }

/**
 * @param target as `parseEndpoint` gives it
 * @param spiffeId absent: one for each identity of this process
 * @throws WorkloadApiError
 */
export async function fetchJwtSvids(
  target: string,
  audience: string,
  spiffeId: string | undefined,
  signal: AbortSignal,
): Promise<readonly FetchedJwtSvid[]> {
  const request = { audience: [audience], ...(spiffeId !== undefined && { spiffe_id: spiffeId }) }
  const answer = await callOnce<{
    readonly svids: readonly { readonly spiffe_id: string; readonly svid: string; readonly hint: string }[]
  }>(target, 'SpiffeWorkloadAPI', 'FetchJWTSVID', request, signal)
  return answer.svids.map(({ spiffe_id, svid, hint }) => ({ spiffeId: spiffe_id, token: svid, hint }))
}

/** @returns whether it can answer workloads. @throws WorkloadApiError nothing answers there */
export async function checkHealth(target: string, signal: AbortSignal): Promise<boolean> {
  const answer = await callOnce<{ readonly status: string }>(target, 'grpc.health.v1.Health', 'Check', {}, signal)
  return answer.status === 'SERVING'
}

async function callOnce<T>(
  target: string,
  service: string,
  method: string,
  request: object,
  signal: AbortSignal,
): Promise<T> {
  const definition = serviceOf(service)[method]
  if (definition === undefined) throw new Error(`there is no method \`${method}\``)
  const client = new Client(target, credentials.createInsecure(), channelOptions)
  const metadata = new Metadata()
  metadata.set('workload.spiffe.io', 'true')
  let stop = () => {}
  try {
    return await new Promise<T>((resolve, reject) => {
      const call = client.makeUnaryRequest(
        definition.path,
        definition.requestSerialize as (value: object) => Buffer,
        definition.responseDeserialize as (bytes: Buffer) => T,
        request,
        metadata,
        { deadline: Date.now() + timeoutMs },
        (error, value) => {
          if (error !== null) reject(errorOf(target, error))
          else if (value === undefined) reject(new WorkloadApiError(`\`${target}\` gave no answer`, false))
          else resolve(value)
        },
      )
      stop = () => call.cancel()
      signal.addEventListener('abort', stop, { once: true })
    })
  } finally {
    signal.removeEventListener('abort', stop)
    client.close()
  }
}

function errorOf(target: string, error: ServiceError): WorkloadApiError {
  const isDenied = error.code === codes.PERMISSION_DENIED
  // The library adds what was tried, and nothing after it.
  const details = error.details.replace(/ Resolution note:.*$/s, '')
  return new WorkloadApiError(`the Workload API at \`${target}\` says: ${details}`, isDenied, error)
}
