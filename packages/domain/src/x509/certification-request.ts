/**
 * Certification requests, PKCS #10 (RFC 2986), with the extensions that they ask for (RFC 2985 section 5.4.2).
 *
 * A request only asks: what it names is a wish, and its signature shows that the requester holds the key, once verified.
 */
import { defaultDerLimits, DerFault, type DerNode, readDer, readOrFault, type X509Fault } from './der-read.ts'
import { readOid, readOnlyChild, readSequenceFields, readSmallUnsigned, requireTag } from './der-values.ts'
import { contextTag, derBitString, derContext, derInteger, derOid, derSequence, derSet, derTag } from './der-write.ts'
import { type DistinguishedName, readName } from './distinguished-name.ts'
import { readSigned, type SignedBytes } from './certificate.ts'
import type { X509Signer } from './encode-certificate.ts'
import { encodeExtension, type Extension, readExtension, readExtensions } from './extensions.ts'
import {
  type AlternativeNames,
  encodeAlternativeNames,
  type ReadAlternativeNames,
  readAlternativeNames,
} from './general-names.ts'
import { oid } from './object-identifiers.ts'
import { type PublicKeyInfo, readPublicKey } from './public-key.ts'
import { encodeSignatureAlgorithm } from './signature-algorithm.ts'

export interface CertificationRequest extends SignedBytes {
  readonly subject: DistinguishedName
  readonly publicKey: PublicKeyInfo
  /** What it asks for, by object identifier. */
  readonly extensions: ReadonlyMap<string, Extension>
  readonly subjectAltName: ReadAlternativeNames | undefined
}

/** Does NOT verify the signature. @param der one request and nothing after it, at most 64 KiB */
export function parseCertificationRequest(der: Uint8Array): CertificationRequest | X509Fault {
  return readOrFault(() => readRequest(readDer(der, defaultDerLimits)))
}

function readRequest(node: DerNode): CertificationRequest {
  const { content, ...signed } = readSigned(node, 'the request')
  const fields = readSequenceFields(content, 'the request')
  readSmallUnsigned(fields.take('a version'), 0, 'its version')
  const subject = readName(fields.take('a subject'), 'its subject')
  const publicKey = readPublicKey(fields.take('a public key'))
  const attributes = fields.takeIf(contextTag(0, 'constructed'))
  fields.end()
  const extensions = readRequestedExtensions(attributes?.children ?? [])
  return {
    ...signed,
    subject,
    publicKey,
    extensions,
    subjectAltName: readExtension(extensions, oid.subjectAltName, (value) =>
      readAlternativeNames(value, 'its subject alternative names'),
    ),
  }
}

/** Other attributes, e.g. a challenge password, are passed over. */
function readRequestedExtensions(attributes: readonly DerNode[]): ReadonlyMap<string, Extension> {
  let found: ReadonlyMap<string, Extension> | undefined
  for (const attribute of attributes) {
    const fields = readSequenceFields(attribute, 'an attribute of the request')
    const type = readOid(fields.take('a type'), 'the type of an attribute of the request')
    const values = requireTag(fields.take('values'), derTag.set, 'an attribute of the request')
    fields.end()
    if (type !== oid.extensionRequest) continue
    if (found !== undefined) throw new DerFault('it asks for extensions twice')
    const what = 'its requested extensions'
    found = readExtensions(readOnlyChild(values, what), what)
  }
  return found ?? new Map<string, Extension>()
}

export interface CertificationRequestTemplate {
  /** DER. */
  readonly subject: Uint8Array
  /** Of the key that signs. */
  readonly publicKey: PublicKeyInfo
  readonly subjectAltName?: AlternativeNames
}

/** @throws MayflyError `internal`: a name has no encoding */
export function encodeCertificationRequest(signer: X509Signer, template: CertificationRequestTemplate): Uint8Array {
  const { subject, publicKey, subjectAltName } = template
  const attributes =
    subjectAltName === undefined
      ? []
      : [
          derSequence(
            derOid(oid.extensionRequest),
            derSet(
              derSequence(encodeExtension(oid.subjectAltName, 'not-critical', encodeAlternativeNames(subjectAltName))),
            ),
          ),
        ]
  const info = derSequence(derInteger(0), subject, publicKey.spki, derContext(0, ...attributes))
  return derSequence(info, encodeSignatureAlgorithm(signer.algorithm), derBitString(signer.sign(info))).slice()
}
