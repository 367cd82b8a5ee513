/** Hash and signatures of Node for the tests of this folder; the code itself runs without Node. */
import { createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto'
import type { Sha256 } from '../merkle.ts'
import type { VerifyEd25519 } from '../note.ts'

export const sha256: Sha256 = (data) => hash('sha256', data, 'buffer')

// DER of an Ed25519 key up to the key itself (RFC 8410).
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex')
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex')

export const verifyEd25519: VerifyEd25519 = (publicKey, message, signature) =>
  verify(
    null,
    message,
    createPublicKey({ key: Buffer.concat([publicPrefix, publicKey]), format: 'der', type: 'spki' }),
    signature,
  )

export function signEd25519(seed: Uint8Array, message: Uint8Array): Uint8Array {
  const key = createPrivateKey({ key: Buffer.concat([privatePrefix, seed]), format: 'der', type: 'pkcs8' })
  return sign(null, message, key)
}
