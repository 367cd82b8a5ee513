/**
 * Where the bundle of a trust domain comes from, and for how long it is believed.
 *
 * Promise: the newest that is at hand; a fetched one never goes back to an older sequence, is read again at its refresh
 * hint (default five minutes, SPIFFE Trust Domain and Bundle section 4.1.1), and is believed for a bounded time while its
 * endpoint cannot be reached.
 */
import { type Clock, MayflyError, type TenantId } from '@mayfly/domain'
import type { Certificate } from '@mayfly/domain'
import type { PublicKey } from '../../keys/jwk.ts'
import { isBundleFault, maxBundleSizeBytes, openBundle, readBundle } from '../../spiffe/read-bundle.ts'
import { guardedFetch } from '@mayfly/provider-kit'
import type { TrustProviderDeps } from '../trust-provider.ts'
import type { SpiffeSettings } from './spiffe-trust-provider.ts'

export interface OpenBundle {
  readonly authorities: readonly Certificate[]
  /** By `kid`. */
  readonly jwtKeys: ReadonlyMap<string, PublicKey>
}

/** Which SVID is meant. */
export interface SvidMark {
  /** This server made it, and it has not ended. */
  readonly isOwnAndLive: boolean
  /** Of an X509-SVID: the leaf first, the authority of the bundle last. */
  readonly path?: readonly Certificate[]
}

export interface BundleSource {
  /** @throws MayflyError `trust_bundle_unavailable`: none can be had, or the one at hand is too old to be believed */
  bundle(): Promise<OpenBundle>
  /** True where this server itself knows that the SVID is over. Of other trust domains it knows nothing but the bundle. */
  isRevoked(svid: SvidMark): Promise<boolean>
}

/** Bundles that this server holds in its database: read from the primary each time (law 13). */
export interface BundleDirectory {
  /** The keys of the own bundle, or of a federated one; undefined where there is none. */
  find(
    tenantId: TenantId,
    which: 'own' | 'federation',
    trustDomain: string,
  ): Promise<{ readonly keys: readonly Readonly<Record<string, unknown>>[] } | undefined>
}

const defaultRefreshSeconds = 300
const minRefreshSeconds = 30
const maxRefreshSeconds = 3600
const coolDownSeconds = 10
const fetchTimeoutMs = 5_000

export function openBundleSource(settings: SpiffeSettings, deps: TrustProviderDeps): BundleSource {
  const { bundle: from, trust_domain: trustDomain } = settings
  const never = async () => false
  switch (from.from) {
    case 'static': {
      const bundle = openText(from.bundle)
      return { bundle: async () => bundle, isRevoked: never }
    }
    case 'https_web':
      return { bundle: fetchedBundle(from, trustDomain, deps.clock), isRevoked: never }
    case 'federation':
      return { bundle: () => heldBundle(deps, 'federation', trustDomain), isRevoked: never }
    case 'offline_site':
      throw new Error('a carried bundle is opened for each proof')
    case 'own':
      return {
        bundle: () => heldBundle(deps, 'own', trustDomain),
        // Our own name their rows: one that does not was not made here.
        isRevoked: async ({ isOwnAndLive }) => !isOwnAndLive,
      }
  }
}

async function heldBundle(
  { bundles, tenantId }: TrustProviderDeps,
  which: 'own' | 'federation',
  trustDomain: string,
): Promise<OpenBundle> {
  const found = await bundles?.find(tenantId, which, trustDomain)
  if (found === undefined) {
    throw unavailable(trustDomain, which === 'own' ? 'it is not our own trust domain' : 'we do not federate with it')
  }
  return openBundle(found.keys)
}

function fetchedBundle(
  { url, ca_pem: ca, max_stale_seconds: maxStaleSeconds }: Extract<SpiffeSettings['bundle'], { from: 'https_web' }>,
  trustDomain: string,
  clock: Clock,
): () => Promise<OpenBundle> {
  let held: { bundle: OpenBundle; sequence: number | undefined; freshUntilMs: number } | undefined
  let reading: Promise<void> | undefined
  let triedAtMs = Number.NEGATIVE_INFINITY
  let failure = 'not read yet'

  async function read(): Promise<void> {
    triedAtMs = clock.now().getTime()
    try {
      const signal = AbortSignal.timeout(fetchTimeoutMs)
      const { text } = await guardedFetch(url, { signal, maxSizeBytes: maxBundleSizeBytes, ca })
      const document = readBundle(text)
      if (isBundleFault(document)) throw new Error(document.fault)
      const { sequence, refreshHintSeconds = defaultRefreshSeconds } = document
      if (held?.sequence !== undefined && (sequence ?? -1) < held.sequence) {
        throw new Error(`its sequence went back from ${held.sequence}`)
      }
      const refreshSeconds = Math.min(Math.max(refreshHintSeconds, minRefreshSeconds), maxRefreshSeconds)
      held = {
        bundle: openBundle(document.keys),
        sequence,
        freshUntilMs: clock.now().getTime() + refreshSeconds * 1000,
      }
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error)
    }
  }

  return async () => {
    const nowMs = clock.now().getTime()
    if ((held === undefined || held.freshUntilMs <= nowMs) && nowMs - triedAtMs >= coolDownSeconds * 1000) {
      reading ??= read().finally(() => (reading = undefined))
    }
    await reading
    if (held === undefined || held.freshUntilMs + maxStaleSeconds * 1000 <= clock.now().getTime()) {
      throw unavailable(trustDomain, failure)
    }
    return held.bundle
  }
}

function openText(text: string): OpenBundle {
  const read = readBundle(text)
  if (isBundleFault(read)) throw new Error(read.fault)
  return openBundle(read.keys)
}

function unavailable(trustDomain: string, why: string): MayflyError {
  return new MayflyError('trust_bundle_unavailable', {
    log: `bundle of ${trustDomain}: ${why}`,
    hint: 'try again; if it stays so, check where the bundle of the trust domain comes from',
  })
}
