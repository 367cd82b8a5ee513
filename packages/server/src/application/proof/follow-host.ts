/**
 * Tells a host agent, at once, of what it vouched for and has ended, and of keys that have changed: a process must lose
 * its SVIDs within a second.
 *
 * Promise: nothing is missed: what it asks about at connect is answered whatever happened meanwhile, and what ends while
 * it follows is told once. One database connection for all agents of a server.
 */
import { abortWith, type AttestationId, type IdentityId, type TenantId } from '@mayfly/domain'
import { findAttestation } from '../../store/attestation-rows.ts'
import type { Tx } from '../../store/database.ts'
import { readTrustState, type TrustState } from '../../store/host-event-rows.ts'
import { listEndedOfHost, listStandingOfHost } from '../../store/host-rows.ts'
import type { CoreDeps } from '../context.ts'
import { type TrustEvent, trustChanges } from '../spiffe/trust-changes.ts'
import type { WakeFeed } from '../wake-feed.ts'

export interface FollowHostDeps extends Pick<CoreDeps, 'database' | 'clock'> {
  /** Of the channel `mayfly_host`. */
  readonly hosts: WakeFeed
}

export interface FollowedHost {
  readonly tenantId: TenantId
  readonly identityId: IdentityId
  /** The agent's own proof. */
  readonly attestationId: AttestationId
}

export type HostEvent =
  | { readonly event: 'attestation_ended'; readonly data: { readonly attestation_id: string } }
  /** Once, after what was asked about: nothing that ends from then on is missed. */
  | { readonly event: 'ready'; readonly data: Record<string, never> }
  | TrustEvent

/** Looked again after so long even where no notice came: one may be lost. */
const lookAgainMs = 10_000
/** Clocks of servers differ, and a transaction takes a while from its time to its commit. */
const overlapMs = 60_000

/** Ends when the signal is aborted, or when the agent's own proof counts no more: after telling what ended with it. */
export async function* followHost(
  deps: FollowHostDeps,
  host: FollowedHost,
  asked: readonly string[],
  signal: AbortSignal,
): AsyncIterable<HostEvent> {
  const stop = new AbortController()
  const untie = abortWith(stop, signal)
  const feed = await deps.hosts.join()
  try {
    const since = new Date(deps.clock.now().getTime() - overlapMs)
    const told = new Set<string>()
    let trust: TrustState | undefined
    while (!signal.aborted) {
      const moved = deps.hosts.wait(`${host.tenantId}:${host.identityId}`, lookAgainMs, stop.signal)
      const first = trust === undefined
      const seen = await deps.database.transaction(host.tenantId, (tx) =>
        look(deps, tx, host, since, first ? asked : []),
      )
      for (const id of seen.ended) {
        if (told.has(id)) continue
        told.add(id)
        // What ended shortly before, and was not asked about, is nobody's business any more.
        if (!first || asked.includes(id)) yield { event: 'attestation_ended', data: { attestation_id: id } }
      }
      if (trust === undefined) yield { event: 'ready', data: {} }
      else yield* trustChanges(trust, seen.trust)
      trust = seen.trust
      if (!seen.alive) return
      await moved
    }
  } finally {
    stop.abort()
    untie()
    await feed.leave()
  }
}

async function look(
  { clock }: FollowHostDeps,
  tx: Tx,
  { identityId, attestationId }: FollowedHost,
  since: Date,
  asked: readonly string[],
): Promise<{ readonly alive: boolean; readonly ended: readonly string[]; readonly trust: TrustState }> {
  const now = clock.now()
  const own = await findAttestation(tx, attestationId)
  const standing = asked.length === 0 ? new Set<string>() : await listStandingOfHost(tx, identityId, asked, now)
  return {
    alive: own !== undefined && (own.state === 'fresh' || own.state === 'succeeded') && own.fresh_until > now,
    ended: [...asked.filter((id) => !standing.has(id)), ...(await listEndedOfHost(tx, identityId, since))],
    trust: await readTrustState(tx),
  }
}
