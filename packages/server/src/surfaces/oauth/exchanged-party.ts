/**
 * Whom a token that is exchanged speaks of (RFC 8693 section 2.1): an access token of ours, a token of ours for another
 * audience, or a token that a platform made, which is a proof like any other and counts once.
 */
import type { AttestationId, CredentialId, IdentityId, PersonId, TaskId } from '@mayfly/domain'
import { type ActClaim, Secret } from '@mayfly/provider-kit'
import { isJwtFault, readJwt } from '../../adapters/trust-providers/jwt.ts'
import { acceptProof } from '../../application/proof/accept-proof.ts'
import { findLiveToken, type LiveToken } from '../../application/proof/authenticate.ts'
import { findLiveIssuedToken, type LiveIssuedToken } from '../../application/proof/issued-token.ts'
import { getIssuer } from '../../application/proof/tenant-directory.ts'
import type { TokenBinding } from '../../application/proof/token-binding.ts'
import { grantedOr } from './authenticate-client.ts'
import type { OAuthDeps, TokenRequest } from './grants/grant.ts'
import { OAuthError } from './oauth-error.ts'

export const tokenTypes = {
  accessToken: 'urn:ietf:params:oauth:token-type:access_token',
  jwt: 'urn:ietf:params:oauth:token-type:jwt',
  idToken: 'urn:ietf:params:oauth:token-type:id_token',
} as const

export interface ExchangedParty {
  readonly party:
    | { readonly kind: 'person'; readonly personId: PersonId }
    | { readonly kind: 'identity'; readonly identityId: IdentityId }
  readonly attestationId: AttestationId
  /** `sub`: a SPIFFE ID, or `person:<id>`. */
  readonly subject: string
  readonly expiresAt: Date
  /** What the token is bound to; undefined for a bearer token. */
  readonly binding?: TokenBinding | undefined
  /** Who acts in it already. */
  readonly act?: ActClaim | undefined
  /** Who may act for it (section 4.4), where the token says so. */
  readonly mayAct?: unknown
  /** As the platform calls it. */
  readonly platform?: { readonly issuer: unknown; readonly subject: unknown }
  /** A token of ours for another audience, and the task that it was issued in. */
  readonly parentCredentialId?: CredentialId
  readonly taskId?: TaskId | undefined
  /** Who asks, where the token proves it to Mayfly: one for another audience does not. */
  readonly actor?: LiveToken['actor']
}

/**
 * @param clientId names the identity, where the token of a platform fits several
 * @throws OAuthError `invalid_request`: the token is not valid, or of a type that is not taken (section 2.2.2)
 */
export async function readExchangedParty(
  deps: OAuthDeps,
  asked: TokenRequest,
  name: 'subject_token' | 'actor_token',
  clientId: string | undefined,
): Promise<ExchangedParty> {
  const token = asked.form.get(name)
  const type = asked.form.get(`${name}_type`)
  if (token === undefined || type === undefined) {
    throw new OAuthError('invalid_request', { description: `${name} and ${name}_type go together` })
  }
  switch (type) {
    case tokenTypes.accessToken:
      return required(name, await findOwn(deps, asked, token))
    case tokenTypes.jwt:
      return (await isOwn(deps, asked, token))
        ? required(name, await findOwn(deps, asked, token))
        : provePlatform(deps, asked, name, token, clientId)
    case tokenTypes.idToken:
      return provePlatform(deps, asked, name, token, clientId)
    default:
      throw new OAuthError('invalid_request', {
        description: `${name}_type must be one of ${Object.values(tokenTypes).join(', ')}`,
      })
  }
}

function required(name: string, party: ExchangedParty | undefined): ExchangedParty {
  if (party !== undefined) return party
  throw new OAuthError('invalid_request', { description: `${name} is not valid, or has ended` })
}

async function isOwn(deps: OAuthDeps, { tenantId }: TokenRequest, token: string): Promise<boolean> {
  const jwt = readJwt(token)
  return !isJwtFault(jwt) && jwt.claims['iss'] === (await getIssuer(deps.tenants, tenantId))
}

async function findOwn(
  deps: OAuthDeps,
  { tenantId }: TokenRequest,
  token: string,
): Promise<ExchangedParty | undefined> {
  const live = await findLiveToken(deps, token)
  if (live !== undefined) return live.claims.tenantId === tenantId ? ofAccessToken(live) : undefined
  const issued = await findLiveIssuedToken(deps, tenantId, token)
  return issued === undefined ? undefined : ofIssuedToken(issued)
}

function ofAccessToken({ actor, claims }: LiveToken): ExchangedParty {
  return {
    party: actor,
    attestationId: actor.attestationId,
    subject: claims.subject,
    expiresAt: claims.expiresAt,
    binding: claims.binding,
    actor,
  }
}

function ofIssuedToken({ claims, state }: LiveIssuedToken): ExchangedParty {
  const { onBehalfOf } = state
  return {
    party: onBehalfOf?.subject ?? { kind: 'identity', identityId: state.identityId },
    attestationId: onBehalfOf?.attestationId ?? state.attestationId,
    taskId: (onBehalfOf === undefined ? state.taskId : onBehalfOf.taskId) ?? undefined,
    subject: claims.subject,
    expiresAt: new Date(claims.expiresAtSeconds * 1_000),
    binding: claims.binding,
    act: claims.act,
    parentCredentialId: state.credentialId,
  }
}

async function provePlatform(
  deps: OAuthDeps,
  { tenantId, request }: TokenRequest,
  name: string,
  token: string,
  clientId: string | undefined,
): Promise<ExchangedParty> {
  const answer = await acceptProof(deps, {
    tenantId,
    form: 'assertion',
    token: new Secret(token),
    clientId,
    sourceAddress: request.ip,
    requestId: request.id,
  })
  if (answer.outcome === 'rejected') {
    throw new OAuthError('invalid_request', {
      description: `${name}: ${answer.detail}`,
      extra: { reason: answer.reason },
    })
  }
  // It is not the client that is denied (RFC 8693 section 2.2.2).
  const { actor, subject, freshUntil } = grantedOr('invalid_request', answer, 'invalid_request')
  const jwt = readJwt(token)
  const claims = isJwtFault(jwt) ? {} : jwt.claims
  const end = typeof claims['exp'] === 'number' ? claims['exp'] * 1_000 : freshUntil.getTime()
  return {
    party: actor,
    attestationId: actor.attestationId,
    subject,
    expiresAt: new Date(Math.min(end, freshUntil.getTime())),
    mayAct: claims['may_act'],
    platform: { issuer: claims['iss'], subject: claims['sub'] },
    actor,
  }
}
