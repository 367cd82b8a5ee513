/**
 * Signing keys: made here, signed with here. The private half leaves only sealed.
 *
 * Signing is synchronous: for elliptic curves a hop to another thread costs more than the signature (25k ES256 a second
 * on one core, half of that through the thread pool).
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
} from 'node:crypto'
import { MayflyError } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import { jwkThumbprint } from './jwk.ts'

export type SigningAlgorithm = 'ES256' | 'Ed25519'

export interface Signer {
  readonly keyId: string
  readonly algorithm: SigningAlgorithm
  readonly publicJwk: JsonWebKey
  /** ES256: r and s, 32 bytes each (RFC 7518 section 3.4). Ed25519: 64 bytes (RFC 8032). */
  sign(data: Uint8Array): Uint8Array
}

export interface NewKeyPair {
  /** The key's thumbprint (RFC 7638), so that equal names mean equal keys. */
  readonly keyId: string
  readonly publicJwk: JsonWebKey
  /** PKCS #8, base64url. */
  readonly privateKey: Secret
}

export function makeKeyPair(algorithm: SigningAlgorithm): NewKeyPair {
  const { privateKey, publicKey } =
    algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519')
  const publicJwk = publicKey.export({ format: 'jwk' })
  return {
    keyId: jwkThumbprint(publicJwk),
    publicJwk,
    privateKey: new Secret(privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64url')),
  }
}

/** @throws MayflyError `key_unusable`: the private key is damaged, or is not the one that its name says */
export function openSigner(keyId: string, algorithm: SigningAlgorithm, privateKey: Secret): Signer {
  const key = readPrivateKey(keyId, privateKey)
  const publicJwk = createPublicKey(key).export({ format: 'jwk' })
  if (jwkThumbprint(publicJwk) !== keyId) throw damaged(keyId)
  return {
    keyId,
    algorithm,
    publicJwk,
    sign:
      algorithm === 'ES256'
        ? (data) => sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' })
        : (data) => sign(null, data, key),
  }
}

function readPrivateKey(keyId: string, privateKey: Secret): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(privateKey.reveal(), 'base64url'), format: 'der', type: 'pkcs8' })
  } catch (cause) {
    throw damaged(keyId, cause)
  }
}

function damaged(keyId: string, cause?: unknown): MayflyError {
  return new MayflyError('key_unusable', { log: `signing key ${keyId} does not fit its name`, cause })
}
