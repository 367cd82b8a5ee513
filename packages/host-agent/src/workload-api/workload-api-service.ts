/**
 * The SPIFFE Workload API (SPIFFE Workload API, SPIFFE Workload Endpoint).
 *
 * Promise: no call is answered without the security header, nor for a process that is not the one that connected.
 */
import type {
  handleUnaryCall,
  Metadata,
  ServerUnaryCall,
  ServerWritableStream,
  UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { unary } from '../grpc/answer.ts'
import {
  asRefusal,
  invalidArgument,
  permissionDenied,
  type Refusal,
  refusalOf,
  unavailable,
  unimplemented,
} from '../grpc/refusal.ts'
import { streamNewest } from '../grpc/stream-newest.ts'
import { type Struct, toStruct } from '../grpc/struct.ts'
import type { HoldingState } from '../identity/holding.ts'
import { isSpiffeIdFault, parseSpiffeId } from '@mayfly/domain'
import type { BundleSnapshot, TrustBundles } from '../identity/trust-bundles.ts'
import { validateJwtSvid } from '../identity/validate-jwt-svid.ts'
import type { Callers } from '../socket/callers.ts'
import type { Workload } from '../socket/workloads.ts'
import type { Timing } from '../timing.ts'
import {
  type BundlesResponse,
  jwtBundlesResponse,
  remember,
  x509BundlesResponse,
  x509SvidResponse,
} from './workload-messages.ts'

export interface ServiceDeps {
  readonly callers: Callers
  readonly bundles: TrustBundles
  readonly timing: Timing
}

interface JwtSvidRequest {
  readonly audience: readonly string[]
  readonly spiffe_id: string
}
interface ValidateRequest {
  readonly audience: string
  readonly svid: string
}

type Entitled = Extract<HoldingState, { phase: 'entitled' }>

const maxAudiences = 20
const maxAudienceChars = 1_000
/** How long the first bundles may take before the caller is told to try again. */
const bundlesTimeoutMs = 5_000

export function workloadApiService({ callers, bundles, timing }: ServiceDeps): UntypedServiceImplementation {
  return {
    FetchX509SVID: streaming(x509SvidResponse, { x509: true }),
    FetchX509Bundles: streaming(x509BundlesResponse, { x509: false }),
    FetchJWTBundles: streaming(jwtBundlesResponse, { x509: false }),
    FetchJWTSVID: guarded(async (call: ServerUnaryCall<JwtSvidRequest, unknown>) => {
      const { audience, spiffe_id: spiffeId } = call.request
      checkAudiences(audience)
      if (spiffeId !== '' && isSpiffeIdFault(parseSpiffeId(spiffeId))) {
        throw invalidArgument('`spiffe_id` is no SPIFFE ID: give it as `spiffe://<trust domain>/<path>`')
      }
      const { holding } = authorise(call)
      const found = await holding.jwtSvids(audience, spiffeId === '' ? undefined : spiffeId)
      if ('phase' in found) throw refusalOf(found) ?? unavailable('the workload is being attested')
      holding.noteServed()
      return { svids: found.map(({ spiffeId, token, hint }) => ({ spiffe_id: spiffeId, svid: token, hint })) }
    }),
    ValidateJWTSVID: guarded(async (call: ServerUnaryCall<ValidateRequest, unknown>) => {
      const { audience, svid } = call.request
      if (audience === '') throw invalidArgument('`audience` is missing: give the one that the token must be for')
      if (svid === '') throw invalidArgument('`svid` is missing: give the token')
      const { holding } = authorise(call)
      const refusal = refusalOf(await holding.ensure({ x509: false }))
      if (refusal !== undefined) throw refusal
      const snapshot = await firstBundles()
      const judged = validateJwtSvid(snapshot, { token: svid, audience, nowMs: timing.now() })
      if ('fault' in judged) throw invalidArgument(judged.fault)
      return { spiffe_id: judged.spiffeId, claims: toStruct(judged.claims) satisfies Struct }
    }),
    FetchWITSVID: notOffered,
    FetchWITBundles: notOffered,
  }

  function authorise(call: { readonly metadata: Metadata; getPeer(): string }): Workload {
    checkSecurityHeader(call.metadata)
    const workload = callers.find(call)
    if (workload === undefined) throw permissionDenied('it is not known which process this connection belongs to')
    const fault = workload.process.findFault()
    if (fault !== undefined) throw permissionDenied(`the process is not what it was: ${fault}`)
    return workload
  }

  async function firstBundles(): Promise<BundleSnapshot> {
    return bundles.ready(AbortSignal.timeout(bundlesTimeoutMs)).catch(() => {
      throw unavailable('the trust bundles are not known yet')
    })
  }

  function streaming<T extends object>(
    make: (state: Entitled, snapshot: BundleSnapshot) => T | undefined,
    want: { readonly x509: boolean },
  ) {
    const message = remember(make)
    return (call: ServerWritableStream<unknown, T | BundlesResponse>) => {
      let unsubscribe = () => {}
      void open().catch((error: unknown) => call.emit('error', asRefusal(error)))

      async function open(): Promise<void> {
        const workload = authorise(call)
        const { holding } = workload
        const refusal = refusalOf(await holding.ensure(want))
        if (refusal !== undefined) throw refusal
        await firstBundles()
        if (call.cancelled) return
        const stream = streamNewest<T>(call, {
          read: () => readMessage(holding.state),
          onEnd: () => unsubscribe(),
          cut: () => workload.disconnect(),
        })
        const unsubscribeState = holding.subscribe(stream.pump, want)
        const unsubscribeBundles = bundles.subscribe(stream.pump)
        unsubscribe = () => {
          unsubscribeState()
          unsubscribeBundles()
        }
        holding.noteServed()
        stream.pump()
      }
    }

    function readMessage(state: HoldingState): T | Refusal | undefined {
      const snapshot = bundles.current()
      if (state.phase !== 'entitled' || snapshot === undefined) return refusalOf(state)
      return message(state, snapshot) ?? unavailable('no certificate can be had now')
    }
  }
}

/** The header is judged before anything else, so that a request without it learns nothing. */
function guarded<Q, A>(answer: (call: ServerUnaryCall<Q, A>) => Promise<A>): handleUnaryCall<Q, A> {
  return unary(async (call) => {
    checkSecurityHeader(call.metadata)
    return answer(call)
  })
}

/** For both forms of method: WIT-SVIDs are not issued. */
function notOffered(call: ServerWritableStream<unknown, unknown>): void {
  try {
    checkSecurityHeader(call.metadata)
    call.emit('error', unimplemented('WIT-SVIDs are not offered'))
  } catch (error) {
    call.emit('error', asRefusal(error))
  }
}

/**
 * Exactly one value, `true` (SPIFFE Workload Endpoint section 4.1): a request that somebody was tricked into sending
 * does not carry it.
 */
function checkSecurityHeader(metadata: Metadata): void {
  const values = metadata.get('workload.spiffe.io')
  if (values.length !== 1 || values[0] !== 'true') {
    throw invalidArgument('the security header `workload.spiffe.io: true` is missing')
  }
}

function checkAudiences(audiences: readonly string[]): void {
  if (audiences.length === 0 || audiences.some((one) => one === '')) {
    throw invalidArgument('`audience` is missing: give at least one, and no empty one')
  }
  if (audiences.length > maxAudiences || audiences.some((one) => one.length > maxAudienceChars)) {
    throw invalidArgument(`\`audience\` takes at most ${maxAudiences} values of at most ${maxAudienceChars} characters`)
  }
}
