/**
 * What was served after an attestation's freshness while the server was away, or while its stream of events was not heard:
 * told to the server when it is back.
 *
 * Kept in memory: what an agent served that ended before its server came back is told by nobody.
 */
import type { Authority, GraceUse } from '../authority/authority.ts'
import { type Log, reasonOf } from '../log.ts'

export interface GraceLedger {
  /** Since when an end may have come that is not known; undefined while the server is heard. */
  unheardSinceMs: number | undefined
  note(attestationId: string, atMs: number, times?: number): void
  /** Never rejects: what could not be told stays. */
  report(signal: AbortSignal): Promise<void>
}

const maxItems = 10_000
const itemsInReport = 100

export function makeGraceLedger(deps: {
  readonly authority: Pick<Authority, 'reportGraceUses'>
  readonly log: Log
}): GraceLedger {
  const { authority, log } = deps
  const uses = new Map<string, GraceUse>()
  let underWay: Promise<void> | undefined

  async function reportAll(signal: AbortSignal): Promise<void> {
    while (uses.size > 0) {
      const batch = [...uses.values()].slice(0, itemsInReport)
      try {
        await authority.reportGraceUses(batch, signal)
      } catch (error) {
        log.warn('grace_uses_not_reported', { reason: reasonOf(error) })
        return
      }
      for (const use of batch) settle(use)
      log.info('grace_uses_reported', { attestations: batch.length })
    }
  }

  /** What came in while it was being told is left for the next report. */
  function settle(told: GraceUse): void {
    const now = uses.get(told.attestationId)
    if (now === told) uses.delete(told.attestationId)
    else if (now !== undefined) {
      uses.set(told.attestationId, { ...now, servedFromMs: told.servedUntilMs, count: now.count - told.count })
    }
  }

  return {
    unheardSinceMs: undefined,
    note(attestationId, atMs, times = 1) {
      const known = uses.get(attestationId)
      if (known === undefined && uses.size >= maxItems) {
        log.warn('grace_use_not_kept', { attestation_id: attestationId })
        return
      }
      uses.set(attestationId, {
        attestationId,
        servedFromMs: Math.min(known?.servedFromMs ?? atMs, atMs),
        servedUntilMs: Math.max(known?.servedUntilMs ?? atMs, atMs),
        count: (known?.count ?? 0) + times,
      })
    },
    report(signal) {
      underWay ??= reportAll(signal).finally(() => (underWay = undefined))
      return underWay
    },
  }
}
