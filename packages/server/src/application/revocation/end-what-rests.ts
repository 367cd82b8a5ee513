import type { AttestationId, SvidId } from '@mayfly/domain'
import type { AttestationRow } from '../../store/attestation-rows.ts'
import type { Tx } from '../../store/database.ts'
import { type EndingProofs, revokeResting } from '../../store/resting-rows.ts'
import { lockLiveUnder } from '../../store/svid-rows.ts'

export interface EndedProofs {
  readonly attestations: readonly AttestationRow[]
  /** Locked, and ending. */
  readonly svidIds: readonly SvidId[]
}

/**
 * Ends what rests on proofs and SVIDs that end: the proofs that were given with these SVIDs or vouched for by these proofs,
 * the SVIDs that came of those, and so on to the last.
 *
 * A level at a time: each takes two statements, and there are at most a few (`rest-on-svid.ts`).
 */
export async function endWhatRests(tx: Tx, ending: EndingProofs, now: Date): Promise<EndedProofs> {
  const attestations: AttestationRow[] = []
  const svidIds: SvidId[] = []
  let level = ending
  while (level.attestationIds.length + level.svidIds.length > 0) {
    const rows = await revokeResting(tx, level, now)
    const under = idsOf(rows)
    level = { attestationIds: under, svidIds: await lockLiveUnder(tx, under, now) }
    attestations.push(...rows)
    svidIds.push(...level.svidIds)
  }
  return { attestations, svidIds }
}

export function idsOf(rows: readonly AttestationRow[]): readonly AttestationId[] {
  return rows.map((row) => row.attestation_id)
}
