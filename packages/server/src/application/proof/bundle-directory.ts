/** Bundles and SVIDs that this server keeps itself, read from the primary each time (law 13). */
import type { BundleDirectory } from '../../adapters/trust-providers/spiffe/bundle-source.ts'
import type { Database } from '../../store/database.ts'
import { findFederation } from '../../store/federation-rows.ts'
import { findSvidBySerial } from '../../store/svid-rows.ts'
import { findTrustBundle } from '../../store/trust-bundle-rows.ts'

export function openBundleDirectory(database: Pick<Database, 'transaction'>): BundleDirectory {
  return {
    find: (tenantId, which, trustDomain) =>
      database.transaction(tenantId, async (tx) => {
        const row = which === 'own' ? await findTrustBundle(tx) : await findFederation(tx, trustDomain)
        if (row === undefined || row.trust_domain !== trustDomain || row.keys === null) return undefined
        return { keys: row.keys as readonly Readonly<Record<string, unknown>>[] }
      }),
    isRevoked: (tenantId, { subject, serialNumber, jti }) =>
      database.transaction(tenantId, async (tx) => {
        const serial = serialNumber ?? jti
        // Our own name their rows: one that does not was not made here.
        if (serial === undefined || !/^[0-9a-f]{32}$/.test(serial)) return true
        const row = await findSvidBySerial(tx, serial)
        return row === undefined || row.state !== 'live' || row.spiffe_id !== subject
      }),
  }
}
