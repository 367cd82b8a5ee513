/**
 * Trust providers that were opened before: for each the last version seen. An opened one holds public keys of its issuer
 * and is built from the very settings of that version, so what is found is never stale.
 */
import { MayflyError, type TenantId } from '@mayfly/domain'
import type { OpenTrustProvider, TrustProviderDeps } from '../../adapters/trust-providers/trust-provider.ts'
import { trustProviderOf } from '../../adapters/trust-providers/trust-providers.ts'
import type { FindOfflineMaterial } from '../offline/offline-material.ts'
import type { CandidateTrustProvider } from '../../store/proof-rows.ts'

export interface TrustProviderCache {
  /** @throws MayflyError `settings_invalid`: what is stored does not fit this kind */
  open(tenantId: TenantId, row: CandidateTrustProvider): OpenTrustProvider
}

export interface TrustProviderCacheDeps extends Pick<TrustProviderDeps, 'clock' | 'clusterReviewer' | 'bundles'> {
  readonly offlineMaterial: FindOfflineMaterial
}

export function openTrustProviderCache({ offlineMaterial, ...deps }: TrustProviderCacheDeps): TrustProviderCache {
  const opened = new Map<string, { readonly version: number; readonly trustProvider: OpenTrustProvider }>()
  return {
    open(tenantId, row) {
      const name = `${tenantId}/${row.trustProviderId}`
      const known = opened.get(name)
      if (known?.version === row.version) return known.trustProvider
      const plugin = trustProviderOf(row.kind)
      const settings = plugin.settings.safeParse(JSON.parse(row.settings))
      if (!settings.success) {
        throw new MayflyError('settings_invalid', {
          log: `trust provider ${row.trustProviderId}: ${settings.error.message}`,
        })
      }
      const trustProvider = plugin.open(settings.data, {
        ...deps,
        tenantId,
        offlineMaterial: (site) => offlineMaterial(tenantId, site),
      })
      opened.set(name, { version: row.version, trustProvider })
      return trustProvider
    },
  }
}
