/** What only the server signs certificates with, and how it numbers them. */
import { randomFillSync } from 'node:crypto'
import { encodeEcdsaSignature, encodeHex, type X509Signer } from '@mayfly/domain'
import type { Signer } from '../keys/signing-key.ts'

/** A signing key of Mayfly, whose ECDSA signatures are in the form of JWS. */
export function x509SignerOf(signer: Signer): X509Signer {
  return signer.algorithm === 'ES256'
    ? { algorithm: 'ecdsa-with-SHA256', sign: (signedBytes) => encodeEcdsaSignature(signer.sign(signedBytes)) }
    : { algorithm: 'Ed25519', sign: (signedBytes) => signer.sign(signedBytes) }
}

/**
 * 126 random bits: positive, never empty, always 16 bytes, so that serial numbers cannot be foreseen
 * (CA/Browser Forum Baseline Requirements section 7.1 wants at least 64).
 */
export function makeSerialNumber(): string {
  if (randomUsed === random.length) {
    randomFillSync(random)
    randomUsed = 0
  }
  const bytes = random.subarray(randomUsed, randomUsed + serialSizeBytes)
  randomUsed += serialSizeBytes
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return encodeHex(bytes)
}

// Drawn for many at once, as `randomUUID` does: each draw has a price of its own.
const serialSizeBytes = 16
const random = new Uint8Array(256 * serialSizeBytes)
let randomUsed = random.length
