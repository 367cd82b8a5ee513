/**
 * Signing keys: made here, signed with here. The private half leaves only sealed.
 *
 * Signing is synchronous: for elliptic curves a hop to another thread costs more than the signature (25k ES256 a second
 * on one core, half of that through the thread pool).
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
} from 'node:crypto'
import { promisify } from 'node:util'
import { MayflyError } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import { jwkThumbprint } from './jwk.ts'

export type SigningAlgorithm = 'ES256' | 'RS256' | 'Ed25519'

export interface Signer {
  readonly keyId: string
  readonly algorithm: SigningAlgorithm
  readonly publicJwk: JsonWebKey
  /** ES256: r and s, 32 bytes each (RFC 7518 section 3.4). Ed25519: 64 bytes (RFC 8032). RS256: as long as the key. */
  sign(data: Uint8Array): Uint8Array
  /** The same; RSA in a thread of its own, since one signature keeps the process busy for a millisecond. */
  signLater(data: Uint8Array): Promise<Uint8Array>
}

export interface NewKeyPair {
  /** The key's thumbprint (RFC 7638), so that equal names mean equal keys. */
  readonly keyId: string
  readonly publicJwk: JsonWebKey
  /** PKCS #8, base64url. */
  readonly privateKey: Secret
}

const rsaBits = 2_048
const generateLater = promisify(generateKeyPair)

export function makeKeyPair(algorithm: Exclude<SigningAlgorithm, 'RS256'>): NewKeyPair {
  const { privateKey, publicKey } =
    algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519')
  return newKeyPair(privateKey, publicKey)
}

/** The search for its primes takes up to a second, in another thread. */
export async function makeRsaKeyPair(): Promise<NewKeyPair> {
  const { privateKey, publicKey } = await generateLater('rsa', { modulusLength: rsaBits })
  return newKeyPair(privateKey, publicKey)
}

function newKeyPair(privateKey: KeyObject, publicKey: KeyObject): NewKeyPair {
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
  const signNow = signingWith(key, algorithm)
  return {
    keyId,
    algorithm,
    publicJwk,
    sign: signNow,
    signLater: algorithm === 'RS256' ? (data) => signInThread('sha256', data, key) : async (data) => signNow(data),
  }
}

const signInThread = promisify<string, Uint8Array, KeyObject, Buffer>(sign)

function signingWith(key: KeyObject, algorithm: SigningAlgorithm): (data: Uint8Array) => Uint8Array {
  switch (algorithm) {
    case 'ES256':
      return (data) => sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' })
    case 'RS256':
      return (data) => sign('sha256', data, key)
    case 'Ed25519':
      return (data) => sign(null, data, key)
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
