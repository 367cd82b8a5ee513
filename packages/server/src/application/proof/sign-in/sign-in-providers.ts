/** Sign-in providers by name, opened once for a version of their row, and with what this server proves itself there. */
import { MayflyError, type TenantId } from '@mayfly/domain'
import type { Clock } from '@mayfly/domain'
import { sealPlace } from '../../../adapters/keys/seal-place.ts'
import type { ClientProof } from '../../../adapters/trust-providers/sign-in/ask-provider.ts'
import { signInSettings } from '../../../adapters/trust-providers/sign-in/sign-in-settings.ts'
import {
  type OpenSignInProvider,
  openSignInProvider,
} from '../../../adapters/trust-providers/sign-in/sign-in-trust-provider.ts'
import type { Tx } from '../../../store/database.ts'
import { findClientSecret } from '../../../store/sign-in-rows.ts'
import type { TrustProviderRow } from '../../../store/trust-provider-rows.ts'
import type { KeyDeps } from '../key-deps.ts'

export interface SignInProviders {
  /** @throws MayflyError `settings_invalid`: what is stored does not fit */
  open(tenantId: TenantId, row: TrustProviderRow): OpenSignInProvider
}

export function openSignInProviders(deps: { readonly clock: Clock }): SignInProviders {
  const opened = new Map<string, { readonly version: number; readonly provider: OpenSignInProvider }>()
  return {
    open(tenantId, row) {
      const name = `${tenantId}/${row.trust_provider_id}`
      const known = opened.get(name)
      if (known?.version === row.version) return known.provider
      const settings = signInSettings.safeParse(row.settings)
      if (!settings.success) {
        throw new MayflyError('settings_invalid', {
          log: `trust provider ${row.trust_provider_id}: ${settings.error.message}`,
        })
      }
      const provider = openSignInProvider(settings.data, deps.clock)
      opened.set(name, { version: row.version, provider })
      return provider
    },
  }
}

/** @throws MayflyError `sign_in_provider_unavailable`: its secret was not entered yet */
export async function readClientProof(
  deps: Pick<KeyDeps, 'keys' | 'clock'>,
  tx: Tx,
  row: TrustProviderRow,
  { settings }: OpenSignInProvider,
): Promise<ClientProof> {
  switch (settings.client_authentication) {
    case 'none':
      return { kind: 'none' }
    case 'private_key_jwt':
      return { kind: 'key', signer: await deps.keys.signer(tx, 'sign_in_client'), now: deps.clock.now() }
    case 'client_secret_basic':
    case 'client_secret_post': {
      const sealed = await findClientSecret(tx, row.trust_provider_id)
      if (sealed === undefined) {
        throw new MayflyError('sign_in_provider_unavailable', {
          publicDetail: `the secret of this server at the sign-in provider \`${row.name}\` is not set`,
          hint: 'let an administrator set it: `mayfly sign-in secret`',
        })
      }
      return {
        kind: 'secret',
        secret: await deps.keys.open(tx, sealed, sealPlace.trustProviderSecret(row.trust_provider_id)),
      }
    }
  }
}
