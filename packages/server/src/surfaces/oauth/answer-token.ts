import { bindToken } from './bind-token.ts'
import type { Answer, Asked, OAuthDeps, TokenAnswer } from './grants/grant.ts'
import { grants } from './grants/grants.ts'
import { requireParameter } from './form.ts'
import { OAuthError } from './oauth-error.ts'

/** The token endpoint (RFC 6749 section 3.2): finds the grant that is asked for. */
export async function answerToken(deps: OAuthDeps, asked: Asked): Promise<Answer<TokenAnswer>> {
  const { form, request } = asked
  const grantType = requireParameter(form, 'grant_type')
  if (request.headers.authorization !== undefined) {
    // RFC 6749 section 2.3: one method a request.
    throw form.has('client_assertion') || form.has('client_secret')
      ? new OAuthError('invalid_request', { description: 'two ways of authentication at once' })
      : new OAuthError('invalid_client', { description: 'clients have no password; use private_key_jwt' })
  }
  const grant = grants.get(grantType)
  if (grant === undefined) {
    throw new OAuthError('unsupported_grant_type', {
      description: `grant_type must be one of ${[...grants.keys()].join(', ')}`,
    })
  }
  const { tokenBinding, dpopNonce } = await bindToken(deps, asked)
  return { body: await grant(deps, { ...asked, tokenBinding }), dpopNonce }
}
