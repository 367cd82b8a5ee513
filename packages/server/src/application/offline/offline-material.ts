/**
 * What the last offline bundle of a site brought, ready for those who judge proofs.
 *
 * Promise: which bundle counts is asked of the primary each time (law 13); a bundle is kept opened under its digest and
 * never changes. Before it is used the first time its signature is checked again with the keys of the site's row, so
 * that rows changed past Mayfly bring no keys in.
 */
import { MayflyError, openOfflineBundle, type OfflineBundle, type TenantId } from '@mayfly/domain'
import type { OfflineMaterial } from '../../adapters/trust-providers/trust-provider.ts'
import type { Database, Tx } from '../../store/database.ts'
import { findOfflineSite, type OfflineSiteRow, readOfflineMaterial } from '../../store/offline-rows.ts'
import { bundleCrypto } from './bundle-crypto.ts'
import { siteKeys } from './site-fields.ts'

/** `undefined`: no such site, retired, or nothing imported yet. @throws MayflyError `bundle_untrusted` */
export type FindOfflineMaterial = (tenantId: TenantId, site: string) => Promise<OfflineMaterial | undefined>

export function openOfflineMaterials({ database }: { readonly database: Database }): FindOfflineMaterial {
  // One for each site: the last that was asked for.
  const opened = new Map<string, OfflineBundle>()

  async function open(tx: Tx, row: OfflineSiteRow): Promise<OfflineBundle> {
    const known = opened.get(row.offline_site_id)
    if (known?.digest === row.digest) return known
    const file = await readOfflineMaterial(tx, row.offline_site_id)
    if (file === undefined) {
      throw new MayflyError('bundle_untrusted', { log: `the material of offline site ${row.offline_site_id} is gone` })
    }
    const { bundle } = openOfflineBundle(bundleCrypto, file, siteKeys(row))
    if (bundle.digest !== row.digest) {
      throw new MayflyError('bundle_untrusted', {
        log: `the material of offline site ${row.offline_site_id} is another than its row says`,
      })
    }
    opened.set(row.offline_site_id, bundle)
    return bundle
  }

  return (tenantId, site) =>
    database.transaction(tenantId, async (tx) => {
      const row = await findOfflineSite(tx, site)
      if (row === undefined || row.state !== 'active' || row.digest === null) return undefined
      return { bundle: await open(tx, row), maxAgeSeconds: row.max_age_seconds }
    })
}
