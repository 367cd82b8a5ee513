/**
 * Checks a token with nothing but an offline bundle: for people and applications without any server.
 *
 * Promise: signature by a key that the bundle carries for the very issuer or trust domain, algorithm of that key's own
 * type, `exp`, `nbf`, `aud`, and the token's entry in a carried status list. What could not be known is said, never
 * taken for good.
 * Limit: what was revoked after the bundle was made is not in it. Does NOT look at scopes, at what the token may do, or
 * whether it was shown before.
 */
import { decodeBase64Url, decodeUtf8, encodeUtf8 } from '../log/bytes.ts'
import type { JsonObject } from '../log/canonical-json.ts'
import { MayflyError } from '../problem.ts'
import { parseStrictObject } from '../strict-json.ts'
import { isYoungEnough } from './bundle-age.ts'
import type { OfflineBundle } from './offline-bundle.ts'
import { type Inflate, readStatusList } from './read-status.ts'

export interface TokenCrypto {
  /** Whether the key may be used with this algorithm at all, and the signature is over the bytes. */
  verifySignature(alg: string, jwk: JsonObject, signed: Uint8Array, signature: Uint8Array): boolean
  readonly inflate: Inflate
}

export interface TokenCheck {
  readonly token: string
  /** One of the token's audiences must be exactly this. */
  readonly audience: string
  readonly now: Date
  /** How old the keys and lists may be. */
  readonly maxAgeSeconds: number
  /** How far clocks may differ; default 30. */
  readonly clockToleranceSeconds?: number
}

export type TokenRefusal =
  | 'token_malformed'
  | 'type_not_allowed'
  | 'issuer_unknown'
  | 'key_unknown'
  | 'signature_invalid'
  | 'material_outdated'
  | 'token_expired'
  | 'token_not_yet_valid'
  | 'audience_wrong'
  | 'claim_missing'
  | 'token_revoked'
  | 'token_suspended'
  | 'status_unknown'

export type TokenVerdict =
  | {
      readonly outcome: 'accepted'
      readonly subject: string
      /** The issuer, or the trust domain of a JWT-SVID. */
      readonly issuer: string
      readonly expiresAt: Date
      readonly keyId: string | undefined
      /** As of when the keys are known. */
      readonly keysMadeAt: Date
      /** As of when the status is known; undefined where the token has none. */
      readonly statusMadeAt: Date | undefined
      /** What a verifier with a network would know. */
      readonly notKnown: readonly string[]
    }
  | { readonly outcome: 'refused'; readonly reason: TokenRefusal; readonly detail: string }

interface ReadToken {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

interface Keys {
  readonly issuer: string
  readonly madeAt: Date
  readonly keys: readonly JsonObject[]
}

const maxTokenSizeBytes = 16_384
const maxKeysTried = 5
const jwtTypes = ['jwt', 'jose', 'at+jwt', 'application/at+jwt']

/** A refusal is an answer, not an error. @throws MayflyError `bundle_malformed`: a carried status list cannot be read */
export function checkTokenOffline(crypto: TokenCrypto, bundle: OfflineBundle, check: TokenCheck): TokenVerdict {
  const token = readToken(check.token)
  if (token === undefined) return refused('token_malformed', 'the token is not a signed JWT of at most 16,384 bytes')
  const { header, claims } = token
  const { typ, alg, kid } = header
  if (typ !== undefined && !(typeof typ === 'string' && jwtTypes.includes(typ.toLowerCase()))) {
    return refused('type_not_allowed', '`typ` is none of `JWT`, `JOSE` and `at+jwt`')
  }
  const keys = findKeys(bundle, claims)
  if (keys === undefined) return refused('issuer_unknown', 'the bundle has no keys of its issuer or trust domain')
  if (!isYoungEnough(keys.madeAt, check.maxAgeSeconds, check.now)) {
    return refused('material_outdated', `the keys are as of ${keys.madeAt.toISOString()}, which is too old`)
  }
  const fitting = keys.keys.filter((key) => kid === undefined || key['kid'] === kid).slice(0, maxKeysTried)
  if (fitting.length === 0) return refused('key_unknown', 'the bundle has no key of this `kid`')
  const key = fitting.find((one) => crypto.verifySignature(String(alg), one, token.signed, token.signature))
  if (key === undefined) return refused('signature_invalid', 'the signature does not fit the keys in the bundle')
  const refusal = judgeClaims(claims, check)
  if (refusal !== undefined) return refusal
  const status = judgeStatus(crypto, bundle, claims, check)
  if ('outcome' in status) return status
  return {
    outcome: 'accepted',
    subject: String(claims['sub']),
    issuer: keys.issuer,
    expiresAt: new Date(Number(claims['exp']) * 1000),
    keyId: typeof key['kid'] === 'string' ? key['kid'] : undefined,
    keysMadeAt: keys.madeAt,
    statusMadeAt: status.madeAt,
    notKnown: [
      ...(Object.hasOwn(claims, 'cnf') ? ['whether who shows it holds the key that it is bound to (`cnf`)'] : []),
      ...(Object.hasOwn(claims, 'act') ? ['who acts: it is for acting on behalf of the subject (`act`)'] : []),
      `whether a key of \`${keys.issuer}\` was withdrawn after ${keys.madeAt.toISOString()}`,
      status.madeAt === undefined
        ? 'whether it was revoked: it names no status list'
        : `whether it was revoked after ${status.madeAt.toISOString()}`,
    ],
  }
}

function readToken(token: string): ReadToken | undefined {
  if (token.length > maxTokenSizeBytes) return undefined
  const parts = token.split('.')
  const [head = '', body = '', signature = ''] = parts
  if (parts.length !== 3 || signature === '') return undefined
  try {
    const header = parseStrictObject(decodeUtf8(decodeBase64Url(head)))
    const claims = parseStrictObject(decodeUtf8(decodeBase64Url(body)))
    // Extensions that must be understood: we understand none (RFC 7515 section 4.1.11).
    if (header === undefined || claims === undefined || Object.hasOwn(header, 'crit')) return undefined
    return { header, claims, signed: encodeUtf8(`${head}.${body}`), signature: decodeBase64Url(signature) }
  } catch (error) {
    if (error instanceof MayflyError) return undefined
    throw error
  }
}

/** By `iss` among the key sets; else by the trust domain of a SPIFFE ID in `sub` (SPIFFE JWT-SVID section 3.1). */
function findKeys({ sections }: OfflineBundle, { iss, sub }: ReadToken['claims']): Keys | undefined {
  const { jwks, trust_bundles: bundles } = sections
  const set = jwks?.items.find(({ issuer }) => issuer === iss)
  if (jwks !== undefined && set !== undefined) {
    return {
      issuer: set.issuer,
      madeAt: jwks.madeAt,
      keys: set.keys.filter(({ use }) => use === undefined || use === 'sig'),
    }
  }
  const trustDomain = typeof sub === 'string' ? /^spiffe:\/\/([a-z0-9._-]{1,255})\//.exec(sub)?.[1] : undefined
  const found = bundles?.items.find((item) => item.trustDomain === trustDomain)
  if (found === undefined) return undefined
  const list = found.bundle['keys']
  const keys = Array.isArray(list) ? (list as readonly unknown[]) : []
  return { issuer: found.trustDomain, madeAt: found.madeAt, keys: keys.filter(isJwtSvidKey) }
}

// SPIFFE Trust Domain and Bundle section 4.2.2: a key without a use, or of another, is not for this.
function isJwtSvidKey(key: unknown): key is JsonObject {
  return typeof key === 'object' && key !== null && (key as Record<string, unknown>)['use'] === 'jwt-svid'
}

function judgeClaims(claims: ReadToken['claims'], check: TokenCheck): TokenVerdict | undefined {
  const { sub, exp, nbf, iat, aud } = claims
  const toleranceSeconds = check.clockToleranceSeconds ?? 30
  const nowSeconds = check.now.getTime() / 1000
  if (typeof sub !== 'string' || sub.trim() === '') return refused('claim_missing', '`sub` is missing or empty')
  if (typeof exp !== 'number' || !Number.isFinite(exp)) return refused('claim_missing', '`exp` is missing')
  if (nowSeconds >= exp + toleranceSeconds) {
    return refused('token_expired', `it expired at ${new Date(exp * 1000).toISOString()}`)
  }
  const begins = [nbf, iat].filter((time) => time !== undefined)
  if (begins.some((time) => typeof time !== 'number' || time > nowSeconds + toleranceSeconds)) {
    return refused('token_not_yet_valid', '`nbf` or `iat` is in the future, or no number')
  }
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud.slice(0, 20) : [aud]
  if (check.audience === '' || !audiences.includes(check.audience)) {
    return refused('audience_wrong', `it is not for \`${check.audience}\``)
  }
  return undefined
}

/** A token that names a status list is worth nothing without it. */
function judgeStatus(
  crypto: TokenCrypto,
  { sections }: OfflineBundle,
  claims: ReadToken['claims'],
  { now, maxAgeSeconds }: TokenCheck,
): TokenVerdict | { readonly madeAt: Date | undefined } {
  const reference = statusReferenceOf(claims)
  if (reference === undefined) return { madeAt: undefined }
  const lists = sections.status_lists
  const carried = reference === 'malformed' ? undefined : lists?.items.find(({ uri }) => uri === reference.uri)
  if (reference === 'malformed' || lists === undefined || carried === undefined) {
    return refused('status_unknown', 'the bundle does not carry the status list that it names')
  }
  if (!isYoungEnough(lists.madeAt, maxAgeSeconds, now)) {
    return refused('material_outdated', `the status lists are as of ${lists.madeAt.toISOString()}, which is too old`)
  }
  const list = readStatusList(crypto.inflate, carried.uri, carried.token)
  const status = list.statusAt(reference.index)
  const asOf = `as of ${lists.madeAt.toISOString()}`
  if (status === 0) return { madeAt: lists.madeAt }
  if (status === 1) return refused('token_revoked', `it is revoked, ${asOf}`)
  if (status === 2) return refused('token_suspended', `it is suspended, ${asOf}`)
  return refused('status_unknown', 'its status is of no known meaning')
}

export interface StatusReference {
  readonly uri: string
  readonly index: number
}

/** Where a token's status stands (draft-ietf-oauth-status-list section 6.1); undefined where it names none. */
export function statusReferenceOf(
  claims: Readonly<Record<string, unknown>>,
): StatusReference | 'malformed' | undefined {
  if (!Object.hasOwn(claims, 'status')) return undefined
  const { status_list: list } = (claims['status'] ?? {}) as { readonly status_list?: { idx?: unknown; uri?: unknown } }
  const { idx, uri } = list ?? {}
  if (typeof uri !== 'string' || uri === '' || !Number.isSafeInteger(idx) || Number(idx) < 0) return 'malformed'
  return { uri, index: Number(idx) }
}

function refused(reason: TokenRefusal, detail: string): TokenVerdict {
  return { outcome: 'refused', reason, detail }
}
