/**
 * Token introspection (RFC 7662): is this token live, and whose is it?
 *
 * Promise: agrees at once with every revocation, because it asks what each use asks. Of anything else (unknown, expired,
 * malformed, another tenant's) it says only that it is not active (section 2.2).
 * Not here: whether the caller may ask (the surface asks the gate).
 */
import type { TenantId } from '@mayfly/domain'
import type { ActClaim } from '@mayfly/provider-kit'
import { findLiveToken } from './authenticate.ts'
import type { LiveIssuedToken } from './issued-token.ts'
import type { ProofDeps } from './proof-deps.ts'
import { confirmationOf } from './token-binding.ts'

export type Introspection =
  | { readonly active: false }
  | IssuedIntrospection
  | {
      readonly active: true
      readonly token_type: 'Bearer' | 'DPoP'
      readonly iss: string
      readonly sub: string
      readonly aud: string
      readonly client_id: string
      readonly iat: number
      readonly exp: number
      readonly jti: string
      readonly mayfly_tenant: string
      readonly cnf?: ReturnType<typeof confirmationOf>
    }

/** Of a token for another audience (RFC 7662 section 2.2, RFC 8693 section 4.1, RFC 9396 section 9.2). */
export interface IssuedIntrospection {
  readonly active: true
  readonly token_type: 'Bearer' | 'DPoP'
  readonly iss: string
  readonly sub: string
  readonly aud: string | readonly string[]
  readonly client_id: string
  readonly iat: number
  readonly exp: number
  readonly jti: string
  readonly scope?: string
  readonly act?: ActClaim
  readonly authorization_details?: unknown
  readonly cnf?: unknown
}

/** What a live token for another audience says. Who may hear it, the surface has asked. */
export function introspectIssuedToken({ claims }: LiveIssuedToken): IssuedIntrospection {
  const [only, ...others] = claims.audience
  return {
    active: true,
    token_type: claims.binding?.kind === 'key' ? 'DPoP' : 'Bearer',
    iss: claims.issuer,
    sub: claims.subject,
    aud: only !== undefined && others.length === 0 ? only : claims.audience,
    client_id: claims.clientId,
    iat: claims.issuedAtSeconds,
    exp: claims.expiresAtSeconds,
    jti: claims.tokenId,
    ...(claims.scope === undefined ? {} : { scope: claims.scope }),
    ...(claims.act === undefined ? {} : { act: claims.act }),
    ...(claims.authorizationDetails === undefined ? {} : { authorization_details: claims.authorizationDetails }),
    ...(claims.confirmation === undefined ? {} : { cnf: claims.confirmation }),
  }
}

/** @param tenantId the caller's own: tokens of another tenant are not known */
export async function introspectToken(deps: ProofDeps, tenantId: TenantId, token: string): Promise<Introspection> {
  const live = await findLiveToken(deps, token)
  if (live === undefined || live.claims.tenantId !== tenantId) return { active: false }
  const { claims } = live
  return {
    active: true,
    token_type: claims.binding?.kind === 'key' ? 'DPoP' : 'Bearer',
    iss: claims.issuer,
    sub: claims.subject,
    aud: claims.issuer,
    client_id: claims.clientId,
    iat: claims.issuedAt.getTime() / 1000,
    exp: claims.expiresAt.getTime() / 1000,
    jti: claims.attestationId,
    mayfly_tenant: claims.tenantId,
    ...(claims.binding === undefined ? {} : { cnf: confirmationOf(claims.binding) }),
  }
}
