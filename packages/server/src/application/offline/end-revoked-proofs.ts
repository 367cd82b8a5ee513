import { type AttestationId, type OfflineBundle, readStatusList, type StatusList } from '@mayfly/domain'
import { inflate } from '../../adapters/trust-providers/offline-material.ts'
import { listProofsWithStatus, listTrustProvidersOfSite } from '../../store/offline-rows.ts'
import type { Change } from '../registry/change.ts'
import { endAuthority } from '../registry/end-authority.ts'

const pageSize = 5_000

/**
 * Ends the proofs that count now and whose tokens the bundle lists as revoked, by the one path (law 11: authority is
 * earned again). A list that the bundle does not carry says nothing: such a proof ends with the age of its material.
 *
 * @throws MayflyError `bundle_malformed`: a list that is needed cannot be read
 */
export async function endRevokedProofs(change: Change, site: string, bundle: OfflineBundle): Promise<void> {
  const trustProviderIds = await listTrustProvidersOfSite(change.tx, site)
  if (trustProviderIds.length === 0) return
  const lists = new Map<string, StatusList | undefined>()
  const listAt = (uri: string): StatusList | undefined => {
    if (!lists.has(uri)) {
      const carried = bundle.sections.status_lists?.items.find((item) => item.uri === uri)
      lists.set(uri, carried && readStatusList(inflate, carried.uri, carried.token))
    }
    return lists.get(uri)
  }
  for (let after: AttestationId | undefined; ;) {
    const page = await listProofsWithStatus(change.tx, trustProviderIds, { after, limit: pageSize })
    for (const { attestationId, uri, index } of page) {
      const list = listAt(uri)
      if (list === undefined || list.statusAt(index) === 0) continue
      const selector = { kind: 'attestation', id: attestationId } as const
      await endAuthority(change, selector, 'attestation_lapsed', 'an offline bundle lists the proof as revoked')
    }
    after = page.at(-1)?.attestationId
    if (page.length < pageSize) return
  }
}
