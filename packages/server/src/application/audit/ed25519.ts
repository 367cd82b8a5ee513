/** Ed25519 (RFC 8032) from Node, in the shapes that the log's formats take. */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { MayflyError, type VerifyEd25519 } from '@mayfly/domain'

// DER of a public key up to the key itself (RFC 8410 section 4).
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex')

export const verifyEd25519: VerifyEd25519 = (publicKey, message, signature) =>
  verify(
    null,
    message,
    createPublicKey({ key: Buffer.concat([publicPrefix, publicKey]), format: 'der', type: 'spki' }),
    signature,
  )

/** Signs with a private key. Synchronous: a round through the thread pool costs more than the signature. */
export function ed25519Sign(privateKey: KeyObject): (message: Uint8Array) => Uint8Array {
  return (message) => sign(null, message, privateKey)
}

/** The 32 bytes of the public key that belongs to a private or public one. */
export function ed25519PublicBytes(key: KeyObject): Uint8Array {
  const jwk = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' })
  if (jwk.crv !== 'Ed25519' || jwk.x === undefined) throw new MayflyError('key_unusable', { log: 'not an Ed25519 key' })
  return Buffer.from(jwk.x, 'base64url')
}
