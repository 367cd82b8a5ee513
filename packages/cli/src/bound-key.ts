/** The key pair that a person or a workload proves itself with (`private_key_jwt`, RFC 7523). */
import { createHash, createPrivateKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { readPrivateFile, writePrivateFile } from './private-file.ts'
import { UsageError } from './usage-error.ts'

export interface BoundKey {
  readonly privateJwk: JsonWebKey
  readonly publicJwk: JsonWebKey
  /** The thumbprint (RFC 7638). */
  readonly kid: string
}

export function makeBoundKey(): BoundKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return boundKeyOf(privateKey.export({ format: 'jwk' }))
}

export async function saveBoundKey(path: string, key: BoundKey): Promise<void> {
  await writePrivateFile(path, `${JSON.stringify({ ...key.privateJwk, kid: key.kid, alg: 'ES256' })}\n`)
}

/**
 * A private key as a JWK (RFC 7517) or as PEM, on the curve P-256.
 *
 * @throws UsageError
 */
export async function readBoundKey(path: string): Promise<BoundKey> {
  const text = await readPrivateFile(path, 'key')
  try {
    const key = text.trimStart().startsWith('{')
      ? createPrivateKey({ key: JSON.parse(text) as JsonWebKey, format: 'jwk' })
      : createPrivateKey(text)
    return boundKeyOf(key.export({ format: 'jwk' }))
  } catch (error) {
    if (error instanceof UsageError) throw error
    // What was read stays out of the message: it may be a key.
    throw new UsageError(
      `the key file \`${path}\` holds no usable private key`,
      'give a JWK or PEM of a P-256 key; `mayfly binding add --new-key FILE` makes one',
    )
  }
}

function boundKeyOf({ kty, crv, x, y, d }: JsonWebKey): BoundKey {
  if (kty !== 'EC' || crv !== 'P-256' || x === undefined || y === undefined || d === undefined) {
    throw new UsageError('the key is not on the curve P-256', '`mayfly binding add --new-key FILE` makes one')
  }
  const publicJwk = { crv, kty, x, y }
  const kid = createHash('sha256').update(JSON.stringify(publicJwk)).digest('base64url')
  return { privateJwk: { ...publicJwk, d }, publicJwk, kid }
}
