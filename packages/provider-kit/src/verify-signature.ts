/** Checking the signature of a certificate, a request or a CRL, with the algorithm tied to the key's own kind. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import {
  type CertificationRequest,
  isPointOnCurve,
  type KeyKind,
  type PublicKeyInfo,
  type SignedBytes,
} from '@mayfly/domain'

export type SignatureVerdict = 'valid' | 'invalid' | 'algorithm_not_allowed' | 'key_not_allowed'

interface AlgorithmRule {
  readonly keyType: KeyKind['keyType']
  readonly hash: string | null
}

// Only these: no SHA-1 or MD5, whose collisions let one signature stand for two texts.
const rules: Readonly<Record<string, AlgorithmRule>> = {
  'ecdsa-with-SHA256': { keyType: 'EC', hash: 'sha256' },
  'ecdsa-with-SHA384': { keyType: 'EC', hash: 'sha384' },
  'ecdsa-with-SHA512': { keyType: 'EC', hash: 'sha512' },
  Ed25519: { keyType: 'Ed25519', hash: null },
  sha256WithRSAEncryption: { keyType: 'RSA', hash: 'sha256' },
  sha384WithRSAEncryption: { keyType: 'RSA', hash: 'sha384' },
  sha512WithRSAEncryption: { keyType: 'RSA', hash: 'sha512' },
}
const minRsaBits = 2_048
/** Larger keys only cost whoever verifies. */
const maxRsaBits = 8_192
const maxRsaExponentBits = 64

/** P-256, P-384, Ed25519, and RSA of 2048 to 8192 bits. */
export function isKeyAllowed({ kind }: PublicKeyInfo): boolean {
  switch (kind.keyType) {
    case 'EC':
      return kind.curve === 'P-256' || kind.curve === 'P-384'
    case 'RSA':
      return (
        kind.modulusBits >= minRsaBits &&
        kind.modulusBits <= maxRsaBits &&
        kind.exponentBits > 1 &&
        kind.exponentBits <= maxRsaExponentBits
      )
    case 'Ed25519':
      return true
    case 'other':
      return false
  }
}

/** Whether a key that was sent is one: its point lies on its curve, or its numbers make one. Not whether it may be used. */
export function isSoundKey(publicKey: PublicKeyInfo): boolean {
  return isPointOnCurve(publicKey) ?? importKey(publicKey) !== undefined
}

export function isAlgorithmAllowed(name: string): boolean {
  return Object.hasOwn(rules, name)
}

export function verifySignature(signed: SignedBytes, publicKey: PublicKeyInfo): SignatureVerdict {
  const rule = isAlgorithmAllowed(signed.signatureAlgorithm) ? rules[signed.signatureAlgorithm] : undefined
  if (rule === undefined) return 'algorithm_not_allowed'
  if (!isKeyAllowed(publicKey)) return 'key_not_allowed'
  if (rule.keyType !== publicKey.kind.keyType) return 'invalid'
  const key = importKey(publicKey)
  if (key === undefined) return 'key_not_allowed'
  return verify(rule.hash, signed.signedBytes, key, signed.signature) ? 'valid' : 'invalid'
}

/** Shows that the requester holds the key that it asks a certificate for (RFC 2986 section 4.2). */
export function verifyCertificationRequest(request: CertificationRequest): SignatureVerdict {
  return verifySignature(request, request.publicKey)
}

// Importing a key costs about as much as checking a signature with it, and authorities sign many.
const imported = new WeakMap<PublicKeyInfo, KeyObject>()

/** Nothing where the bytes are no key, e.g. a point that is not on its curve. */
function importKey(publicKey: PublicKeyInfo): KeyObject | undefined {
  const known = imported.get(publicKey)
  if (known !== undefined) return known
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey.spki), format: 'der', type: 'spki' })
    imported.set(publicKey, key)
    return key
  } catch {
    return undefined
  }
}
