import { maxCarriedCrlSizeBytes, type TenantId } from '@mayfly/domain'
import { listCarryingTrustProviders } from '../../store/offline-rows.ts'
import type { ProofDeps } from './proof-deps.ts'

/** Of all lists together: a bundle has a bound of its own, and holds more than these. */
const maxTotalSizeBytes = 3_000_000

/**
 * The lists of revoked certificates that trust providers say that offline bundles of this site take along; asked for where
 * they have grown old, so no transaction may be open.
 *
 * A list that cannot be had or is too large is left out, and told in the server's log: where it is missing, the certificates
 * of its issuer are refused, and everything else in the bundle stays of use.
 */
export async function gatherCrls(
  deps: Pick<ProofDeps, 'database' | 'logger' | 'trustProviders'>,
  tenantId: TenantId,
): Promise<readonly Uint8Array[]> {
  const carrying = await deps.database.transaction(tenantId, listCarryingTrustProviders)
  const crls: Uint8Array[] = []
  let sizeBytes = 0
  for (const trustProvider of carrying) {
    const lists = (await deps.trustProviders.open(tenantId, trustProvider).listsToCarry?.()) ?? []
    const fitting = lists.filter(({ length }) => {
      const fits = length <= maxCarriedCrlSizeBytes && sizeBytes + length <= maxTotalSizeBytes
      if (fits) sizeBytes += length
      return fits
    })
    if (fitting.length === 0 || fitting.length < lists.length) {
      const { trustProviderId } = trustProvider
      deps.logger.warn(
        { trust_provider_id: trustProviderId, had: lists.length, taken: fitting.length },
        'an offline bundle takes not every list of revoked certificates along',
      )
    }
    crls.push(...fitting)
  }
  return crls
}
