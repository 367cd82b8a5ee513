/**
 * Keys that count their logins (`login: challenge`): two holders of one key disagree on the count, and that is seen.
 *
 * Each login answers a challenge of ours, says the number that the last one answered, reveals the secret whose digest the
 * last one left, and leaves the digest of the next. So a copy of the key alone cannot log in, and of two copies of key and
 * state the second to log in is found out.
 *
 * An answer may be lost. The client has kept the next secret before it asked, so it shows the very same promise again:
 * the number one behind, the same secret, the same digest. That moves nothing on and is granted a few times within a
 * short window. Another holder would have to promise the same secret, which it has not made: it is a clone.
 * Limit: whoever copies key and state in the moment between asking and hearing is the same client until the next login.
 */
import { timingSafeEqual } from 'node:crypto'
import type { BindingId } from '@mayfly/domain'
import { type KeyLoginClaim, rejected } from '../../adapters/trust-providers/trust-provider.ts'
import type { KeyLoginState } from '../../store/proof-rows.ts'
import { type StatedRow, statedRow } from '../audit/stated-rows.ts'

/** How often one lost answer may be asked for again. */
export const maxRepeats = 5

export const cloneRejection = rejected(
  'clone_detected',
  'this key has more than one holder: its logins are locked, and all that it gave has ended',
  'have a person look into it and recover the binding, or register a new key',
)

/** Pure: the counter after this login, or that another holder has moved it on. */
export function judgeLogin(state: KeyLoginState, login: KeyLoginClaim, now: Date): KeyLoginState | 'clone' {
  const { generation, nextDigest, previousDigest } = state
  // Nothing is promised before the first login and after a recovery: who comes first goes on.
  if (nextDigest === null) return advanced(state, login, now)
  if (login.generation === generation && isSame(login.revealedDigest, nextDigest)) return advanced(state, login, now)
  const sinceMs = state.movedAt === null ? Number.POSITIVE_INFINITY : now.getTime() - state.movedAt.getTime()
  const repeats =
    isSame(login.nextDigest, nextDigest) &&
    (previousDigest === null || isSame(login.revealedDigest, previousDigest)) &&
    (previousDigest === null || login.generation === generation - 1) &&
    sinceMs <= login.repeatWindowSeconds * 1000 &&
    state.repeats < maxRepeats
  return repeats ? { ...state, repeats: state.repeats + 1, version: state.version + 1 } : 'clone'
}

function advanced(state: KeyLoginState, login: KeyLoginClaim, now: Date): KeyLoginState {
  return {
    generation: state.generation + 1,
    nextDigest: login.nextDigest,
    previousDigest: state.nextDigest,
    movedAt: now,
    repeats: 0,
    lockedAt: null,
    version: state.version + 1,
  }
}

function isSame(one: string | undefined, other: string): boolean {
  return one !== undefined && one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))
}

export function statedKeyLogin(bindingId: BindingId, state: KeyLoginState): StatedRow {
  return statedRow('key_login', {
    binding_id: bindingId,
    generation: state.generation,
    next_digest: state.nextDigest,
    previous_digest: state.previousDigest,
    moved_at: state.movedAt,
    repeats: state.repeats,
    locked_at: state.lockedAt,
    version: state.version,
  })
}
