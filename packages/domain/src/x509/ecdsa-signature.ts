/** ECDSA signatures as X.509 carries them: two integers in DER (RFC 3279 section 2.2.3). */
import { derSequence, derUnsigned } from './der-write.ts'

/** @param signature r and s side by side, as JWS has them (RFC 7518 section 3.4) */
export function encodeEcdsaSignature(signature: Uint8Array): Uint8Array {
  const half = signature.length / 2
  return derSequence(derUnsigned(signature.subarray(0, half)), derUnsigned(signature.subarray(half)))
}
