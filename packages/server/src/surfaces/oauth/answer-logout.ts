import { Secret } from '@mayfly/provider-kit'
import { logOutAtProvider } from '../../application/proof/sign-in/back-channel-logout.ts'
import { requireParameter } from './form.ts'
import type { Answer, Asked, OAuthDeps } from './grants/grant.ts'
import { OAuthError } from './oauth-error.ts'

/** Where a sign-in provider tells of a logout (OpenID Connect Back-Channel Logout 1.0 section 2.5). The token says who asks. */
export async function answerLogout(deps: OAuthDeps, { tenantId, request, form }: Asked): Promise<Answer> {
  const { provider } = request.params as { readonly provider: string }
  const answer = await logOutAtProvider(deps, {
    tenantId,
    provider,
    logoutToken: new Secret(requireParameter(form, 'logout_token')),
    requestId: request.id,
  })
  // Section 2.8.
  if (answer.outcome === 'rejected') throw new OAuthError('invalid_request', { description: answer.detail })
  return { body: {} }
}
