/** From keys to what signs certificates and CRLs, and to what names them. */
import { hash, type KeyObject, sign } from 'node:crypto'
import {
  isX509Fault,
  MayflyError,
  parsePublicKey,
  type PublicKeyInfo,
  type SignatureAlgorithm,
  type X509Signer,
} from '@mayfly/domain'

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
