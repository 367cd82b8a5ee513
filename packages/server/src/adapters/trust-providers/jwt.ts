/**
 * Reading a signed JWT (RFC 7519) in the compact form of RFC 7515. Reading is not believing: `verifyJws` checks.
 */
import { parseStrictObject } from './strict-json.ts'

export interface JwtHeader {
  readonly alg: string
  readonly kid: string | undefined
  readonly typ: string | undefined
}

export interface Jwt {
  readonly header: JwtHeader
  /** Every member of the header, also those that are not read. */
  readonly headerNames: readonly string[]
  readonly claims: Readonly<Record<string, unknown>>
  /** What the signature is over. */
  readonly signedText: Buffer
  readonly signature: Buffer
}

/** Why a text is no JWT that we read, for the caller. */
export interface JwtFault {
  readonly fault: string
}

const base64url = /^[A-Za-z0-9_-]+$/
const maxNameLength = 300

/**
 * Does NOT check signature, time or any claim. Never fetches what a header points to: `jku`, `jwk`, `x5u` and `x5c` are
 * not even read (RFC 8725 section 3.10).
 *
 * @param maxSizeBytes default 16 KiB
 */
export function readJwt(token: string, maxSizeBytes = 16_384): Jwt | JwtFault {
  if (token.length > maxSizeBytes) return { fault: `it is larger than ${maxSizeBytes} bytes` }
  const parts = token.split('.')
  const [encodedHeader, encodedClaims, encodedSignature] = parts
  if (
    parts.length !== 3 ||
    encodedHeader === undefined ||
    encodedClaims === undefined ||
    encodedSignature === undefined
  ) {
    return { fault: 'it is not a JWT in compact form' }
  }
  if (!parts.every((part) => base64url.test(part))) return { fault: 'it is unsigned, or not base64url' }
  const header = parseStrictObject(Buffer.from(encodedHeader, 'base64url').toString('utf8'))
  const claims = parseStrictObject(Buffer.from(encodedClaims, 'base64url').toString('utf8'))
  if (header === undefined || claims === undefined) {
    return { fault: 'its header or claims are not one JSON object without duplicate members' }
  }
  const { alg, kid, typ } = header
  if (typeof alg !== 'string') return { fault: 'its header has no `alg`' }
  if (!isNameOrAbsent(kid) || !isNameOrAbsent(typ)) return { fault: 'its `kid` or `typ` is malformed' }
  // Extensions that must be understood: we understand none (RFC 7515 section 4.1.11).
  if (Object.hasOwn(header, 'crit')) return { fault: 'its header has `crit`, and no extension is supported' }
  return {
    header: { alg, kid, typ },
    headerNames: Object.keys(header),
    claims,
    signedText: Buffer.from(token.slice(0, encodedHeader.length + 1 + encodedClaims.length), 'latin1'),
    signature: Buffer.from(encodedSignature, 'base64url'),
  }
}

export function isJwtFault(read: Jwt | JwtFault): read is JwtFault {
  return 'fault' in read
}

function isNameOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value.length > 0 && value.length <= maxNameLength)
}
