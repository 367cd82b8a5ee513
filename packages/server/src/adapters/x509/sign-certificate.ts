/** From keys to what signs certificates and CRLs, and to what names them. */
import { hash, type KeyObject, randomFillSync, sign } from 'node:crypto'
import {
  encodeEcdsaSignature,
  encodeHex,
  isX509Fault,
  MayflyError,
  parsePublicKey,
  type PublicKeyInfo,
  type SignatureAlgorithm,
  type X509Signer,
} from '@mayfly/domain'
import type { Signer } from '../keys/signing-key.ts'

/**
 * Signs synchronously: for elliptic curves a hop to another thread costs more than the signature.
 *
 * @param key a private key: P-256, P-384, Ed25519, or RSA
 * @throws MayflyError `key_unusable`: the key is none of these
 */
export function x509SignerOfKey(key: KeyObject): X509Signer {
  const algorithm = key.type === 'private' ? algorithmOf(key) : undefined
  if (algorithm === undefined) {
    throw new MayflyError('key_unusable', {
      log: `a ${key.asymmetricKeyType ?? key.type} key cannot sign certificates`,
    })
  }
  const digest = digests[algorithm]
  return { algorithm, sign: (signedBytes) => sign(digest, signedBytes, key) }
}

/** A signing key of Mayfly, whose ECDSA signatures are in the form of JWS. */
export function x509SignerOf(signer: Signer): X509Signer {
  return signer.algorithm === 'ES256'
    ? { algorithm: 'ecdsa-with-SHA256', sign: (signedBytes) => encodeEcdsaSignature(signer.sign(signedBytes)) }
    : { algorithm: 'Ed25519', sign: (signedBytes) => signer.sign(signedBytes) }
}

/**
 * The identifier of a key: the first 160 bits of the SHA-256 of the key's bits (RFC 7093 section 2 method 1).
 *
 * Not the SHA-1 of RFC 5280 section 4.2.1.2: the length is the same, so whatever reads one reads the other, and nobody
 * can make two keys of one name. Made from the key alone, so that every authority has its own, and has it again wherever
 * its key stands.
 */
export function keyIdOf(publicKey: PublicKeyInfo): Uint8Array {
  return hash('sha256', publicKey.keyBytes, 'buffer').subarray(0, 20)
}

/** @throws MayflyError `key_unusable` */
export function publicKeyInfoOf(key: KeyObject): PublicKeyInfo {
  const publicKey = parsePublicKey(key.export({ format: 'der', type: 'spki' }))
  if (isX509Fault(publicKey)) throw new MayflyError('key_unusable', { log: publicKey.fault })
  return publicKey
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

const digests: Readonly<Record<SignatureAlgorithm, string | null>> = {
  'ecdsa-with-SHA256': 'sha256',
  'ecdsa-with-SHA384': 'sha384',
  Ed25519: null,
  sha256WithRSAEncryption: 'sha256',
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): SignatureAlgorithm | undefined {
  const curve = asymmetricKeyType === 'ec' ? asymmetricKeyDetails?.namedCurve : undefined
  if (curve === 'prime256v1') return 'ecdsa-with-SHA256'
  if (curve === 'secp384r1') return 'ecdsa-with-SHA384'
  if (asymmetricKeyType === 'ed25519') return 'Ed25519'
  return asymmetricKeyType === 'rsa' ? 'sha256WithRSAEncryption' : undefined
}
