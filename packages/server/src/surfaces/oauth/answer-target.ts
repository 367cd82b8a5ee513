/** A token for another audience: what every grant gives where a target is asked for. It is a credential like any other. */
import { Secret } from '@mayfly/provider-kit'
import type { Actor } from '../../application/context.ts'
import { issueCredential } from '../../application/credential/issue-credential.ts'
import type { Delegation } from '../../application/credential/issue-request.ts'
import type { GrantedToken } from '../../application/proof/accept-proof.ts'
import type { OAuthDeps, TokenAnswer, TokenRequest } from './grants/grant.ts'
import { answerOwnToken } from './grants/own-token.ts'
import { OAuthError } from './oauth-error.ts'
import { findRole, readTarget, targetError, type TokenTarget, wantedAudiences } from './token-target.ts'

/**
 * Reads what is asked for, then the proof, then answers.
 *
 * @throws OAuthError
 */
export async function answerProven(
  deps: OAuthDeps,
  asked: TokenRequest,
  prove: () => Promise<GrantedToken>,
): Promise<TokenAnswer> {
  const target = await readTarget(deps, asked)
  const granted = await prove()
  return withLoginCount(granted, async () =>
    target === undefined ? answerOwnToken(granted, asked) : answerTarget(deps, asked, granted.actor, target),
  )
}

/**
 * Whatever becomes of the token, a key that counts its logins has logged in, and its holder must know the number of this
 * login for the next.
 */
async function withLoginCount(granted: GrantedToken, answer: () => Promise<TokenAnswer>): Promise<TokenAnswer> {
  const generation = granted.generation
  if (generation === undefined) return answer()
  try {
    return { ...(await answer()), generation }
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    const { code, options } = error
    throw new OAuthError(code, { ...options, extra: { ...options.extra, generation } })
  }
}

/** @throws OAuthError `invalid_target`, `invalid_scope`, `invalid_authorization_details`, `unauthorized_client` */
export async function answerTarget(
  deps: OAuthDeps,
  asked: TokenRequest,
  actor: Actor,
  target: TokenTarget,
  exchanged: { readonly onBehalfOf?: Delegation | undefined; readonly endsBy?: Date } = {},
): Promise<TokenAnswer> {
  const { tenantId, request, tokenBinding } = asked
  if (actor.kind !== 'identity') {
    throw new OAuthError('unauthorized_client', { description: 'a person holds no credential' })
  }
  const role = await findRole(deps, tenantId, target)
  // Nothing is waited for after the commit but a signature: who goes away before it is answered loses the token unread.
  const { signal } = new AbortController()
  const ctx = { tenantId, actor, requestId: request.id, sourceAddress: request.ip, signal }
  const { row, fields, statement } = await issueCredential(deps.issue, ctx, {
    role,
    taskId: target.taskId,
    parameters: target.detail?.parameters,
    token: {
      audiences: wantedAudiences(target),
      binding: tokenBinding,
      tellsDetails: target.detail !== undefined,
      ...exchanged,
    },
  }).catch((error: unknown) => {
    throw targetError(error, target)
  })
  const { token, scope } = fields ?? {}
  if (!(token instanceof Secret) || statement === undefined) {
    throw new OAuthError('server_error', { description: 'what was issued is no token' })
  }
  const now = Math.floor(statement.issuedAt.getTime() / 1_000)
  return {
    access_token: token.reveal(),
    token_type: tokenBinding?.kind === 'key' ? 'DPoP' : 'Bearer',
    expires_in: Math.floor(row.expires_at.getTime() / 1_000) - now,
    ...(scope === undefined ? {} : { scope }),
    ...(statement.authorizationDetails === undefined ? {} : { authorization_details: statement.authorizationDetails }),
    credential_id: row.credential_id,
  }
}
