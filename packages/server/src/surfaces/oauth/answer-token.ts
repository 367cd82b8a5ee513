import { type Asked, type OAuthDeps, type TokenAnswer } from './grants/grant.ts'
import { grants } from './grants/grants.ts'
import { requireParameter } from './form.ts'
import { OAuthError } from './oauth-error.ts'

/** The token endpoint (RFC 6749 section 3.2): finds the grant that is asked for. */
export async function answerToken(deps: OAuthDeps, asked: Asked): Promise<TokenAnswer> {
  const grantType = requireParameter(asked.form, 'grant_type')
  if (asked.request.headers.authorization !== undefined) {
    throw new OAuthError('invalid_client', { description: 'clients have no password; use private_key_jwt' })
  }
  const grant = grants.get(grantType)
  if (grant === undefined) {
    throw new OAuthError('unsupported_grant_type', {
      description: `grant_type must be one of ${[...grants.keys()].join(', ')}`,
    })
  }
  return grant(deps, { ...asked, tokenBinding: undefined })
}
