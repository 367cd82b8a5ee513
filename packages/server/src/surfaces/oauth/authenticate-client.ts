/**
 * Who asks at the token, introspection and revocation endpoints.
 *
 * `private_key_jwt` (RFC 7523 section 2.2) is a proof like any other: accepted once, decided on, recorded. A bearer token
 * is the fruit of one (RFC 7662 section 2.1).
 */
import { Secret } from '@mayfly/provider-kit'
import { acceptProof, type GrantedToken, type ProofAnswer } from '../../application/proof/accept-proof.ts'
import { reasonJson } from '../../application/decision/record-decision.ts'
import { findLiveToken, type LiveToken } from '../../application/proof/authenticate.ts'
import type { ProofDeps } from '../../application/proof/proof-deps.ts'
import { requireParameter } from './form.ts'
import type { Asked, TokenRequest } from './grants/grant.ts'
import { OAuthError, type OAuthErrorCode, sentence } from './oauth-error.ts'

export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

const bearer = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i

/** @throws OAuthError `invalid_client`, `invalid_token` */
export async function authenticateClient(deps: ProofDeps, asked: Asked): Promise<LiveToken['actor']> {
  const { tenantId, request, form } = asked
  const { authorization } = request.headers
  if (authorization === undefined) return (await proveClient(deps, { ...asked, tokenBinding: undefined })).actor
  if (form.has('client_assertion')) {
    throw new OAuthError('invalid_request', { description: 'two ways of authentication at once' })
  }
  const token = bearer.exec(authorization)?.[1]
  const live = token === undefined ? undefined : await findLiveToken(deps, token)
  if (live === undefined || live.claims.tenantId !== tenantId) {
    throw new OAuthError('invalid_token', { description: 'the access token is not valid; get a new one' })
  }
  return live.actor
}

/** @throws OAuthError `invalid_client`, `unauthorized_client` */
export async function proveClient(
  deps: ProofDeps,
  { tenantId, request, form, tokenBinding }: TokenRequest,
): Promise<GrantedToken> {
  if (form.get('client_assertion_type') !== assertionType || !form.has('client_assertion')) {
    throw new OAuthError('invalid_client', {
      description: `authenticate with client_assertion and client_assertion_type=${assertionType}`,
    })
  }
  const answer = await acceptProof(deps, {
    tenantId,
    form: 'client_assertion',
    token: new Secret(requireParameter(form, 'client_assertion')),
    clientId: form.get('client_id'),
    tokenBinding,
    sourceAddress: request.ip,
    requestId: request.id,
  })
  return grantedOr('invalid_client', answer)
}

/** @throws OAuthError with the code for a rejected proof, or `unauthorized_client` for a denied one */
export function grantedOr(code: OAuthErrorCode, answer: ProofAnswer): GrantedToken {
  switch (answer.outcome) {
    case 'granted':
      return answer
    case 'rejected':
      throw new OAuthError(code, {
        description: sentence(answer.detail, answer.hint),
        extra: { reason: answer.reason },
      })
    case 'denied':
      throw new OAuthError('unauthorized_client', {
        description: answer.decision.reasons.map(({ detail }) => detail).join('; '),
        extra: {
          decision_id: answer.decision.decisionId,
          reasons: answer.decision.reasons.map(reasonJson),
        },
      })
  }
}
