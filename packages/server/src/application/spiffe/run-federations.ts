/**
 * Fetches the bundles of other trust domains when they are due.
 *
 * Promise: each is asked at its own refresh hint, five minutes where it gives none; after a failure at the next interval and
 * not before. What is stored last is what the endpoint of `https_spiffe` is verified with. A sequence never goes back.
 * No transaction is open while it fetches (law 10).
 */
import { canonicalJson, type JsonValue, type TenantId, withDeadline } from '@mayfly/domain'
import { type BundleEndpoint, fetchBundle } from '../../adapters/spiffe/fetch-bundle.ts'
import { isBundleFault, openBundle, type ReadBundle, readBundle } from '../../adapters/spiffe/read-bundle.ts'
import type { Tx } from '../../store/database.ts'
import {
  claimDueFederation,
  type FederationRow,
  findFederation,
  lockFederation,
  recordPoll,
  storeFederatedBundle,
} from '../../store/federation-rows.ts'
import { wakeHosts } from '../../store/host-event-rows.ts'
import type { Actor, CoreDeps } from '../context.ts'
import { tellFederation } from './register-federation.ts'

const defaultRefreshSeconds = 300
/** What a stranger says of how often it wants to be asked is heard within these. */
const minRefreshSeconds = 30
const maxRefreshSeconds = 86_400
const timeoutMs = 10_000

const poller: Actor = { kind: 'system', worker: 'run-federations' }

/** One that is due. */
export async function runFederations(
  deps: CoreDeps,
  tenantId: TenantId,
  signal: AbortSignal,
): Promise<'idle' | 'more'> {
  if (signal.aborted) return 'idle'
  const now = deps.clock.now()
  const claimed = await deps.database.transaction(tenantId, async (tx) => {
    const row = await claimDueFederation(tx, now, new Date(now.getTime() + defaultRefreshSeconds * 1000))
    return row === undefined ? undefined : { row, endpoint: await endpointOf(tx, row) }
  })
  if (claimed === undefined) return 'idle'
  const { row, endpoint } = claimed
  const fetched = await fetchAndRead(endpoint, { now, signal })
  await deps.database.transaction(tenantId, async (tx) => {
    const at = deps.clock.now()
    const fault = 'fault' in fetched ? fetched.fault : await takeBundle(tx, row, fetched, at)
    const hint = ('fault' in fetched ? undefined : fetched.refreshHintSeconds) ?? row.refresh_hint_seconds
    const seconds = Math.min(Math.max(hint ?? defaultRefreshSeconds, minRefreshSeconds), maxRefreshSeconds)
    await recordPoll(tx, row.federation_id, {
      next_at: new Date(at.getTime() + seconds * 1000),
      ...(fault === undefined ? { answered_at: at } : {}),
      last_error: fault?.slice(0, 1_000) ?? null,
    })
    if (fault !== undefined) deps.logger.warn({ trust_domain: row.trust_domain, fault }, 'a bundle was not had')
  })
  return 'more'
}

async function endpointOf(tx: Tx, row: FederationRow): Promise<BundleEndpoint | { readonly fault: string }> {
  const { profile, url, endpoint_spiffe_id: endpointSpiffeId } = row
  if (profile === 'https_web') return { profile, url, caPem: row.ca_pem ?? undefined }
  const domain = /^spiffe:\/\/([^/]+)\//.exec(endpointSpiffeId ?? '')?.[1] ?? ''
  // The endpoint may be of a third trust domain, whose bundle is then its own federation's.
  const keys = domain === row.trust_domain ? row.keys : (await findFederation(tx, domain))?.keys
  if (keys === null || keys === undefined)
    return { fault: `there is no bundle of \`${domain}\` to verify the endpoint with` }
  const { authorities } = openBundle(keys as readonly Record<string, unknown>[])
  return { profile, url, endpointSpiffeId: endpointSpiffeId ?? '', authorities }
}

async function fetchAndRead(
  endpoint: BundleEndpoint | { readonly fault: string },
  { now, signal }: { readonly now: Date; readonly signal: AbortSignal },
): Promise<ReadBundle | { readonly fault: string }> {
  if ('fault' in endpoint) return endpoint
  try {
    const text = await withDeadline([signal], timeoutMs, (limit) => fetchBundle(endpoint, { now, signal: limit }))
    const read = readBundle(text)
    return isBundleFault(read) ? { fault: `the bundle is not usable: ${read.fault}` } : read
  } catch (error) {
    return { fault: error instanceof Error ? error.message : 'the endpoint did not answer' }
  }
}

/** @returns why it was not taken */
async function takeBundle(tx: Tx, asked: FederationRow, read: ReadBundle, now: Date): Promise<string | undefined> {
  const row = await lockFederation(tx, asked.federation_id)
  // Ended meanwhile.
  if (row === undefined) return undefined
  const before = row.bundle_sequence
  if (before !== null && read.sequence === undefined) return 'the bundle had a sequence before, and has none now'
  if (before !== null && read.sequence !== undefined && read.sequence < before) {
    return `the sequence went back from ${before} to ${read.sequence}`
  }
  const sequence = read.sequence ?? null
  const hint = read.refreshHintSeconds ?? null
  const isSame = row.keys !== null && canonicalJson(row.keys as JsonValue) === canonicalJson(read.keys)
  if (isSame && before === sequence && row.refresh_hint_seconds === hint) return undefined
  const stored = await storeFederatedBundle(tx, row.federation_id, {
    keys: JSON.stringify(read.keys),
    bundle_sequence: sequence,
    refresh_hint_seconds: hint,
  })
  await tellFederation(tx, { now, actor: poller, requestId: 'federation' }, 'federation.bundle_stored', stored)
  await wakeHosts(tx)
  return undefined
}
