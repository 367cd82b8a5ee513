/** The key pair that a person or a workload proves itself with (`private_key_jwt`, RFC 7523). */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto'
import { readPrivateFile, writePrivateFile } from './private-file.ts'
import { UsageError } from './usage-error.ts'

/** On the curve P-256 (ES256). */
export function makeBoundKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
}

export function publicJwkOf(privateKey: KeyObject): JsonWebKey {
  return createPublicKey(privateKey).export({ format: 'jwk' })
}

export async function saveBoundKey(path: string, privateKey: KeyObject): Promise<void> {
  await writePrivateFile(path, `${JSON.stringify(privateKey.export({ format: 'jwk' }))}\n`)
}

/**
 * A private key as a JWK (RFC 7517) or as PEM: P-256, Ed25519 or RSA.
 *
 * @throws UsageError
 */
export async function readBoundKey(path: string): Promise<KeyObject> {
  const text = await readPrivateFile(path, 'key')
  try {
    return text.trimStart().startsWith('{')
      ? createPrivateKey({ key: JSON.parse(text) as JsonWebKey, format: 'jwk' })
      : createPrivateKey(text)
  } catch {
    // What was read stays out of the message: it may be a key.
    throw new UsageError(
      `the key file \`${path}\` holds no usable private key`,
      'give a JWK or PEM; `mayfly binding add --new-key FILE` makes one',
    )
  }
}
