/**
 * Takes the offline bundle of a registered site.
 *
 * Promise: only what a believed key of that very site signed, young enough, and never older than what is there; the new
 * material takes the place of the old in one commit, with its entry. The keys that the bundle lists are the ones that
 * are believed from then on, because a believed one signed the list. Proofs whose tokens it lists as revoked end.
 */
import { findBundleOrigin, MayflyError, openOfflineBundle, requireBundleAge } from '@mayfly/domain'
import {
  claimOfflineSite,
  type OfflineSiteRow,
  storeOfflineMaterial,
  updateOfflineSite,
} from '../../store/offline-rows.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Change, Changed } from '../registry/change.ts'
import { diffFields } from '../registry/diff-fields.ts'
import { requireNotRetired } from '../registry/end-authority.ts'
import { recordChange } from '../registry/record-change.ts'
import { bundleCrypto } from './bundle-crypto.ts'
import { endRevokedProofs } from './end-revoked-proofs.ts'
import { shownSiteFields, siteKeys } from './site-fields.ts'

/**
 * @throws MayflyError `bundle_malformed`, `bundle_untrusted`, `bundle_outdated`, `bundle_superseded`,
 *   `resource_not_found`, `state_not_allowed` (retired)
 */
export async function importOfflineBundle(
  change: Change,
  ref: string,
  file: Uint8Array,
): Promise<Changed<OfflineSiteRow>> {
  const site = await claimOfflineSite(change.tx, ref)
  requireNotRetired('offline site', site)
  const origin = findBundleOrigin(file)
  if (origin !== site.origin) {
    throw new MayflyError('bundle_untrusted', {
      publicDetail: `the offline bundle is of \`${origin}\`, and the site \`${site.name}\` is \`${site.origin}\``,
      hint: 'import it for the site that made it',
    })
  }
  const { bundle } = openOfflineBundle(bundleCrypto, file, siteKeys(site))
  if (site.sequence !== null && bundle.sequence === site.sequence && bundle.digest === site.digest) {
    return { row: site, receipt: null, outcome: 'unchanged', changes: [] }
  }
  if (site.sequence !== null && bundle.sequence <= site.sequence) throw superseded(site, bundle.sequence)
  requireBundleAge(bundle.madeAt, site.max_age_seconds, change.now)
  const imported = { sequence: bundle.sequence, digest: bundle.digest, made_at: bundle.madeAt }
  const changes = diffFields(site, { keys: bundle.keys, ...imported })
  await storeOfflineMaterial(change.tx, site.offline_site_id, file)
  const row = await updateOfflineSite(change.tx, site.offline_site_id, {
    keys: bundle.keys,
    // From here on the keys that are believed may be others than those that a person pinned.
    pinned_keys: site.pinned_keys ?? site.keys,
    imported: { ...imported, imported_at: change.now },
  })
  const receipt = await recordChange(change, {
    action: 'offline_bundle.imported',
    rows: [statedRow('offline_site', row)],
    changes,
    shown: shownSiteFields,
  })
  await endRevokedProofs(change, row.name, bundle)
  return { row, receipt, outcome: 'updated', changes }
}

function superseded(site: OfflineSiteRow, sequence: number): MayflyError {
  return new MayflyError('bundle_superseded', {
    publicDetail:
      sequence === site.sequence
        ? `another offline bundle of the same sequence ${sequence} was imported before`
        : `the offline bundle has sequence ${sequence}, and ${site.sequence ?? 0} was imported before`,
    hint: 'an older one would bring back what was withdrawn since: export a new one',
  })
}
