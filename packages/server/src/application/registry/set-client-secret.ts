import { MayflyError } from '@mayfly/domain'
import type { Secret } from '@mayfly/provider-kit'
import type { KeyRing } from '../../adapters/keys/key-ring.ts'
import { sealPlace } from '../../adapters/keys/seal-place.ts'
import { saveClientSecret } from '../../store/sign-in-rows.ts'
import { claimTrustProvider } from '../../store/trust-provider-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { AuditReceipt } from '../audit/audit-entry.ts'
import type { Change } from './change.ts'
import { requireNotRetired } from './end-authority.ts'

/**
 * Sets the secret with which this server proves itself at a sign-in provider that takes nothing better. It is sealed, and
 * never shown again; its issuer is fixed, so nobody can have it sent elsewhere.
 *
 * @throws MayflyError `resource_not_found`, `state_not_allowed` (retired, or not a sign-in provider)
 */
export async function setClientSecret(
  deps: { readonly keys: KeyRing },
  change: Change,
  ref: string,
  secret: Secret,
): Promise<{ readonly receipt: AuditReceipt }> {
  const { tx, now } = change
  const row = await claimTrustProvider(tx, ref)
  requireNotRetired('trust provider', row)
  if (row.kind !== 'sign_in') {
    throw new MayflyError('state_not_allowed', {
      publicDetail: `a trust provider of kind \`${row.kind}\` has no secret`,
      hint: 'only a sign-in provider may need one',
    })
  }
  const sealed = await deps.keys.seal(tx, secret, sealPlace.trustProviderSecret(row.trust_provider_id))
  await saveClientSecret(tx, { trust_provider_id: row.trust_provider_id, sealed_secret: sealed, set_at: now })
  const receipt = await appendAudit(tx, {
    action: 'trust_provider.secret_set',
    at: now,
    actor: change.actor,
    ...(change.decisionId === undefined ? {} : { decisionId: change.decisionId }),
    body: { request_id: change.requestId, trust_provider_id: row.trust_provider_id },
  })
  return { receipt }
}
