import { Secret } from '@mayfly/provider-kit'
import { acceptProof } from '../../../application/proof/accept-proof.ts'
import { answerProven } from '../answer-target.ts'
import { grantedOr } from '../authenticate-client.ts'
import { requireParameter } from '../form.ts'
import { OAuthError } from '../oauth-error.ts'
import type { OAuthDeps, TokenAnswer, TokenRequest } from './grant.ts'

/** A JWT that the platform made is the grant, and says who the client is (RFC 7523 section 2.1). */
export async function answerJwtBearer(deps: OAuthDeps, asked: TokenRequest): Promise<TokenAnswer> {
  const { tenantId, request, form, tokenBinding } = asked
  if (form.has('client_assertion') || form.has('client_secret')) {
    throw new OAuthError('invalid_request', { description: 'the assertion is the proof; leave client_assertion out' })
  }
  return answerProven(deps, asked, async () => {
    const answer = await acceptProof(deps, {
      tenantId,
      form: 'assertion',
      token: new Secret(requireParameter(form, 'assertion')),
      clientId: form.get('client_id'),
      tokenBinding,
      sourceAddress: request.ip,
      requestId: request.id,
    })
    return grantedOr('invalid_grant', answer)
  })
}
