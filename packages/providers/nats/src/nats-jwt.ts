/**
 * The JWTs of NATS, version 2: what an operator says of an account, and an account of a user.
 *
 * Source: nats-io/jwt v2 (`claims.go`, `header.go`). The algorithm is `ed25519-nkey`; who signs is named by nkey in `iss`.
 */
import { createHash } from 'node:crypto'
import { encodeBase32 } from './base32.ts'
import { type Nkey, type NkeyKind, verifyByNkey } from './nkey.ts'
import { parseExactly } from './parse-exactly.ts'

const header = Buffer.from('{"typ":"JWT","alg":"ed25519-nkey"}').toString('base64url')

export interface Claims {
  /** The nkey that signs. */
  readonly iss: string
  /** The nkey of what it is about. */
  readonly sub: string
  /** Seconds since 1970. */
  readonly iat: number
  readonly exp?: number
  readonly name?: string
  readonly nats: Readonly<Record<string, unknown>>
  readonly [more: string]: unknown
}

/** Signs, and gives it an id made of its content, as NATS' own tools do. */
export function signClaims(claims: Omit<Claims, 'iss' | 'jti'>, signer: Nkey): string {
  const content = { ...claims, iss: signer.publicKey, jti: '' }
  const jti = encodeBase32(createHash('sha512-256').update(JSON.stringify(content)).digest())
  const body = Buffer.from(JSON.stringify({ ...content, jti })).toString('base64url')
  const signed = `${header}.${body}`
  return `${signed}.${signer.sign(Buffer.from(signed)).toString('base64url')}`
}

/**
 * Reads a JWT of version 2 and checks its signature by the key that it names in `iss`.
 *
 * Does NOT judge whether that key may say so, nor `exp`: the caller does.
 *
 * @param issuer of which kind the key in `iss` must be
 * @returns undefined for anything else
 */
export function readClaims(token: string, issuer: NkeyKind): Claims | undefined {
  const [head, body, signature, ...more] = token.split('.')
  if (head === undefined || body === undefined || signature === undefined || more.length > 0) return undefined
  const heading = parseText(head)
  const claims = parseText(body)
  if (!isRecord(heading) || heading['alg'] !== 'ed25519-nkey' || !isClaims(claims)) return undefined
  const signed = Buffer.from(`${head}.${body}`)
  return verifyByNkey(issuer, claims.iss, signed, Buffer.from(signature, 'base64url')) ? claims : undefined
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isClaims(value: unknown): value is Claims {
  if (!isRecord(value)) return false
  const { iss, sub, iat, nats } = value
  return (
    typeof iss === 'string' &&
    typeof sub === 'string' &&
    typeof iat === 'number' &&
    isRecord(nats) &&
    nats['version'] === 2
  )
}

function parseText(part: string): unknown {
  try {
    return parseExactly(Buffer.from(part, 'base64url').toString())
  } catch {
    return undefined
  }
}
