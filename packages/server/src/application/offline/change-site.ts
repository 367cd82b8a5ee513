/** Changes of a site that is believed without a network; what no longer holds ends by the one path. */
import {
  claimOfflineSite,
  listTrustProvidersOfSite,
  type OfflineSiteRow,
  removeOfflineMaterial,
  updateOfflineSite,
} from '../../store/offline-rows.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Change, Changed, SeenVersion } from '../registry/change.ts'
import { diffFields } from '../registry/diff-fields.ts'
import { endAuthority, requireNotRetired, requireVersion } from '../registry/end-authority.ts'
import { collectFaults } from '../registry/faults.ts'
import { recordChange } from '../registry/record-change.ts'
import { judgeKeys, judgeMaxAge, shownSiteFields } from './site-fields.ts'

export interface OfflineSiteUpdate extends SeenVersion {
  /** Pinned anew, all of them. */
  readonly keys?: readonly string[] | undefined
  readonly maxAgeSeconds?: number | undefined
}

const nothingImported = { sequence: null, digest: null, made_at: null, imported_at: null } as const

/**
 * With other keys the site begins again: what was imported under the former ones is forgotten, and what was proven with
 * it ends. A lower age holds at the next proof.
 *
 * @throws MayflyError `request_invalid`, `resource_not_found`, `state_not_allowed` (retired), `version_conflict`
 */
export async function changeOfflineSite(
  change: Change,
  ref: string,
  input: OfflineSiteUpdate,
): Promise<Changed<OfflineSiteRow>> {
  const current = await claimOfflineSite(change.tx, ref)
  requireVersion('offline site', current, input.version)
  requireNotRetired('offline site', current)
  const faults = collectFaults()
  if (input.keys !== undefined) judgeKeys(faults, current.origin, input.keys)
  judgeMaxAge(faults, input.maxAgeSeconds)
  faults.refuse()
  const wanted = {
    keys: input.keys ?? current.keys,
    pinned_keys: input.keys ?? current.pinned_keys,
    max_age_seconds: input.maxAgeSeconds ?? current.max_age_seconds,
  }
  const changes = diffFields(current, wanted)
  if (changes.length === 0) return { row: current, receipt: null, outcome: 'unchanged', changes }
  const pinnedAnew = changes.some(({ field }) => field === 'keys')
  const row = await updateOfflineSite(change.tx, current.offline_site_id, {
    ...wanted,
    ...(pinnedAnew && { imported: nothingImported }),
  })
  if (pinnedAnew) await removeOfflineMaterial(change.tx, row.offline_site_id)
  const receipt = await recordChange(change, {
    action: 'offline_site.updated',
    rows: [statedRow('offline_site', row)],
    changes,
    shown: shownSiteFields,
  })
  if (pinnedAnew) await endWhatItProved(change, row.name, 'the keys of the offline site were pinned anew')
  else if (row.max_age_seconds < current.max_age_seconds) {
    await endWhatItProved(change, row.name, 'the offline site is believed less long: prove again')
  }
  return { row, receipt, outcome: 'updated', changes }
}

/** @throws MayflyError `resource_not_found`, `version_conflict` */
export async function retireOfflineSite(
  change: Change,
  ref: string,
  input: SeenVersion & { readonly reason?: string | undefined },
): Promise<Changed<OfflineSiteRow>> {
  const current = await claimOfflineSite(change.tx, ref)
  requireVersion('offline site', current, input.version)
  const changes = diffFields(current, { state: 'retired' })
  if (changes.length === 0) return { row: current, receipt: null, outcome: 'unchanged', changes }
  const row = await updateOfflineSite(change.tx, current.offline_site_id, { state: 'retired' })
  await removeOfflineMaterial(change.tx, row.offline_site_id)
  const receipt = await recordChange(change, {
    action: 'offline_site.retired',
    rows: [statedRow('offline_site', row)],
    changes,
    shown: shownSiteFields,
  })
  await endWhatItProved(change, row.name, input.reason ?? 'the offline site is retired')
  return { row, receipt, outcome: 'updated', changes }
}

async function endWhatItProved(change: Change, site: string, reason: string): Promise<void> {
  for (const id of await listTrustProvidersOfSite(change.tx, site)) {
    await endAuthority(change, { kind: 'trust_provider', id }, 'attestation_lapsed', reason)
  }
}
