import { findNameFault, newId, type OfflineSiteId } from '@mayfly/domain'
import { insertOfflineSite, type OfflineSiteRow } from '../../store/offline-rows.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Change, Changed } from '../registry/change.ts'
import { allFields } from '../registry/diff-fields.ts'
import { collectFaults } from '../registry/faults.ts'
import { recordChange } from '../registry/record-change.ts'
import { defaultMaxAgeSeconds, judgeKeys, judgeMaxAge, judgeOrigin, shownSiteFields } from './site-fields.ts'

export interface NewOfflineSite {
  readonly name: string
  /** The issuer URL of the other site, exactly. */
  readonly origin: string
  /** C2SP verifier keys, compared on another way than the one that its files take. */
  readonly keys: readonly string[]
  /** How old what its files bring may be. Default a week. */
  readonly maxAgeSeconds?: number | undefined
}

/** @throws MayflyError `request_invalid`, `name_taken` (the name, or the origin) */
export async function registerOfflineSite(change: Change, input: NewOfflineSite): Promise<Changed<OfflineSiteRow>> {
  const faults = collectFaults()
  faults.add('/name', findNameFault(input.name))
  judgeOrigin(faults, input.origin)
  judgeKeys(faults, input.origin, input.keys)
  judgeMaxAge(faults, input.maxAgeSeconds)
  faults.refuse()
  const wanted = {
    name: input.name,
    origin: input.origin,
    keys: input.keys,
    max_age_seconds: input.maxAgeSeconds ?? defaultMaxAgeSeconds,
  }
  const row = await insertOfflineSite(change.tx, {
    offline_site_id: newId<OfflineSiteId>(),
    ...wanted,
    created_at: change.now,
  })
  const changes = allFields({ ...wanted, pinned_keys: wanted.keys })
  const receipt = await recordChange(change, {
    action: 'offline_site.registered',
    rows: [statedRow('offline_site', row)],
    changes,
    shown: shownSiteFields,
  })
  return { row, receipt, outcome: 'created', changes }
}
