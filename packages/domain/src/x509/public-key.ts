/**
 * SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7): which kind of key it is, enough to decide whether it may be used.
 *
 * Does NOT check that a point lies on its curve, nor that an RSA modulus is sound: importing the key does.
 */
import { DerFault, type DerNode, readDer, readOrFault, type X509Fault } from './der-read.ts'
import { readBitString, readOid, readSequenceFields, readUnsigned } from './der-values.ts'
import { derTag } from './der-write.ts'
import { oid } from './object-identifiers.ts'

export type EllipticCurve = 'P-256' | 'P-384' | 'P-521'

export type KeyKind =
  | { readonly keyType: 'EC'; readonly curve: EllipticCurve }
  | { readonly keyType: 'RSA'; readonly modulusBits: number; readonly exponentBits: number }
  | { readonly keyType: 'Ed25519' }
  /** Not one that Mayfly knows, or one with parameters of its own. */
  | { readonly keyType: 'other'; readonly algorithm: string }

export interface PublicKeyInfo {
  readonly kind: KeyKind
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array
  /** The content of `subjectPublicKey`: what key identifiers are made from (RFC 5280 section 4.2.1.2). */
  readonly keyBytes: Uint8Array
}

const curves: Readonly<Record<string, { readonly curve: EllipticCurve; readonly pointSizeBytes: number }>> = {
  [oid.p256]: { curve: 'P-256', pointSizeBytes: 65 },
  [oid.p384]: { curve: 'P-384', pointSizeBytes: 97 },
  [oid.p521]: { curve: 'P-521', pointSizeBytes: 133 },
}

export function parsePublicKey(spki: Uint8Array): PublicKeyInfo | X509Fault {
  return readOrFault(() => readPublicKey(readDer(spki, { maxSizeBytes: 4_096, maxDepth: 6, maxElements: 32 })))
}

/** @throws DerFault */
export function readPublicKey(node: DerNode): PublicKeyInfo {
  const fields = readSequenceFields(node, 'its public key')
  const algorithm = readSequenceFields(fields.take('an algorithm'), 'the algorithm of its public key')
  const keyBytes = readBitString(fields.take('a key'), 'its public key')
  fields.end()
  const algorithmOid = readOid(algorithm.take('an identifier'), 'the algorithm of its public key')
  return { kind: readKind(algorithmOid, algorithm, keyBytes), spki: node.bytes, keyBytes }
}

function readKind(algorithm: string, parameters: ReturnType<typeof readSequenceFields>, keyBytes: Uint8Array): KeyKind {
  switch (algorithm) {
    case oid.ecPublicKey: {
      const name = parameters.take('a curve')
      parameters.end()
      // Parameters written out are refused (RFC 5480 section 2.1.1): curves made for the occasion have forged signatures.
      const found = name.tag === derTag.oid ? curves[readOid(name, 'its curve')] : undefined
      if (found === undefined) return { keyType: 'other', algorithm }
      if (keyBytes.length !== found.pointSizeBytes || keyBytes[0] !== 0x04) {
        throw new DerFault('its public key is not an uncompressed point of its curve')
      }
      return { keyType: 'EC', curve: found.curve }
    }
    case oid.ed25519:
      parameters.end()
      if (keyBytes.length !== 32) throw new DerFault('its public key does not have the length of an Ed25519 key')
      return { keyType: 'Ed25519' }
    case oid.rsaEncryption: {
      if (parameters.takeIf(derTag.null)?.content.length !== 0) throw new DerFault('its RSA key has no null parameters')
      parameters.end()
      const numbers = readSequenceFields(
        readDer(keyBytes, { maxSizeBytes: 4_096, maxDepth: 2, maxElements: 3 }),
        'its RSA key',
      )
      const modulus = readUnsigned(numbers.take('a modulus'), 'its modulus')
      const exponent = readUnsigned(numbers.take('an exponent'), 'its exponent')
      numbers.end()
      return { keyType: 'RSA', modulusBits: bitLength(modulus), exponentBits: bitLength(exponent) }
    }
    default:
      return { keyType: 'other', algorithm }
  }
}

/** @param bytes without leading zeros */
function bitLength(bytes: Uint8Array): number {
  const [first = 0] = bytes
  return first === 0 ? 0 : bytes.length * 8 - Math.clz32(first) + 24
}
