import { dpopAlgorithms } from '../../application/proof/dpop/dpop-proof.ts'

/** Why a token was refused: RFC 6750 section 3.1, RFC 9449 section 7.1. */
export type ChallengeError = 'invalid_token' | 'invalid_dpop_proof' | 'use_dpop_nonce'

const realm = 'realm="mayfly"'
const algs = `algs="${dpopAlgorithms.join(' ')}"`

/**
 * The value of `WWW-Authenticate`: every scheme that is taken, and what went wrong with the one that was used.
 *
 * RFC 6750 section 3: who sent no token is told of no error.
 */
export function challengeFor(authorization: string | undefined, error?: ChallengeError): string {
  const wrong = error === undefined ? '' : `, error="${error}"`
  if (/^DPoP( |$)/i.test(authorization ?? '')) return `DPoP ${realm}${wrong}, ${algs}`
  return `Bearer ${realm}${wrong}, DPoP ${realm}, ${algs}`
}
