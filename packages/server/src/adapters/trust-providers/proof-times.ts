/**
 * The times of a proof: `exp`, `nbf`, `iat` (RFC 7519 sections 4.1.4 to 4.1.6), with a small tolerance between clocks.
 *
 * The commonest cause of a refused proof is a clock that is wrong, so the message says by how much.
 */
import { type Rejection, rejected } from './trust-provider.ts'

export interface TimeRule {
  readonly now: Date
  /** How far clocks may differ, in seconds. */
  readonly clockToleranceSeconds: number
  /** The oldest `iat` believed. */
  readonly maxAgeSeconds: number
  /** The farthest `exp` believed; absent where the issuer decides. */
  readonly maxLifeSeconds?: number
}

/** @returns when the proof ends for good, tolerance included, or a rejection */
export function checkTimes(claims: Readonly<Record<string, unknown>>, rule: TimeRule): Date | Rejection {
  const { exp, iat, nbf } = claims
  const nowSeconds = rule.now.getTime() / 1000
  const tolerance = rule.clockToleranceSeconds
  if (!isTime(exp)) return rejected('claim_missing', '`exp` is missing or not a number of seconds')
  if (!isTime(iat)) return rejected('claim_missing', '`iat` is missing or not a number of seconds')
  if (nbf !== undefined && !isTime(nbf)) return rejected('claim_wrong', '`nbf` is not a number of seconds')
  if (exp + tolerance <= nowSeconds) {
    return rejected(
      'proof_expired',
      `the proof expired ${seconds(nowSeconds - exp)} ago by this server's clock`,
      skewHint,
    )
  }
  const startsAt = Math.max(iat, nbf ?? iat)
  if (startsAt - tolerance > nowSeconds) {
    return rejected(
      'proof_not_yet_valid',
      `clock skew: the proof is valid from ${seconds(startsAt - nowSeconds)} in the future, more than the ${tolerance} s allowed`,
      skewHint,
    )
  }
  if (nowSeconds - iat > rule.maxAgeSeconds + tolerance) {
    return rejected(
      'proof_too_old',
      `the proof was made ${seconds(nowSeconds - iat)} ago, at most ${rule.maxAgeSeconds} s are allowed`,
      'ask the platform for a new one',
    )
  }
  if (rule.maxLifeSeconds !== undefined && exp - nowSeconds > rule.maxLifeSeconds + tolerance) {
    return rejected(
      'proof_too_long_lived',
      `\`exp\` is more than ${rule.maxLifeSeconds} s away`,
      'make it for this one use',
    )
  }
  return new Date((exp + tolerance) * 1000)
}

const skewHint = 'check that both clocks are set by NTP'

// RFC 7519 allows fractions. Beyond the year 9999 a date has no place in the database.
function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 && value < 253_402_300_800
}

function seconds(value: number): string {
  return `${Math.ceil(value)} s`
}
