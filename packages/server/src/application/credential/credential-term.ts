/** How long a credential lives: the shortest of all that bounds it. Pure. */
import { earliest } from '@mayfly/domain'
import type { Duties } from '../decision/duties.ts'

export interface TermBounds {
  readonly now: Date
  /** Absent: as long as is allowed. */
  readonly askedSeconds: number | undefined
  readonly duties: Pick<Duties, 'maxTtlSeconds'>
  readonly roleMaxTtlSeconds: number | null
  readonly taskDeadline: Date | undefined
  readonly identityExpiresAt: Date
  /** The hard end of one without a task; on renewal the end that was fixed at its issue. */
  readonly hardEnd: Date
}

export interface CredentialTerm {
  readonly expiresAt: Date
  /** Renewals never go beyond. */
  readonly maxExpiresAt: Date
}

export function termOf(bounds: TermBounds): CredentialTerm {
  const { now, askedSeconds, duties, roleMaxTtlSeconds } = bounds
  const ttlSeconds = Math.min(askedSeconds ?? Infinity, duties.maxTtlSeconds, roleMaxTtlSeconds ?? Infinity)
  const maxExpiresAt = earliest(bounds.taskDeadline ?? bounds.hardEnd, bounds.hardEnd, bounds.identityExpiresAt)
  return { expiresAt: earliest(new Date(now.getTime() + ttlSeconds * 1_000), maxExpiresAt), maxExpiresAt }
}
