/** An access token for Mayfly itself: what every grant gives where no other target is asked for. */
import type { GrantedToken } from '../../../application/proof/accept-proof.ts'
import { OAuthError } from '../oauth-error.ts'
import type { OAuthDeps, TokenAnswer, TokenRequest } from './grant.ts'

/**
 * Before the proof is looked at: it counts once, and must not be lost for a request that can give nothing.
 *
 * @throws OAuthError `invalid_scope`, `invalid_target`
 */
export async function refuseOtherTargets(deps: OAuthDeps, { tenantId, form }: TokenRequest): Promise<void> {
  if (form.has('scope')) {
    throw new OAuthError('invalid_scope', { description: 'there are no scopes; leave scope out' })
  }
  const issuer = await deps.tenants.findIssuer(tenantId)
  if (form.all('resource').some((resource) => resource !== issuer)) {
    throw new OAuthError('invalid_target', { description: `access tokens are for ${issuer ?? ''} only` })
  }
}

export function answerOwnToken(granted: GrantedToken, { tokenBinding }: TokenRequest): TokenAnswer {
  return {
    access_token: granted.accessToken.reveal(),
    // RFC 8705 section 3: a token that is bound to a certificate is sent as a bearer token.
    token_type: tokenBinding?.kind === 'key' ? 'DPoP' : 'Bearer',
    expires_in: granted.expiresInSeconds,
    attestation_id: granted.attestationId,
    fresh_until: granted.freshUntil.toISOString(),
    ...(granted.generation === undefined ? {} : { generation: granted.generation }),
  }
}
