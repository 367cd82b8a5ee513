/**
 * Public keys as JSON Web Keys (RFC 7517): what comes from outside is checked before a signature is checked with it.
 */
import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { MayflyError } from '@mayfly/domain'

/** The members that make the thumbprint, in the order that RFC 7638 section 3.2 and RFC 8037 section 2 ask for. */
const thumbprintMembers = { EC: ['crv', 'kty', 'x', 'y'], OKP: ['crv', 'kty', 'x'], RSA: ['e', 'kty', 'n'] } as const
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const
const minRsaBits = 2048
const maxRsaBits = 8192

export interface PublicKey {
  /** RFC 7638, SHA-256, base64url. */
  readonly thumbprint: string
  readonly key: KeyObject
  readonly kty: 'EC' | 'OKP' | 'RSA'
  /** For EC and OKP keys. */
  readonly crv: string | undefined
  /** Without members that are nobody's business, e.g. `x5u`. */
  readonly jwk: JsonWebKey
}

/**
 * Reads a public JWK of type EC P-256/P-384/P-521, Ed25519 or RSA of 2048 to 8192 bits.
 *
 * @throws MayflyError `request_invalid` with the reason: a private or symmetric key, an unknown type, a point that is
 * not on its curve, an RSA key too small or too large
 */
export function parsePublicJwk(value: unknown): PublicKey {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse('it is not an object')
  const input = value as Record<string, unknown>
  if (privateMembers.some((member) => Object.hasOwn(input, member))) {
    throw refuse(
      'it holds a private or symmetric key',
      'send the public half only, and make a new key: this one was shown',
    )
  }
  const kty = input['kty']
  if (kty !== 'EC' && kty !== 'OKP' && kty !== 'RSA') throw refuse('`kty` must be EC, OKP or RSA')
  const jwk: Record<string, string> = {}
  for (const member of thumbprintMembers[kty]) {
    const part = input[member]
    if (typeof part !== 'string' || !/^[A-Za-z0-9_-]{2,1400}$/.test(part))
      throw refuse(`\`${member}\` is missing or malformed`)
    jwk[member] = part
  }
  const crv = jwk['crv']
  if (kty === 'EC' && crv !== 'P-256' && crv !== 'P-384' && crv !== 'P-521') {
    throw refuse('`crv` of an EC key must be P-256, P-384 or P-521')
  }
  if (kty === 'OKP' && crv !== 'Ed25519') throw refuse('`crv` of an OKP key must be Ed25519')
  const key = importKey(jwk)
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (kty === 'RSA' && (bits < minRsaBits || bits > maxRsaBits)) {
    throw refuse(`an RSA key must have ${minRsaBits} to ${maxRsaBits} bits, this one has ${bits}`)
  }
  return { thumbprint: jwkThumbprint(jwk), key, kty, crv, jwk }
}

/** RFC 7638 with SHA-256, base64url. */
export function jwkThumbprint(jwk: JsonWebKey): string {
  const members = thumbprintMembers[jwk.kty as keyof typeof thumbprintMembers]
  const canonical = Object.fromEntries(members.map((member) => [member, jwk[member]]))
  return createHash('sha256').update(JSON.stringify(canonical)).digest('base64url')
}

function importKey(jwk: JsonWebKey): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch (cause) {
    throw refuse('it is not a usable key', undefined, cause)
  }
}

function refuse(reason: string, hint?: string, cause?: unknown): MayflyError {
  return new MayflyError('request_invalid', {
    publicDetail: `the public key (JWK) is not usable: ${reason}`,
    fields: [{ pointer: '/public_jwk', detail: reason }],
    ...(hint === undefined ? {} : { hint }),
    cause,
  })
}
