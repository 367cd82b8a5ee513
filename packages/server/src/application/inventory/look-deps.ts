import type { Targets } from '../../adapters/targets/targets.ts'
import type { Tx } from '../../store/database.ts'
import type { Actor, CoreDeps } from '../context.ts'
import { closeFinding, type Finding } from '../revocation/raise-finding.ts'

export interface LookDeps extends CoreDeps {
  readonly targets: Targets
  readonly looks: LookSettings
}

export interface LookSettings {
  /** Between two looks at the sessions of one target; 0: never. Default 15. */
  readonly sampleSeconds: number
  /** Between two sweeps over the accounts of one target; 0: never. Default 600. */
  readonly sweepSeconds: number
  /** What becomes of accounts of Mayfly's pattern that no credential of the resource explains. Default `report`. */
  readonly orphans: 'report' | 'remove'
}

export const defaultLooks: LookSettings = { sampleSeconds: 15, sweepSeconds: 600, orphans: 'report' }

/** What was put right at once is still something that a person must come to know of: its finding stays open for an hour. */
const shownForMs = 3_600_000

/** Closes what was last seen long enough ago. */
export async function closeWhenShown(
  tx: Tx,
  finding: Pick<Finding, 'kind' | 'subject'>,
  by: Actor,
  now: Date,
): Promise<void> {
  await closeFinding(tx, finding, by, now, new Date(now.getTime() - shownForMs))
}
