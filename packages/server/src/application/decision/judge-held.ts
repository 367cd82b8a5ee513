/**
 * Judges what is held: which live credentials would be denied if they were asked for now (law 11).
 */
import { MayflyError } from '@mayfly/domain'
import type { PolicyEngine } from '../../adapters/cedar/policy-engine.ts'
import type { HeldCredential } from '../../store/held-rows.ts'
import { decideAll } from './decide-all.ts'
import type { DenyDecision } from './decision.ts'
import type { HeldFacts } from './held-facts.ts'

/** A group whose credentials are denied: all of them, or only some, by their remaining life. */
export interface DeniedGroup {
  readonly held: HeldFacts
  readonly decision: DenyDecision
  readonly isDenied: (credential: HeldCredential) => boolean
}

/**
 * One decision judges a group. Only where a policy minds the remaining life, and the longest is denied and the shortest
 * not, each credential is judged alone.
 *
 * @throws MayflyError `decision_engine_failed`: an engine that fails denies new authority, but it is no reason to end all
 *   that there is; the caller tries again
 */
export function judgeHeld(engine: PolicyEngine, held: HeldFacts, now: Date): DeniedGroup | undefined {
  const judge = (expiresAt: Date) => {
    const decision = decideAll(engine, held.facts(remainingSeconds(expiresAt, now)))
    if (decision.outcome === 'permit') return undefined
    refuseEngineFailure(decision)
    return decision
  }
  const { firstExpiresAt, lastExpiresAt } = held.group
  const decision = judge(lastExpiresAt)
  if (decision === undefined) return undefined
  const sameLife = remainingSeconds(firstExpiresAt, now) === remainingSeconds(lastExpiresAt, now)
  const wholeGroup = sameLife || judge(firstExpiresAt) !== undefined
  return { held, decision, isDenied: wholeGroup ? () => true : ({ expiresAt }) => judge(expiresAt) !== undefined }
}

/** @throws MayflyError `decision_engine_failed`: it was not the policies that denied */
export function refuseEngineFailure({ reasons }: DenyDecision): void {
  if (reasons.some(({ code }) => code === 'engine_failed' || code === 'policy_missing')) {
    throw new MayflyError('decision_engine_failed', { log: 'what is held cannot be decided again' })
  }
}

function remainingSeconds(expiresAt: Date, now: Date): number {
  return Math.max(0, Math.floor((expiresAt.getTime() - now.getTime()) / 1000))
}
