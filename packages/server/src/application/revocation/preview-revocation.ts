/**
 * What a revocation would end: how many, where, of whom, and how much of an environment; with what rests on it. Changes
 * nothing.
 */
import type { Tx } from '../../store/database.ts'
import {
  countEnding,
  countEndingSvids,
  listPreviewGroups,
  listPreviewShares,
  type PreviewGroup,
  type PreviewShare,
} from '../../store/preview-rows.ts'
import type { Selector } from '../../store/revocation-rows.ts'

export interface RevocationPreview {
  /** Live credentials that would end. */
  readonly total: number
  /** Live SVIDs that would end with them. */
  readonly svids: number
  /** Those of the selector that are ending already. */
  readonly ending: number
  readonly shares: readonly PreviewShare[]
  /** By resource and identity, the biggest first; at most `maxGroups`. */
  readonly groups: readonly PreviewGroup[]
}

const maxGroups = 200

export async function previewRevocation(tx: Tx, selector: Selector, now: Date): Promise<RevocationPreview> {
  const shares = await listPreviewShares(tx, selector, now)
  return {
    total: shares.reduce((sum, share) => sum + share.would_end, 0),
    svids: await countEndingSvids(tx, selector, now),
    ending: await countEnding(tx, selector),
    shares,
    groups: await listPreviewGroups(tx, selector, now, maxGroups),
  }
}
