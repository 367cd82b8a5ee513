/**
 * Checks a JWT-SVID (SPIFFE JWT-SVID sections 2 to 4, RFC 7515, RFC 7519).
 *
 * Checks form, header, algorithm, signature by a key of the subject's own trust domain, `sub`, `aud`, `exp` and `nbf`.
 * Does NOT check whether it was used before, nor whether its identity still stands: that, only the server can tell.
 */
import { isUtf8 } from 'node:buffer'
import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { BundleKey } from '../authority/authority.ts'
import { isSpiffeIdFault, parseSpiffeId, parseStrictObject } from '@mayfly/domain'
import type { BundleSnapshot } from './trust-bundles.ts'

export interface ValidJwtSvid {
  readonly spiffeId: string
  readonly claims: Readonly<Record<string, unknown>>
}

export interface JwtSvidFault {
  /** Lower case, no full stop. */
  readonly fault: string
}

const maxTokenChars = 16_384
const maxDepth = 16

/** JWT-SVID section 2.2, and no other: a symmetric or unsigned one cannot be written here. */
const algorithms = {
  RS256: { type: 'rsa', hash: 'sha256' },
  RS384: { type: 'rsa', hash: 'sha384' },
  RS512: { type: 'rsa', hash: 'sha512' },
  PS256: { type: 'rsa', hash: 'sha256', isPss: true },
  PS384: { type: 'rsa', hash: 'sha384', isPss: true },
  PS512: { type: 'rsa', hash: 'sha512', isPss: true },
  ES256: { type: 'ec', hash: 'sha256', curve: 'prime256v1' },
  ES384: { type: 'ec', hash: 'sha384', curve: 'secp384r1' },
  ES512: { type: 'ec', hash: 'sha512', curve: 'secp521r1' },
} as const satisfies Record<string, Algorithm>

interface Algorithm {
  readonly type: 'rsa' | 'ec'
  readonly hash: string
  readonly curve?: string
  readonly isPss?: true
}

const leastRsaBits = 2_048

/** @returns the token's claims, or why it is not valid (which is an answer, not an error) */
export function validateJwtSvid(
  { bundles }: BundleSnapshot,
  { token, audience, nowMs }: { readonly token: string; readonly audience: string; readonly nowMs: number },
): ValidJwtSvid | JwtSvidFault {
  if (token.length > maxTokenChars) return { fault: `the token is longer than ${maxTokenChars} characters` }
  const parts = token.split('.')
  const [head, body, signature] = parts.map(decodePart)
  if (parts.length !== 3 || head === undefined || body === undefined || signature === undefined) {
    return { fault: 'the token is no JWS in compact serialization' }
  }
  const header = parseObject(head)
  const claims = parseObject(body)
  if (header === undefined || claims === undefined) return { fault: 'header and claims must be JSON objects' }

  const extra = Object.keys(header).find((name) => !['alg', 'kid', 'typ'].includes(name))
  if (extra !== undefined)
    return { fault: `the header has a member \`${printed(extra)}\` that a JWT-SVID may not have` }
  const { alg, kid, typ } = header
  if (typeof alg !== 'string' || !Object.hasOwn(algorithms, alg))
    return { fault: '`alg` is not among those of JWT-SVIDs' }
  if (typeof kid !== 'string' || kid === '') return { fault: '`kid` is missing' }
  if (typ !== undefined && typ !== 'JWT' && typ !== 'JOSE') return { fault: '`typ` must be `JWT` or `JOSE`' }

  const { sub } = claims
  const id = typeof sub === 'string' ? parseSpiffeId(sub) : undefined
  if (typeof sub !== 'string' || id === undefined || isSpiffeIdFault(id) || id.path === '')
    return { fault: '`sub` is no SPIFFE ID of a workload' }
  const claimFault = findClaimFault(claims, audience, nowMs)
  if (claimFault !== undefined) return { fault: claimFault }

  const key = bundles.get(id.trustDomain)?.jwtKeys.get(kid)
  if (key === undefined) return { fault: 'no key of the trust domain of `sub` has this `kid`' }
  const signed = Buffer.from(token.slice(0, token.lastIndexOf('.')))
  const isSigned = verifySignature(algorithms[alg as keyof typeof algorithms], key, signed, signature)
  return isSigned ? { spiffeId: sub, claims } : { fault: 'the signature does not verify' }
}

function findClaimFault(
  claims: Readonly<Record<string, unknown>>,
  audience: string,
  nowMs: number,
): string | undefined {
  const { aud, exp, nbf } = claims
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  if (audiences.length === 0 || !audiences.every((one) => typeof one === 'string' && one !== ''))
    return '`aud` is missing'
  if (!audiences.includes(audience)) return 'the token is for another audience'
  if (typeof exp !== 'number' || !Number.isFinite(exp)) return '`exp` is missing'
  if (exp * 1_000 <= nowMs) return 'the token has expired'
  if (nbf !== undefined && (typeof nbf !== 'number' || nbf * 1_000 > nowMs)) return 'the token is not valid yet'
  return undefined
}

function verifySignature(algorithm: Algorithm, jwk: BundleKey, signed: Buffer, signature: Buffer): boolean {
  let key: KeyObject
  try {
    key = createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return false
  }
  // The key says what it may verify; what the token names is only held against it.
  if (key.asymmetricKeyType !== algorithm.type) return false
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {}
  if (algorithm.type === 'ec') {
    if (namedCurve !== algorithm.curve) return false
    return verify(algorithm.hash, signed, { key, dsaEncoding: 'ieee-p1363' }, signature)
  }
  if ((modulusLength ?? 0) < leastRsaBits) return false
  const padding =
    algorithm.isPss === true
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : { padding: constants.RSA_PKCS1_PADDING }
  return verify(algorithm.hash, signed, { key, ...padding }, signature)
}

/** Strict: two texts of one value would be two tokens with one signature. */
function decodePart(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

function parseObject(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  return isUtf8(bytes) ? parseStrictObject(bytes.toString('utf8'), maxDepth) : undefined
}

function printed(text: string): string {
  return text.replaceAll(/[^\w-]/g, '?').slice(0, 40)
}
