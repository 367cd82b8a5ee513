/**
 * A token for another audience (a credential of kind `jwt`), shown to Mayfly again: introspected, revoked, exchanged.
 *
 * Promise: asked of the primary at every use. It lives only while its row is active, both proofs and both parties that it
 * rests on live, and its key is believed. It is never a token for Mayfly itself: no API of ours takes it.
 */
import { type CredentialId, isId, type TenantId } from '@mayfly/domain'
import type { ActClaim } from '@mayfly/provider-kit'
import { isJwtFault, type Jwt, readJwt } from '../../adapters/trust-providers/jwt.ts'
import { verifyJws } from '../../adapters/trust-providers/verify-jws.ts'
import type { IssuedTokenState } from '../../store/issued-token-rows.ts'
import type { ProofDeps } from './proof-deps.ts'
import { readConfirmation, type TokenBinding } from './token-binding.ts'

const maxTokenSizeBytes = 16_384

export interface IssuedTokenClaims {
  readonly issuer: string
  readonly subject: string
  readonly audience: readonly string[]
  readonly clientId: string
  readonly tokenId: CredentialId
  readonly issuedAtSeconds: number
  readonly expiresAtSeconds: number
  readonly scope?: string
  readonly act?: ActClaim
  readonly binding?: TokenBinding
  /** As they were signed. */
  readonly authorizationDetails?: unknown
  readonly confirmation?: unknown
}

export interface LiveIssuedToken {
  readonly claims: IssuedTokenClaims
  readonly state: IssuedTokenState
}

interface ReadIssuedToken {
  readonly jwt: Jwt
  readonly algorithm: 'ES256' | 'RS256'
  readonly keyId: string
  readonly claims: IssuedTokenClaims
}

/** @returns `undefined` for everything that is not a live token of this tenant for another audience */
export async function findLiveIssuedToken(
  deps: ProofDeps,
  tenantId: TenantId,
  token: string,
): Promise<LiveIssuedToken | undefined> {
  const read = readIssuedToken(token)
  if (read === undefined || read.claims.issuer !== (await deps.tenants.findIssuer(tenantId))) return undefined
  const { claims, keyId } = read
  const now = deps.clock.now()
  if (claims.expiresAtSeconds * 1_000 <= now.getTime()) return undefined
  // A key is named by its own hash, so a signature can be refused before the database is troubled.
  const known = deps.publicKeys.find(keyId)
  if (known !== undefined && !isSignedWith(read, known)) return undefined
  const state = await deps.issuedTokens.submit(tenantId, { credentialId: claims.tokenId, keyId, now })
  if (state === undefined || !isSignedWith(read, deps.publicKeys.get(keyId, state.keyJwk))) return undefined
  return state.lives ? { claims, state } : undefined
}

function isSignedWith({ algorithm, keyId, jwt }: ReadIssuedToken, key: ReturnType<ProofDeps['publicKeys']['get']>) {
  return key.thumbprint === keyId && verifyJws(algorithm, key, jwt)
}

/** Checks form and type only. */
function readIssuedToken(token: string): ReadIssuedToken | undefined {
  const jwt = readJwt(token, maxTokenSizeBytes)
  if (isJwtFault(jwt)) return undefined
  const { alg, kid, typ } = jwt.header
  const { iss, aud, sub, client_id: clientId, iat, exp, jti, scope } = jwt.claims
  if ((alg !== 'ES256' && alg !== 'RS256') || (typ !== 'at+jwt' && typ !== 'JWT') || kid === undefined) return undefined
  if (!isText(iss) || !isText(sub) || !isText(clientId) || !isText(jti) || !isId(jti)) return undefined
  const audience = isText(aud) ? [aud] : Array.isArray(aud) && aud.every(isText) ? aud : undefined
  if (audience === undefined || audience.length === 0 || audience.includes(iss)) return undefined
  if (!Number.isSafeInteger(iat) || !Number.isSafeInteger(exp) || (scope !== undefined && !isText(scope)))
    return undefined
  const act = readAct(jwt.claims['act'])
  const binding = jwt.claims['cnf'] === undefined ? undefined : readConfirmation(jwt.claims['cnf'])
  // What cannot be read must not turn the token into one that says less.
  if (act === null || binding === null) return undefined
  const { authorization_details: authorizationDetails, cnf: confirmation } = jwt.claims
  return {
    jwt,
    algorithm: alg,
    keyId: kid,
    claims: {
      issuer: iss,
      subject: sub,
      audience,
      clientId,
      tokenId: jti as CredentialId,
      issuedAtSeconds: Number(iat),
      expiresAtSeconds: Number(exp),
      ...(scope === undefined ? {} : { scope }),
      ...(act === undefined ? {} : { act }),
      ...(binding === undefined ? {} : { binding }),
      ...(authorizationDetails === undefined ? {} : { authorizationDetails }),
      ...(confirmation === undefined ? {} : { confirmation }),
    },
  }
}

/** @returns `null` for something that is no `act` claim that this server makes */
function readAct(value: unknown): ActClaim | undefined | null {
  if (value === undefined) return undefined
  if (typeof value !== 'object' || value === null) return null
  const { sub, act } = value as Record<string, unknown>
  const inner = readAct(act)
  if (!isText(sub) || inner === null) return null
  return { sub, ...(inner === undefined ? {} : { act: inner }) }
}

/** How many have acted. */
export function actDepth(act: ActClaim | undefined): number {
  return act === undefined ? 0 : 1 + actDepth(act.act)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0
}
