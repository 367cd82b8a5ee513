/** Bundles that this server keeps itself, read from the primary each time (law 13). */
import type { BundleDirectory } from '../../adapters/trust-providers/spiffe/bundle-source.ts'
import type { Database } from '../../store/database.ts'
import { findFederation } from '../../store/federation-rows.ts'
import { findTrustBundle } from '../../store/trust-bundle-rows.ts'

export function openBundleDirectory(database: Pick<Database, 'transaction'>): BundleDirectory {
  return {
    find: (tenantId, which, trustDomain) =>
      database.transaction(tenantId, async (tx) => {
        const row = which === 'own' ? await findTrustBundle(tx) : await findFederation(tx, trustDomain)
        if (row === undefined || row.trust_domain !== trustDomain || row.keys === null) return undefined
        return { keys: row.keys as readonly Readonly<Record<string, unknown>>[] }
      }),
  }
}
