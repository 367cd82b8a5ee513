/**
 * A proof that is an SVID of our own rests on it, and on the proof that it came of: it ends with them, and is worth no more
 * than they are, whichever trust provider believes it.
 *
 * Promise: never fresher, stronger or judged with younger trust material than what it came of. How many SVIDs may stand one
 * behind the other is bounded, so that the end of the first reaches the last in a bounded number of steps.
 * Not here: that it ends with them (`revocation/end-what-rests.ts`).
 */
import { earliest, type Strength, strengthRank } from '@mayfly/domain'
import { type AcceptedProof, type Rejection, rejected } from '../../adapters/trust-providers/trust-provider.ts'
import type { OwnSvid } from '../../store/shown-svid-rows.ts'

/** As the table holds it. */
export const maxSvidChainLength = 4

/** One that is past its end gives a proof that is: whoever stores it refuses that. */
export function restOnSvid(accepted: AcceptedProof, svid: OwnSvid): AcceptedProof | Rejection {
  if (!svid.stands) {
    return rejected('proof_revoked', 'the SVID has been revoked', 'prove anew how the workload got it')
  }
  if (svid.chainLength > maxSvidChainLength) {
    return rejected(
      'chain_too_long',
      `it would rest on ${svid.chainLength} SVIDs one behind the other, and ${maxSvidChainLength} are allowed`,
      'prove what the workload is by another proof than an SVID of this server',
    )
  }
  const { freshUntil = svid.expiresAt, maxStrength, trustMadeAt } = accepted
  const bounded = { ...accepted, freshUntil: earliest(freshUntil, svid.expiresAt) }
  if (svid.cameOf === undefined) return bounded
  const madeAt = [trustMadeAt, svid.cameOf.trustMadeAt].filter((time) => time instanceof Date)
  const [firstMadeAt, ...others] = madeAt
  return {
    ...bounded,
    maxStrength: weaker(maxStrength ?? svid.cameOf.strength, svid.cameOf.strength),
    ...(firstMadeAt === undefined ? {} : { trustMadeAt: earliest(firstMadeAt, ...others) }),
  }
}

export function weaker(one: Strength, other: Strength): Strength {
  return strengthRank(one) < strengthRank(other) ? one : other
}
