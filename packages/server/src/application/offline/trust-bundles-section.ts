import type { JsonObject } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import type { OfflineSectionSource } from './offline-section.ts'

export interface CarriedTrustBundle {
  readonly trustDomain: string
  /** As in SPIFFE Trust Domain and Bundle section 4. */
  readonly bundle: JsonObject
  /** As of when it is known to be so; absent: now. */
  readonly asOf?: Date
}

/** A bundle takes 200 of them. */
const maxCarried = 200

/**
 * The bundle of the tenant's own trust domain first, then those that it federates with; each is good for its own domain
 * alone. Of another domain only what it answered last is known, so each says as of when that was.
 */
export function trustBundlesSection(readAll: (tx: Tx) => Promise<readonly CarriedTrustBundle[]>): OfflineSectionSource {
  return {
    name: 'trust_bundles',
    async collect(tx, { now }) {
      const bundles = (await readAll(tx)).slice(0, maxCarried)
      if (bundles.length === 0) return undefined
      const items = bundles.map(({ trustDomain, bundle, asOf = now }) => ({
        trust_domain: trustDomain,
        bundle,
        made_at: (asOf < now ? asOf : now).toISOString(),
      }))
      return { contents: { items } }
    },
  }
}
