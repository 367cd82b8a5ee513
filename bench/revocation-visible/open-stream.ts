import { Client, credentials, Metadata, type ServiceError, status as codes } from '@grpc/grpc-js'
import { serviceOf } from '../../packages/host-agent/src/grpc/load-services.ts'

export interface OpenStream {
  readonly isOpen: () => boolean
  /** Resolves when the agent ends it with PermissionDenied; rejects where it ends otherwise. */
  readonly refused: Promise<void>
  close(): void
}

/** @returns once it has brought an SVID. A workload that was just refused is refused for a second without being asked about. */
export async function openStream(target: string): Promise<OpenStream> {
  const endMs = performance.now() + 10_000
  for (;;) {
    const stream = await tryStream(target)
    if (stream !== undefined) return stream
    if (performance.now() > endMs) throw new Error('the agent gives no SVID')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** `FetchX509SVID` on a connection of its own. @returns undefined where it is refused */
async function tryStream(target: string): Promise<OpenStream | undefined> {
  const definition = serviceOf('SpiffeWorkloadAPI')['FetchX509SVID']
  if (definition === undefined) throw new Error('there is no such method')
  const client = new Client(target, credentials.createInsecure(), {
    'grpc.enable_http_proxy': 0,
    'grpc.use_local_subchannel_pool': 1,
  })
  const metadata = new Metadata()
  metadata.set('workload.spiffe.io', 'true')
  const call = client.makeServerStreamRequest(
    definition.path,
    definition.requestSerialize as (value: object) => Buffer,
    (bytes: Buffer) => bytes,
    {},
    metadata,
  )
  let open = true
  const refused = new Promise<void>((resolve, reject) => {
    call.once('error', (error: ServiceError) => {
      open = false
      if (error.code === codes.PERMISSION_DENIED) resolve()
      else reject(error)
    })
  })
  refused.catch(() => undefined)
  const begun = new Promise<true>((resolve) => call.once('data', () => resolve(true)))
  if ((await Promise.race([begun, refused])) !== true) {
    client.close()
    return undefined
  }
  return {
    isOpen: () => open,
    refused,
    close() {
      call.cancel()
      client.close()
    },
  }
}
