/** Keys as X.509 uses them: what signs certificates and CRLs, how a key is named, and who has signed a request. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import {
  type CertificationRequest,
  isX509Fault,
  MayflyError,
  parsePublicKey,
  type PublicKeyInfo,
  type SignatureAlgorithm,
  type X509Signer,
} from '@mayfly/domain'
import type { Secret } from '@mayfly/provider-kit'

const minRsaBits = 2_048
const maxRsaBits = 8_192

/** The subject key identifier: SHA-1 over the key itself (RFC 5280 section 4.2.1.2, method 1). A name, not a proof. */
export function keyIdentifierOf({ keyBytes }: PublicKeyInfo): Uint8Array {
  return createHash('sha1').update(keyBytes).digest()
}

/** @throws MayflyError `key_unusable`: a key of a kind that signs no certificate here */
export function x509SignerOf(privateKey: KeyObject): X509Signer {
  const algorithm = algorithmOf(privateKey)
  const hash = { 'ecdsa-with-SHA256': 'sha256', 'ecdsa-with-SHA384': 'sha384', Ed25519: null, sha256WithRSAEncryption: 'sha256' }[
    algorithm
  ]
  return { algorithm, sign: (bytes) => sign(hash, bytes, privateKey) }
}

function algorithmOf(key: KeyObject): SignatureAlgorithm {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return 'ecdsa-with-SHA256'
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'secp384r1') return 'ecdsa-with-SHA384'
  if (key.asymmetricKeyType === 'ed25519') return 'Ed25519'
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= minRsaBits && modulusLength <= maxRsaBits) {
    return 'sha256WithRSAEncryption'
  }
  throw new MayflyError('key_unusable', {
    log: `a ${key.asymmetricKeyType} key signs no certificates here: EC P-256 or P-384, Ed25519, RSA of 2048 to 8192 bits do`,
  })
}

/** PKCS #8, base64url, as keys are sealed. @throws MayflyError `key_unusable` */
export function readSealedKey(keyId: string, privateKey: Secret): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(privateKey.reveal(), 'base64url'), format: 'der', type: 'pkcs8' })
  } catch (cause) {
    throw new MayflyError('key_unusable', { log: `the key ${keyId} is damaged`, cause })
  }
}

/** A public key that may be certified, or why not, in words that complete "the public key …". */
export function readWorkloadKey(spki: Uint8Array): { readonly key: PublicKeyInfo } | { readonly fault: string } {
  const info = parsePublicKey(spki)
  if (isX509Fault(info)) return { fault: `cannot be read: ${info.fault}` }
  if (info.kind.keyType === 'other') return { fault: 'is of a kind that is not certified: give EC, Ed25519 or RSA' }
  if (info.kind.keyType === 'RSA' && (info.kind.modulusBits < minRsaBits || info.kind.modulusBits > maxRsaBits)) {
    return { fault: `is an RSA key of ${info.kind.modulusBits} bits: it must have ${minRsaBits} to ${maxRsaBits}` }
  }
  try {
    // A point that is not on its curve is found here.
    createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  } catch {
    return { fault: 'is not a usable key' }
  }
  return { key: info }
}

/** Whether the request was signed with the key that it names (RFC 2986 section 3). */
export function isSelfSigned(request: CertificationRequest): boolean {
  const hash = {
    'ecdsa-with-SHA256': 'sha256',
    'ecdsa-with-SHA384': 'sha384',
    'ecdsa-with-SHA512': 'sha512',
    Ed25519: null,
    sha256WithRSAEncryption: 'sha256',
    sha384WithRSAEncryption: 'sha384',
    sha512WithRSAEncryption: 'sha512',
  }[request.signatureAlgorithm]
  if (hash === undefined) return false
  const { keyType } = request.publicKey.kind
  const fits =
    (keyType === 'EC' && request.signatureAlgorithm.startsWith('ecdsa')) ||
    (keyType === 'Ed25519' && hash === null) ||
    (keyType === 'RSA' && request.signatureAlgorithm.endsWith('RSAEncryption'))
  if (!fits) return false
  const key = createPublicKey({ key: Buffer.from(request.publicKey.spki), format: 'der', type: 'spki' })
  return verify(hash, request.signedBytes, key, request.signature)
}
