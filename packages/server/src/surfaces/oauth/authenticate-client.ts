/**
 * Who asks at the token, introspection and revocation endpoints.
 *
 * A client's proof is a proof like any other: accepted once, decided on, recorded. An access token is the fruit of one
 * (RFC 7662 section 2.1).
 */
import { acceptProof, type GrantedToken, type ProofAnswer } from '../../application/proof/accept-proof.ts'
import { authenticateSender, type Sender } from '../../application/proof/authenticate-sender.ts'
import { reasonJson } from '../../application/decision/record-decision.ts'
import type { ProofDeps } from '../../application/proof/proof-deps.ts'
import { findSentToken } from '../http/sent-token.ts'
import { readClientProof } from './client-proof.ts'
import type { Asked, TokenRequest } from './grants/grant.ts'
import { OAuthError, type OAuthErrorCode, sentence } from './oauth-error.ts'

/** @throws OAuthError `invalid_client`, `invalid_token`, `invalid_dpop_proof`, `use_dpop_nonce` */
export async function authenticateClient(deps: ProofDeps, asked: Asked): Promise<Omit<Sender, 'tenantId'>> {
  const { tenantId, request, form } = asked
  if (request.headers.authorization === undefined) return proveClient(deps, { ...asked, tokenBinding: undefined })
  if (form.has('client_assertion') || form.has('client_secret')) {
    throw new OAuthError('invalid_request', { description: 'two ways of authentication at once' })
  }
  const sent = findSentToken(request)
  if (sent === undefined) {
    throw new OAuthError('invalid_client', { description: 'clients have no password; use private_key_jwt' })
  }
  const sender = await authenticateSender(deps, sent)
  if (sender.tenantId !== tenantId) {
    throw new OAuthError('invalid_token', { description: 'the access token is not valid; get a new one' })
  }
  return sender
}

/** @throws OAuthError `invalid_client`, `invalid_request`, `unauthorized_client` */
export async function proveClient(
  deps: ProofDeps,
  { tenantId, tokenBinding, ...asked }: TokenRequest,
  { tellsCount = false } = {},
): Promise<GrantedToken> {
  const answer = await acceptProof(deps, {
    ...readClientProof({ tenantId, ...asked }),
    tenantId,
    tokenBinding,
    tellsCount,
    sourceAddress: asked.request.ip,
    requestId: asked.request.id,
  })
  return grantedOr('invalid_client', answer)
}

/** @throws OAuthError with the code for a rejected proof, or that for a denied one */
export function grantedOr(
  code: OAuthErrorCode,
  answer: ProofAnswer,
  deniedCode: OAuthErrorCode = 'unauthorized_client',
): GrantedToken {
  switch (answer.outcome) {
    case 'granted':
      return answer
    case 'rejected':
      throw new OAuthError(code, {
        description: sentence(answer.detail, answer.hint),
        extra: { reason: answer.reason },
      })
    case 'denied':
      throw new OAuthError(deniedCode, {
        description: answer.decision.reasons.map(({ detail }) => detail).join('; '),
        extra: {
          decision_id: answer.decision.decisionId,
          reasons: answer.decision.reasons.map(reasonJson),
        },
      })
  }
}
