import { proveClient } from '../authenticate-client.ts'
import type { OAuthDeps, TokenAnswer, TokenRequest } from './grant.ts'
import { answerOwnToken, refuseOtherTargets } from './own-token.ts'

/** The client's own proof is the grant (RFC 6749 section 4.4). */
export async function answerClientCredentials(deps: OAuthDeps, asked: TokenRequest): Promise<TokenAnswer> {
  await refuseOtherTargets(deps, asked)
  return answerOwnToken(await proveClient(deps, asked), asked)
}
