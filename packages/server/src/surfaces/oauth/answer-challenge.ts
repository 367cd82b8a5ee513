/** Challenges for keys that log in by challenge (trust provider kind `bound_key`, `login: challenge`). */
import { challengeTtlSeconds, makeChallenge } from '../../application/proof/login-challenge.ts'
import type { ProofDeps } from '../../application/proof/proof-deps.ts'
import { requireParameter } from './form.ts'
import type { Answer, Asked } from './grants/grant.ts'
import { OAuthError } from './oauth-error.ts'

const maxClientIdLength = 300

/** Whoever asks gets one, for whatever client: nothing is learnt of which clients there are. */
export async function answerChallenge(deps: ProofDeps, { tenantId, form }: Asked): Promise<Answer> {
  const clientId = requireParameter(form, 'client_id')
  if (clientId.length > maxClientIdLength) {
    throw new OAuthError('invalid_request', { description: 'client_id is too long' })
  }
  return { body: { challenge: await makeChallenge(deps, tenantId, clientId), expires_in: challengeTtlSeconds } }
}
