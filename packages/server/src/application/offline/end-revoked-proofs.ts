import { type AttestationId, type OfflineBundle, readStatusList, type StatusList } from '@mayfly/domain'
import { inflate } from '../../adapters/trust-providers/offline-material.ts'
import { isCarriedAsRevoked } from '../../adapters/trust-providers/carried-crls.ts'
import { listRevocableProofs, listTrustProvidersOfSite, type RevocableProof } from '../../store/offline-rows.ts'
import type { Change } from '../registry/change.ts'
import { endAuthority } from '../registry/end-authority.ts'

const pageSize = 5_000

/**
 * Ends the proofs that count now and that the bundle lists as revoked, by the one path (law 11: authority is earned
 * again). A list that the bundle does not carry says nothing: such a proof ends with the age of its material.
 *
 * @throws MayflyError `bundle_malformed`: a status list that is needed cannot be read
 */
export async function endRevokedProofs(change: Change, site: string, bundle: OfflineBundle): Promise<void> {
  const trustProviderIds = await listTrustProvidersOfSite(change.tx, site)
  if (trustProviderIds.length === 0) return
  const isRevoked = revocationsOf(bundle)
  for (let after: AttestationId | undefined; ;) {
    const page = await listRevocableProofs(change.tx, trustProviderIds, { after, limit: pageSize })
    for (const proof of page.filter(isRevoked)) {
      const selector = { kind: 'attestation', id: proof.attestationId } as const
      await endAuthority(change, selector, 'attestation_lapsed', 'an offline bundle lists the proof as revoked')
    }
    after = page.at(-1)?.attestationId
    if (page.length < pageSize) return
  }
}

function revocationsOf(bundle: OfflineBundle): (proof: RevocableProof) => boolean {
  const lists = new Map<string, StatusList | undefined>()
  const listAt = (uri: string): StatusList | undefined => {
    if (!lists.has(uri)) {
      const carried = bundle.sections.status_lists?.items.find((item) => item.uri === uri)
      lists.set(uri, carried && readStatusList(inflate, carried.uri, carried.token))
    }
    return lists.get(uri)
  }
  return ({ uri, index, certificates }) => {
    if (certificates.some((certificate) => isCarriedAsRevoked(bundle, certificate))) return true
    const list = uri === null ? undefined : listAt(uri)
    return list !== undefined && index !== null && list.statusAt(index) !== 0
  }
}
