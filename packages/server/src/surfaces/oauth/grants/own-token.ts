/** An access token for Mayfly itself: what every grant gives where no other target is asked for. */
import type { GrantedToken } from '../../../application/proof/accept-proof.ts'
import type { TokenAnswer, TokenRequest } from './grant.ts'

export function answerOwnToken(granted: GrantedToken, { tokenBinding }: TokenRequest): TokenAnswer {
  return {
    access_token: granted.accessToken.reveal(),
    // RFC 8705 section 3: a token that is bound to a certificate is sent as a bearer token.
    token_type: tokenBinding?.kind === 'key' ? 'DPoP' : 'Bearer',
    expires_in: granted.expiresInSeconds,
    attestation_id: granted.attestationId,
    fresh_until: granted.freshUntil.toISOString(),
  }
}
