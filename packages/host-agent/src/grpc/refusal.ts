/** Why a call is not answered, as gRPC says it (SPIFFE Workload API section 6: which code means what). */
import { status as codes } from '@grpc/grpc-js'
import type { HoldingState } from '../identity/holding.ts'

export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: codes

  constructor(code: codes, message: string) {
    super(message)
    this.code = code
  }
}

export const invalidArgument = (message: string) => new Refusal(codes.INVALID_ARGUMENT, message)
/** The only code that tells a client to cease using what it was given. */
export const permissionDenied = (message: string) => new Refusal(codes.PERMISSION_DENIED, message)
export const unavailable = (message: string) => new Refusal(codes.UNAVAILABLE, message)
export const unimplemented = (message: string) => new Refusal(codes.UNIMPLEMENTED, message)

/** @returns undefined where the workload is entitled */
export function refusalOf(state: HoldingState): Refusal | undefined {
  switch (state.phase) {
    case 'entitled':
      return undefined
    case 'refused':
      return permissionDenied(`the workload has no identity here: ${state.reason}`)
    case 'unavailable':
      return unavailable(`the workload cannot be attested now: ${state.reason}`)
    case 'initialising':
      return unavailable('the workload is being attested')
  }
}

/** What is not a refusal of ours stays inside: its text may tell more than the caller should know. */
export function asRefusal(error: unknown): Refusal {
  return error instanceof Refusal ? error : new Refusal(codes.INTERNAL, 'something went wrong inside the agent')
}
