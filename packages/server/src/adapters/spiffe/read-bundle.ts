/**
 * Reading a bundle of another trust domain (SPIFFE Trust Domain and Bundle, section 4).
 *
 * Promise: what cannot be used of it is passed over key by key, never the whole and never guessed; no member stands twice;
 * number and size are bounded. No key at all says that everything is revoked, and is taken at its word.
 */
import { type JsonWebKey, X509Certificate } from 'node:crypto'
import { type Certificate, isX509Fault, type JsonValue, MayflyError, parseCertificate } from '@mayfly/domain'
import { parsePublicJwk, type PublicKey } from '../keys/jwk.ts'
import { parseStrictObject } from '../trust-providers/strict-json.ts'

export const maxBundleSizeBytes = 1_048_576
const maxKeys = 200

export interface ReadBundle {
  /** The keys that can be used, as they came, without members that are nobody's business. */
  readonly keys: readonly Readonly<Record<string, JsonValue>>[]
  readonly sequence: number | undefined
  readonly refreshHintSeconds: number | undefined
  /** How many keys were passed over: of an unknown or missing `use` or `kty`, or not usable. */
  readonly passedOver: number
}

export interface BundleFault {
  readonly fault: string
}

export function isBundleFault(read: ReadBundle | BundleFault): read is BundleFault {
  return 'fault' in read
}

export function readBundle(text: string): ReadBundle | BundleFault {
  if (Buffer.byteLength(text) > maxBundleSizeBytes) return { fault: `it is larger than ${maxBundleSizeBytes} bytes` }
  const document = parseStrictObject(text)
  if (document === undefined) return { fault: 'it is not one JSON object, or a member stands in it twice' }
  const { keys, spiffe_sequence: sequence, spiffe_refresh_hint: hint } = document
  if (!Array.isArray(keys)) return { fault: '`keys` is missing or not a list' }
  if (keys.length > maxKeys) return { fault: `it holds more than ${maxKeys} keys` }
  if (sequence !== undefined && !isCount(sequence)) return { fault: '`spiffe_sequence` is not a whole number' }
  if (hint !== undefined && !isCount(hint)) return { fault: '`spiffe_refresh_hint` is not a whole number of seconds' }
  const usable = keys.map(readKey).filter((key) => key !== undefined)
  return {
    keys: usable,
    sequence,
    refreshHintSeconds: hint,
    passedOver: keys.length - usable.length,
  }
}

/** The keys of a bundle that was read, for those who verify. */
export function openBundle(keys: readonly Readonly<Record<string, unknown>>[]): {
  readonly authorities: readonly Certificate[]
  /** By `kid`. */
  readonly jwtKeys: ReadonlyMap<string, PublicKey>
} {
  const authorities: Certificate[] = []
  const jwtKeys = new Map<string, PublicKey>()
  for (const key of keys) {
    if (key['use'] === 'x509-svid') {
      const certificate = authorityOf(key)
      if (certificate !== undefined) authorities.push(certificate)
    }
    if (key['use'] === 'jwt-svid' && typeof key['kid'] === 'string') {
      const publicKey = publicKeyOf(key)
      if (publicKey !== undefined) jwtKeys.set(key['kid'], publicKey)
    }
  }
  return { authorities, jwtKeys }
}

function readKey(value: unknown): Readonly<Record<string, JsonValue>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const key = value as Record<string, unknown>
  // `use` is compared as it is: in another case it is another word (section 4.2.2).
  if (typeof key['kty'] !== 'string') return undefined
  if (key['use'] === 'x509-svid') {
    if (key['kid'] !== undefined || authorityOf(key) === undefined) return undefined
    return { ...members(key), use: 'x509-svid', x5c: key['x5c'] as string[] }
  }
  if (key['use'] !== 'jwt-svid') return undefined
  const kid = key['kid']
  if (typeof kid !== 'string' || kid === '' || kid.length > 256 || publicKeyOf(key) === undefined) return undefined
  return { ...members(key), use: 'jwt-svid', kid }
}

/** Section 4.2.3: exactly one certificate, base64 of DER, of an authority. */
function authorityOf(key: Readonly<Record<string, unknown>>): Certificate | undefined {
  const chain = key['x5c']
  const [only, ...more] = Array.isArray(chain) ? (chain as unknown[]) : []
  if (typeof only !== 'string' || more.length > 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(only)) return undefined
  const certificate = parseCertificate(Buffer.from(only, 'base64'))
  if (isX509Fault(certificate) || certificate.basicConstraints?.isCa !== true) return undefined
  // The certificate counts. Members of the key that say something else would be a second truth.
  return sameKey(key, certificate) ? certificate : undefined
}

function sameKey(key: Readonly<Record<string, unknown>>, { der }: Certificate): boolean {
  let jwk: JsonWebKey
  try {
    jwk = new X509Certificate(Buffer.from(der)).publicKey.export({ format: 'jwk' })
  } catch {
    return false
  }
  return Object.entries(members(key)).every(([name, value]) => jwk[name as keyof JsonWebKey] === value)
}

function publicKeyOf(key: Readonly<Record<string, unknown>>): PublicKey | undefined {
  try {
    return parsePublicJwk(members(key))
  } catch (error) {
    if (error instanceof MayflyError) return undefined
    throw error
  }
}

const keyMembers = ['kty', 'crv', 'x', 'y', 'n', 'e'] as const

function members(key: Readonly<Record<string, unknown>>): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of keyMembers) {
    const value = key[name]
    if (typeof value === 'string' && value.length <= 2_000) found[name] = value
  }
  return found
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
