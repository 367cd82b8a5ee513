/**
 * Stops an automatic cause from ending most of an environment: a detector that errs must not be an outage.
 *
 * Held are causes that a signal raises without a person and without a fact of the registry: anomaly, policy violation,
 * rotation, scale-down. Never held: what a person asked for, and what silence or time ends (expiry, lapse, a deadline,
 * a retired or departed owner, a stricter policy), because there holding would keep authority that is over.
 */
import type { RevocationCause } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import { listPreviewShares } from '../../store/preview-rows.ts'
import type { Selector } from '../../store/revocation-rows.ts'
import type { Actor } from '../context.ts'
import { raiseFinding } from './raise-finding.ts'

const automatic: ReadonlySet<RevocationCause> = new Set(['anomaly', 'policy_violation', 'rotation', 'scale_down'])

/** More than this share of an environment's live credentials, and at least so many, needs a person. */
const maxShare = 0.5
const minCount = 20

/**
 * @returns false where it is held: then a finding is open that says so, and a person may request the same revocation
 */
export async function isWithinBlastRadius(
  tx: Tx,
  request: { selector: Selector; cause: RevocationCause; actor: Actor; now: Date },
): Promise<boolean> {
  const { selector, cause, actor, now } = request
  if (actor.kind === 'person' || !automatic.has(cause)) return true
  const shares = await listPreviewShares(tx, selector, now)
  const tooMuch = shares.find(({ would_end, live }) => would_end >= minCount && would_end > live * maxShare)
  if (tooMuch === undefined) return true
  await raiseFinding(
    tx,
    {
      kind: 'revocation_held',
      subject: `${selector.kind}:${selector.id}`,
      severity: 'critical',
      detail: `\`${cause}\` would end ${tooMuch.would_end} of ${tooMuch.live} live credentials in ${tooMuch.environment}; a person must request it`,
    },
    actor,
    now,
  )
  return false
}
