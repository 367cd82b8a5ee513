import { revokeToken } from '../../application/proof/revoke-token.ts'
import { authenticateClient } from './authenticate-client.ts'
import { requireParameter } from './form.ts'
import type { Answer, Asked, OAuthDeps } from './grants/grant.ts'

/** The revocation endpoint (RFC 7009). `token_type_hint` is not needed: a token says what it is. */
export async function answerRevocation(deps: OAuthDeps, asked: Asked): Promise<Answer> {
  const token = requireParameter(asked.form, 'token')
  const { actor, dpopNonce } = await authenticateClient(deps, asked)
  await revokeToken(deps, asked.tenantId, actor, token)
  return { body: {}, dpopNonce }
}
