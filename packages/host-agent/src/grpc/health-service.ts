/** The gRPC health checking protocol: whether the agent can answer workloads. */
import { type handleUnaryCall, status as codes, type UntypedServiceImplementation } from '@grpc/grpc-js'
import { Refusal, unimplemented } from './refusal.ts'

export const knownServices = ['SpiffeWorkloadAPI', 'envoy.service.secret.v3.SecretDiscoveryService'] as const

/** @param isReady the agent has been believed by its server, and has the trust bundles */
export function healthService(isReady: () => boolean): UntypedServiceImplementation {
  const check: handleUnaryCall<{ readonly service: string }, { readonly status: string }> = (call, callback) => {
    const { service } = call.request
    if (service !== '' && !knownServices.some((name) => name === service)) {
      return callback(new Refusal(codes.NOT_FOUND, 'there is no such service'))
    }
    callback(null, { status: isReady() ? 'SERVING' : 'NOT_SERVING' })
  }
  return {
    Check: check,
    Watch(call: { emit(event: 'error', error: Error): boolean }) {
      call.emit('error', unimplemented('watching is not offered: ask again with `Check`'))
    },
  }
}
