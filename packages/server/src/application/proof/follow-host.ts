/**
 * Tells a host agent, at once, of what it vouched for and has ended: the process must lose its SVIDs within a second.
 *
 * Promise: nothing is missed: what it asks about at connect is answered whatever happened meanwhile, and what ends while
 * it follows is told once. One database connection for all agents of a server.
 */
import type { AttestationId, IdentityId, TenantId } from '@mayfly/domain'
import { findAttestation } from '../../store/attestation-rows.ts'
import { listEndedOfHost, listStandingOfHost } from '../../store/host-rows.ts'
import type { CoreDeps } from '../context.ts'
import type { WakeFeed } from '../wake-feed.ts'

export interface FollowHostDeps extends Pick<CoreDeps, 'database' | 'clock'> {
  /** Of the channel `mayfly_host`. */
  readonly hosts: WakeFeed
}

/** Looked again after so long even where no notice came: one may be lost. */
const lookAgainMs = 10_000
/** Clocks of servers differ, and a transaction takes a while from its time to its commit. */
const overlapMs = 60_000

/** `ready` comes once, after what was asked about. Ends when the signal is aborted, or the agent's own proof counts no more (after telling what ended with it). */
export async function* followHost(
  deps: FollowHostDeps,
  host: { readonly tenantId: TenantId; readonly identityId: IdentityId; readonly attestationId: AttestationId },
  asked: readonly string[],
  signal: AbortSignal,
): AsyncIterable<AttestationId | 'ready'> {
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const feed = await deps.hosts.join()
  const told = new Set<string>()
  try {
    const since = new Date(deps.clock.now().getTime() - overlapMs)
    let first = true
    while (!signal.aborted) {
      const moved = deps.hosts.wait(`${host.tenantId}:${host.identityId}`, lookAgainMs, either)
      const seen = await deps.database.transaction(host.tenantId, async (tx) => {
        const now = deps.clock.now()
        const own = await findAttestation(tx, host.attestationId)
        const standing = first ? await listStandingOfHost(tx, host.identityId, asked, now) : undefined
        return {
          alive: own !== undefined && (own.state === 'fresh' || own.state === 'succeeded') && own.fresh_until > now,
          ended: [
            ...(standing === undefined ? [] : asked.filter((id) => !standing.has(id))),
            ...(await listEndedOfHost(tx, host.identityId, since)),
          ],
        }
      })
      // What ended shortly before, and was not asked about, is nobody's business any more.
      for (const id of seen.ended) {
        if (told.has(id)) continue
        told.add(id)
        if (!first || asked.includes(id)) yield id as AttestationId
      }
      if (first) yield 'ready'
      first = false
      if (!seen.alive) return
      await moved
    }
  } finally {
    stop.abort()
    await feed.leave()
  }
}
