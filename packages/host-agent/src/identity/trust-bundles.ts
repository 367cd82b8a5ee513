/**
 * The trust bundles, as the workloads need them.
 *
 * Promise: one snapshot for everybody; it changes as a whole, and whoever subscribed is told. Bundles of different trust
 * domains are never merged (SPIFFE Federation section 4.2).
 */
import type { Authority, BundleKey, TrustBundle } from '../authority/authority.ts'
import { type Log, reasonOf } from '../log.ts'
import { backoffMs, pause, type Timing } from '../timing.ts'

export interface BundleSnapshot {
  readonly trustDomain: string
  /** By trust domain, without `spiffe://`; the own one first. */
  readonly bundles: ReadonlyMap<string, DomainBundle>
}

export interface DomainBundle {
  /** DER certificates of the authorities. */
  readonly x509Authorities: readonly Buffer[]
  /** By `kid`. */
  readonly jwtKeys: ReadonlyMap<string, BundleKey>
}

export interface TrustBundles {
  /** Undefined until they were read once. */
  current(): BundleSnapshot | undefined
  /** Waits for the first. @throws Error when the signal is aborted before */
  ready(signal: AbortSignal): Promise<BundleSnapshot>
  /** Reads them again soon: something has changed. */
  refresh(): void
  subscribe(listener: () => void): () => void
  /** Reads them until aborted. Never rejects. */
  run(signal: AbortSignal): Promise<void>
}

/** SPIFFE Trust Domain and Bundle section 4.1.3: where no hint is given. */
const defaultRefreshSeconds = 300
const leastRefreshSeconds = 5

export function makeTrustBundles(deps: {
  readonly authority: Pick<Authority, 'readBundles'>
  readonly timing: Timing
  readonly log: Log
}): TrustBundles {
  const { authority, timing, log } = deps
  const listeners = new Set<() => void>()
  let snapshot: BundleSnapshot | undefined
  let fingerprint = ''
  let wake = new AbortController()
  /** A change that is told while they are being read may have come too late for that reading. */
  let isStale = false

  function accept(read: readonly TrustBundle[]): number {
    const next = snapshotOf(read)
    const text = JSON.stringify(read.map(({ trustDomain, keys }) => [trustDomain, keys]))
    if (text !== fingerprint) {
      snapshot = next
      fingerprint = text
      log.info('bundles_changed', { trust_domains: [...next.bundles.keys()] })
      for (const listener of listeners) listener()
    }
    const hints = read.map((one) => one.refreshHintSeconds ?? defaultRefreshSeconds)
    return Math.max(leastRefreshSeconds, Math.min(defaultRefreshSeconds, ...hints))
  }

  return {
    current: () => snapshot,
    ready(signal) {
      return new Promise((resolve, reject) => {
        if (snapshot !== undefined) return resolve(snapshot)
        const stop = () => {
          listeners.delete(look)
          signal.removeEventListener('abort', give)
        }
        const give = () => {
          stop()
          reject(new Error('the trust bundles are not known yet'))
        }
        const look = () => {
          if (snapshot === undefined) return
          stop()
          resolve(snapshot)
        }
        if (signal.aborted) return give()
        listeners.add(look)
        signal.addEventListener('abort', give, { once: true })
      })
    },
    refresh() {
      isStale = true
      wake.abort()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async run(signal) {
      let failures = 0
      while (!signal.aborted) {
        let waitMs: number
        isStale = false
        try {
          waitMs = accept(await authority.readBundles(signal)) * 1_000
          failures = 0
        } catch (error) {
          if (signal.aborted) return
          failures += 1
          waitMs = backoffMs(timing, failures)
          log.warn('bundles_not_read', { reason: reasonOf(error) })
        }
        wake = new AbortController()
        if (isStale && failures === 0) continue
        await pause(timing, waitMs, signal, wake.signal)
      }
    },
  }
}

/**
 * Keys without a known `use` or `kty` are passed over, each by itself (SPIFFE Trust Domain and Bundle section 4.2).
 *
 * @throws Error there is no bundle at all
 */
export function snapshotOf(read: readonly TrustBundle[]): BundleSnapshot {
  const [own] = read
  if (own === undefined) throw new Error('the server knows no trust bundle')
  const bundles = new Map<string, DomainBundle>()
  for (const { trustDomain, keys } of read) {
    const jwtKeys = new Map<string, BundleKey>()
    for (const key of keys) {
      const { use, kid, kty } = key
      if (use === 'jwt-svid' && typeof kid === 'string' && kid !== '' && typeof kty === 'string') jwtKeys.set(kid, key)
    }
    bundles.set(trustDomain, { x509Authorities: keys.flatMap(x509Authority), jwtKeys })
  }
  return { trustDomain: own.trustDomain, bundles }
}

function x509Authority({ use, kty, x5c }: BundleKey): readonly Buffer[] {
  if (use !== 'x509-svid' || typeof kty !== 'string' || !Array.isArray(x5c) || x5c.length !== 1) return []
  const [certificate] = x5c as readonly unknown[]
  return typeof certificate === 'string' ? [Buffer.from(certificate, 'base64')] : []
}

/** Members that a private key has, and those that are SPIFFE's own, stay out. */
const publicMembers = ['kty', 'kid', 'crv', 'x', 'y', 'n', 'e'] as const

/** A plain JWK Set of the keys that verify JWT-SVIDs (SPIFFE Workload API section 6.2.2). */
export function jwtKeySet(bundle: DomainBundle): Buffer {
  const keys = [...bundle.jwtKeys.values()].map((key) =>
    Object.fromEntries(publicMembers.flatMap((name) => (key[name] === undefined ? [] : [[name, key[name]]]))),
  )
  return Buffer.from(JSON.stringify({ keys }))
}
