import { answerProven } from '../answer-target.ts'
import { proveClient } from '../authenticate-client.ts'
import type { OAuthDeps, TokenAnswer, TokenRequest } from './grant.ts'

/** The client's own proof is the grant (RFC 6749 section 4.4). */
export async function answerClientCredentials(deps: OAuthDeps, asked: TokenRequest): Promise<TokenAnswer> {
  return answerProven(deps, asked, () => proveClient(deps, asked, { tellsCount: true }))
}
