/**
 * Who holds this access token, asked at every use (law 13).
 *
 * Promise: the answer is read from the primary. A revoked token, a lapsed or revoked attestation, a retired binding,
 * trust provider or key, an identity that is suspended, retired, expired or without its owner, and a person who left:
 * each refuses from the moment of its commit, whatever the token says of its own life.
 */
import { MayflyError, type TenantId } from '@mayfly/domain'
import type { TokenLiveness } from '../../store/attestation-rows.ts'
import type { Actor } from '../context.ts'
import { type AccessTokenClaims, isSignedBy, readAccessToken } from './access-token.ts'
import type { ProofDeps } from './proof-deps.ts'
import { bindingHolds, bindingText, type PresentedToken } from './token-binding.ts'

export interface LiveToken {
  readonly claims: AccessTokenClaims
  readonly actor: Exclude<Actor, { kind: 'system' }>
}

/** @throws MayflyError `token_invalid`: one answer for every reason but the token's own end, which its holder can read */
export async function authenticateAccessToken(
  deps: ProofDeps,
  presented: PresentedToken,
): Promise<{ tenantId: TenantId; actor: LiveToken['actor'] }> {
  const live = await findLiveToken(deps, presented.token)
  if (live === undefined || !bindingHolds(live.claims.binding, presented)) {
    throw new MayflyError('token_invalid', { hint: 'prove again at the token endpoint for a new access token' })
  }
  return { tenantId: live.claims.tenantId, actor: live.actor }
}

/**
 * Does NOT check that whoever asks holds what the token is bound to: a resource server that introspects does not.
 *
 * @returns `undefined` for everything that is not a live access token of this server
 */
export async function findLiveToken(deps: ProofDeps, token: string): Promise<LiveToken | undefined> {
  const read = readAccessToken(token)
  if (read === undefined) return undefined
  const { claims, keyId } = read
  const now = deps.clock.now()
  if (claims.expiresAt <= now) return undefined
  // A key is named by its own hash, so a signature can be refused before the database is troubled.
  const known = deps.publicKeys.find(keyId)
  if (known !== undefined && !isSignedBy(read, known)) return undefined
  const liveness = await deps.liveness.submit(claims.tenantId, { attestationId: claims.attestationId, keyId, now })
  if (liveness === undefined) return undefined
  if (!isSignedBy(read, deps.publicKeys.get(keyId, liveness.keyJwk))) return undefined
  if (claims.issuer !== (await deps.tenants.findIssuer(claims.tenantId))) return undefined
  if ((claims.binding === undefined ? null : bindingText(claims.binding)) !== liveness.tokenBinding) return undefined
  return isLive(liveness, now) ? { claims, actor: actorOf(liveness) } : undefined
}

function isLive(liveness: TokenLiveness, now: Date): boolean {
  const { party } = liveness
  return (
    liveness.stillBound &&
    liveness.voucherLives &&
    (liveness.state === 'fresh' || liveness.state === 'succeeded') &&
    liveness.tokenRevokedAt === null &&
    liveness.tokenExpiresAt > now &&
    liveness.freshUntil > now &&
    (party.kind === 'person'
      ? party.state === 'active'
      : party.state === 'active' && party.expiresAt > now && party.ownerState === 'active')
  )
}

function actorOf({ party, attestationId }: TokenLiveness): LiveToken['actor'] {
  return party.kind === 'identity'
    ? { kind: 'identity', identityId: party.identityId, attestationId }
    : { kind: 'person', personId: party.personId, roles: party.roles, attestationId }
}
