/**
 * The access token: a JWT of the profile of RFC 9068 (`at+jwt`), ES256, at most five minutes; of a person who signed in as long
 * as the session.
 *
 * Promise: it says who proved what, nothing else; whether that still holds is asked of the database at each use, so a
 * revocation works at once whatever the token says.
 */
import type { AttestationId, TenantId } from '@mayfly/domain'
import { isId } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import type { PublicKey } from '../../adapters/keys/jwk.ts'
import type { Signer } from '../../adapters/keys/signing-key.ts'
import { isJwtFault, type Jwt, readJwt } from '../../adapters/trust-providers/jwt.ts'
import { verifyJws } from '../../adapters/trust-providers/verify-jws.ts'
import { confirmationOf, readConfirmation, type TokenBinding } from './token-binding.ts'

export const accessTokenTtlSeconds = 300
/** The longest session of a person, whose token lives as long (attestation_token_life in the schema). */
export const maxSessionSeconds = 43_200
/** The longest life of a token for another audience (the settings of a `jwt` resource); the same key signs these. */
export const issuedTokenTtlSeconds = 3_600
/** After its key is retired nothing signed with it is live any longer than this. */
export const accessTokenTrustSeconds = Math.max(maxSessionSeconds, issuedTokenTtlSeconds) + 60
const maxTokenSizeBytes = 4096

export interface AccessTokenClaims {
  readonly issuer: string
  /** SPIFFE ID of an identity, `person:<id>` of a person. */
  readonly subject: string
  /** The id of the identity or person. */
  readonly clientId: string
  readonly tenantId: TenantId
  readonly attestationId: AttestationId
  readonly issuedAt: Date
  readonly expiresAt: Date
  /** When a person signed in (RFC 9068 section 2.2.1). A workload does not sign in. */
  readonly authenticatedAt?: Date
  /** Absent: a bearer token. */
  readonly binding?: TokenBinding
}

export function signAccessToken(signer: Signer, claims: AccessTokenClaims): Secret {
  const header = { alg: signer.algorithm, typ: 'at+jwt', kid: signer.keyId }
  const payload = {
    iss: claims.issuer,
    sub: claims.subject,
    // Mayfly is the only resource server of its own tokens.
    aud: claims.issuer,
    client_id: claims.clientId,
    iat: Math.floor(claims.issuedAt.getTime() / 1000),
    exp: Math.floor(claims.expiresAt.getTime() / 1000),
    jti: claims.attestationId,
    mayfly_tenant: claims.tenantId,
    ...(claims.authenticatedAt === undefined ? {} : { auth_time: Math.floor(claims.authenticatedAt.getTime() / 1000) }),
    ...(claims.binding === undefined ? {} : { cnf: confirmationOf(claims.binding) }),
  }
  const signedText = `${encode(header)}.${encode(payload)}`
  const signature = Buffer.from(signer.sign(Buffer.from(signedText, 'latin1'))).toString('base64url')
  return new Secret(`${signedText}.${signature}`)
}

export interface ReadAccessToken {
  readonly jwt: Jwt
  readonly keyId: string
  readonly claims: AccessTokenClaims
}

/** Checks form and type only. `undefined` for everything that this server cannot have made. */
export function readAccessToken(token: string): ReadAccessToken | undefined {
  const jwt = readJwt(token, maxTokenSizeBytes)
  if (isJwtFault(jwt)) return undefined
  const { alg, kid, typ } = jwt.header
  const { iss, aud, sub, client_id: clientId, iat, exp, jti, mayfly_tenant: tenantId } = jwt.claims
  if (alg !== 'ES256' || typ !== 'at+jwt' || kid === undefined) return undefined
  if (!isText(iss) || iss !== aud || !isText(sub) || !isText(clientId)) return undefined
  if (!isText(jti) || !isId(jti) || !isText(tenantId) || !isId(tenantId)) return undefined
  if (!Number.isSafeInteger(iat) || !Number.isSafeInteger(exp)) return undefined
  const binding = jwt.claims['cnf'] === undefined ? undefined : readConfirmation(jwt.claims['cnf'])
  // A binding that cannot be read must not turn the token into a bearer token.
  if (binding === null) return undefined
  return {
    jwt,
    keyId: kid,
    claims: {
      issuer: iss,
      subject: sub,
      clientId,
      tenantId: tenantId as TenantId,
      attestationId: jti as AttestationId,
      issuedAt: new Date(Number(iat) * 1000),
      expiresAt: new Date(Number(exp) * 1000),
      ...(binding === undefined ? {} : { binding }),
    },
  }
}

export function isSignedBy(token: ReadAccessToken, key: PublicKey): boolean {
  return key.thumbprint === token.keyId && verifyJws('ES256', key, token.jwt)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
