/**
 * A DPoP proof (RFC 9449 section 4): a JWT of the sender's own key for this one request.
 *
 * Promise: the checks of section 4.3, each with its own refusal, all of them without the database.
 * Not here: that there was one header only (the surface), that it is used once (`accept-dpop.ts`), and that the key is the
 * one that the token is bound to (`token-binding.ts`).
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { MayflyError } from '@mayfly/domain'
import type { PublicKey } from '../../../adapters/keys/jwk.ts'
import { isJwtFault, readJwt } from '../../../adapters/trust-providers/jwt.ts'
import { parseStrictObject } from '../../../adapters/trust-providers/strict-json.ts'
import { keyFits, verifyJws } from '../../../adapters/trust-providers/verify-jws.ts'
import type { KeyCache } from '../key-cache.ts'
import { normaliseHtu } from './dpop-htu.ts'
import type { DpopNonces } from './dpop-nonces.ts'

/** What a proof may be signed with; the metadata says so. */
export const dpopAlgorithms = ['ES256', 'ES384', 'EdDSA', 'RS256', 'PS256'] as const

/** How far from our time `iat` may be, either way. */
export const dpopWindowSeconds = 60
const maxSizeBytes = 8192

export interface DpopExpectations {
  readonly now: Date
  /** The request's own, e.g. `POST`. */
  readonly method: string
  /** Every address by which a client may have meant this endpoint. */
  readonly urls: readonly string[]
  /** Where one comes along: the proof must name it. */
  readonly accessToken?: string
  readonly nonce: 'required' | 'optional'
}

export interface DpopJudges {
  readonly nonces: DpopNonces
  /** Keys that were imported before, by the header that brought them. */
  readonly keys: KeyCache
}

export interface GoodDpopProof {
  readonly outcome: 'accepted'
  /** Thumbprint of the key (RFC 7638, SHA-256). */
  readonly jkt: string
  /** What makes this proof this one. */
  readonly digest: Buffer
  /** Nobody can present it after that. */
  readonly expiresAt: Date
  /** True where the sender should be given a new nonce. */
  readonly wantsNonce: boolean
}

export interface DpopRefusal {
  readonly outcome: 'rejected'
  /** RFC 9449 sections 5 and 8. */
  readonly error: 'invalid_dpop_proof' | 'use_dpop_nonce'
  readonly detail: string
}

export function judgeDpopProof(
  judges: DpopJudges,
  proof: string,
  expected: DpopExpectations,
): GoodDpopProof | DpopRefusal {
  const jwt = readJwt(proof, maxSizeBytes)
  if (isJwtFault(jwt)) return refused(`the DPoP proof cannot be read: ${jwt.fault}`)
  const { alg, typ } = jwt.header
  if (typ !== 'dpop+jwt') return refused('`typ` of the DPoP proof must be `dpop+jwt`')
  const algorithm = dpopAlgorithms.find((allowed) => allowed === alg)
  if (algorithm === undefined) return refused(`\`alg\` of the DPoP proof must be one of ${dpopAlgorithms.join(', ')}`)
  const { jti, htm, htu, iat, nonce, ath } = jwt.claims
  if (typeof jti !== 'string' || jti === '' || jti.length > 300) {
    return refused('`jti` of the DPoP proof must be a text of 1 to 300 characters')
  }
  if (htm !== expected.method) return refused(`\`htm\` of the DPoP proof must be \`${expected.method}\``)
  if (typeof htu !== 'string' || !isAmong(htu, expected.urls)) {
    return refused(`\`htu\` of the DPoP proof must be \`${expected.urls[0] ?? ''}\``)
  }
  if (typeof iat !== 'number' || !Number.isFinite(iat)) return refused('`iat` of the DPoP proof must be a number')
  if (expected.accessToken !== undefined && !isHashOf(ath, expected.accessToken)) {
    return refused('`ath` of the DPoP proof must be the SHA-256 of the access token, base64url')
  }
  const key = keyOf(judges.keys, proof)
  if (typeof key === 'string') return refused(key)
  if (!keyFits(algorithm, key)) return refused('`jwk` of the DPoP proof is no key for its `alg`')
  if (!verifyJws(algorithm, key, jwt)) return refused('the signature of the DPoP proof is not by its `jwk`')
  // After the signature: whoever cannot sign is told nothing of our time.
  const freshness = judgeNonce(judges.nonces, nonce, expected)
  if (freshness !== 'fresh' && freshness !== 'ageing' && freshness !== 'absent') return freshness
  const skewSeconds = iat - expected.now.getTime() / 1000
  if (Math.abs(skewSeconds) > dpopWindowSeconds) {
    const where = skewSeconds > 0 ? 'ahead of' : 'behind'
    return refused(
      `\`iat\` of the DPoP proof is ${Math.round(Math.abs(skewSeconds))} s ${where} this server's clock, at most ${dpopWindowSeconds} s are allowed`,
    )
  }
  return {
    outcome: 'accepted',
    jkt: key.thumbprint,
    digest: createHash('sha256').update(`${key.thumbprint}\n${jti}`).digest(),
    expiresAt: new Date((iat + dpopWindowSeconds + 1) * 1000),
    wantsNonce: freshness === 'ageing',
  }
}

function judgeNonce(
  nonces: DpopNonces,
  nonce: unknown,
  expected: DpopExpectations,
): 'fresh' | 'ageing' | 'absent' | DpopRefusal {
  if (nonce === undefined && expected.nonce === 'optional') return 'absent'
  const freshness = typeof nonce === 'string' ? nonces.judge(nonce, expected.now) : 'unknown'
  if (freshness !== 'unknown') return freshness
  const detail = 'make the DPoP proof again with the nonce of the header DPoP-Nonce'
  return { outcome: 'rejected', error: 'use_dpop_nonce', detail }
}

/** The key in the header, or why there is none. */
function keyOf(keys: KeyCache, proof: string): PublicKey | string {
  const header = proof.slice(0, proof.indexOf('.'))
  const known = keys.find(header)
  if (known !== undefined) return known
  const { jwk } = parseStrictObject(Buffer.from(header, 'base64url').toString('utf8')) ?? {}
  try {
    return keys.get(header, jwk)
  } catch (error) {
    if (!(error instanceof MayflyError)) throw error
    return `\`jwk\` of the DPoP proof: ${error.options.publicDetail ?? 'it is not a usable key'}`
  }
}

function isAmong(htu: string, urls: readonly string[]): boolean {
  const meant = normaliseHtu(htu)
  return meant !== undefined && urls.some((url) => normaliseHtu(url) === meant)
}

/** RFC 9449 section 4.2: base64url of the SHA-256 over the ASCII of the token. */
export function accessTokenHash(accessToken: string): string {
  return createHash('sha256').update(accessToken, 'latin1').digest('base64url')
}

function isHashOf(ath: unknown, accessToken: string): boolean {
  const hash = accessTokenHash(accessToken)
  return typeof ath === 'string' && ath.length === hash.length && timingSafeEqual(Buffer.from(ath), Buffer.from(hash))
}

function refused(detail: string): DpopRefusal {
  return { outcome: 'rejected', error: 'invalid_dpop_proof', detail }
}
