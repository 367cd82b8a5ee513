/**
 * AES-256-GCM over a few bytes (NIST SP 800-38D), with the place where they belong bound to them.
 *
 * Promise: what was sealed for one place does not open at another, so a row copied by a database administrator to
 * another tenant, column or row is refused, not used.
 * Limit: nonces are 96 random bits. One key seals at most 2^32 values (section 8.3); rotate the data key long before.
 */
import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto'

const algorithm = 'aes-256-gcm'
const nonceSizeBytes = 12
const tagSizeBytes = 16

/** @returns nonce, ciphertext, tag */
export function sealBytes(key: KeyObject, plaintext: Uint8Array, place: string): Buffer {
  const nonce = randomBytes(nonceSizeBytes)
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagSizeBytes })
  cipher.setAAD(Buffer.from(place))
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

/** @returns `undefined` when the key or the place is another, or the bytes were changed: there is no telling which */
export function openBytes(key: KeyObject, sealed: Uint8Array, place: string): Buffer | undefined {
  if (sealed.length < nonceSizeBytes + tagSizeBytes) return undefined
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceSizeBytes), { authTagLength: tagSizeBytes })
  decipher.setAAD(Buffer.from(place))
  decipher.setAuthTag(sealed.subarray(-tagSizeBytes))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(nonceSizeBytes, -tagSizeBytes)), decipher.final()])
  } catch {
    return undefined
  }
}
