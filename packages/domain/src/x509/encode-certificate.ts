/**
 * Writing X.509 certificates, version 3 (RFC 5280 section 4). On the hot path of every X509-SVID: what is the same in all
 * certificates of an issuer is encoded once.
 *
 * Does NOT check what a certificate says against a policy, nor that issuer and key belong together: the caller does.
 */
import { concatBytes } from '../log/bytes.ts'
import { MayflyError } from '../problem.ts'
import { contextTag, derContext, derInteger, derOid, derSequence, derTag, derTime } from './der-write.ts'
import { derWriter } from './der-writer.ts'
import {
  type AuthorityInfoAccess,
  type BasicConstraints,
  encodeAuthorityInfoAccess,
  encodeAuthorityKeyId,
  encodeBasicConstraints,
  encodeDistributionPoints,
  encodeExtension,
} from './extensions.ts'
import { type AlternativeNames, encodeAlternativeNames } from './general-names.ts'
import { encodeExtendedKeyUsage, encodeKeyUsage, type KeyUsage } from './key-usage.ts'
import { encodeNameConstraints, type NameConstraints } from './name-constraints.ts'
import { oid } from './object-identifiers.ts'
import type { PublicKeyInfo } from './public-key.ts'
import { encodeSerialNumber } from './serial-number.ts'
import { encodeSignatureAlgorithm, type SignatureAlgorithm } from './signature-algorithm.ts'

/** What signs: ECDSA in DER (RFC 3279 section 2.2.3), the others as they are. */
export interface X509Signer {
  readonly algorithm: SignatureAlgorithm
  sign(signedBytes: Uint8Array): Uint8Array
}

export interface CertificateIssuer {
  readonly signer: X509Signer
  /** DER: the issuer's own subject, byte by byte. `encodeName` makes one. */
  readonly name: Uint8Array
  /** The issuer's own subject key identifier. */
  readonly keyId: Uint8Array
  /** Where its CRL is served. */
  readonly crlUris?: readonly string[]
  /** Where its delta CRL is served (RFC 5280 section 4.2.1.15). */
  readonly deltaCrlUris?: readonly string[]
  readonly authorityInfoAccess?: AuthorityInfoAccess
}

/** What the key of a certificate is for. */
export interface CertificateUse {
  readonly basicConstraints: BasicConstraints
  readonly keyUsage: readonly KeyUsage[]
  /** Object identifiers. */
  readonly extendedKeyUsage?: readonly string[]
}

/** Whose certificate it is, and for how long. */
export interface CertificateContent {
  /** Lower-case hexadecimal; positive, at most 20 bytes. */
  readonly serialNumber: string
  /** DER. Where it is empty the alternative names are critical (RFC 5280 section 4.2.1.6). */
  readonly subject: Uint8Array
  readonly notBefore: Date
  /** Inclusive. */
  readonly notAfter: Date
  /** As `parsePublicKey` reads it: bytes that nobody has read could bring further fields with them. */
  readonly publicKey: PublicKeyInfo
  readonly subjectKeyId: Uint8Array
  readonly subjectAltName?: AlternativeNames
  readonly nameConstraints?: NameConstraints
}

export interface CertificateTemplate extends CertificateUse, CertificateContent {}

const version3 = derContext(0, derInteger(2))
const extensionsTag = contextTag(3, 'constructed')
const subjectKeyIdOid = derOid(oid.subjectKeyIdentifier)
/** What a bit string of whole bytes begins with. */
const wholeBytes = Uint8Array.of(0)
const writer = derWriter()
/** An empty SEQUENCE. */
export const emptyName = derSequence()

export function encodeCertificate(issuer: CertificateIssuer, template: CertificateTemplate): Uint8Array {
  return prepareIssuer(issuer)(template)
}

/**
 * Encodes what is the same in all certificates of an issuer.
 *
 * @returns what makes a certificate, DER
 * @throws MayflyError `internal`, when called with a template that has no encoding
 */
export function prepareIssuer(issuer: CertificateIssuer): (template: CertificateTemplate) => Uint8Array {
  // The few uses that an issuer writes; a template that varied them without end would not be remembered.
  const prepared = new Map<string, (template: CertificateContent) => Uint8Array>()
  return (template) => {
    const { basicConstraints, keyUsage, extendedKeyUsage } = template
    const key = `${basicConstraints.isCa} ${basicConstraints.maxPathLength} ${keyUsage.join()} ${extendedKeyUsage?.join()}`
    const encode = prepared.get(key) ?? prepareIssuerForUse(issuer, template)
    if (prepared.size < 100) prepared.set(key, encode)
    return encode(template)
  }
}

/** As `prepareIssuer`, for certificates of one use. */
export function prepareIssuerForUse(
  issuer: CertificateIssuer,
  use: CertificateUse,
): (template: CertificateContent) => Uint8Array {
  const algorithm = encodeSignatureAlgorithm(issuer.signer.algorithm)
  const algorithmAndName = concatBytes(algorithm, issuer.name)
  const sameExtensions = encodeSameExtensions(issuer)
  const usageExtensions = encodeUsages(use)

  return (template) => {
    if (!(template.notAfter >= template.notBefore)) {
      throw new MayflyError('internal', { log: 'a certificate would end before it begins' })
    }
    // All that can be refused comes first: a writer that is left half full would spoil the next certificate.
    const serialNumber = encodeSerialNumber(template.serialNumber)
    const notBefore = derTime(template.notBefore)
    const notAfter = derTime(template.notAfter)
    const names = encodeNames(template)

    writer.put(sameExtensions)
    const keyIdMark = writer.size()
    writer.put(template.subjectKeyId)
    writer.wrap(derTag.octetString, keyIdMark)
    writer.wrap(derTag.octetString, keyIdMark)
    writer.put(subjectKeyIdOid)
    writer.wrap(derTag.sequence, keyIdMark)
    for (let at = names.length - 1; at >= 0; at -= 1) writer.put(names[at] ?? emptyName)
    writer.put(usageExtensions)
    writer.wrap(derTag.sequence, 0)
    writer.wrap(extensionsTag, 0)
    writer.put(template.publicKey.spki)
    writer.put(template.subject)
    const validityMark = writer.size()
    writer.put(notAfter)
    writer.put(notBefore)
    writer.wrap(derTag.sequence, validityMark)
    writer.put(algorithmAndName)
    writer.put(serialNumber)
    writer.put(version3)
    writer.wrap(derTag.sequence, 0)
    const tbs = writer.take()

    const signature = issuer.signer.sign(tbs)
    writer.put(signature)
    writer.put(wholeBytes)
    writer.wrap(derTag.bitString, 0)
    writer.put(algorithm)
    writer.put(tbs)
    writer.wrap(derTag.sequence, 0)
    return writer.take()
  }
}

function encodeSameExtensions({
  keyId,
  crlUris = [],
  deltaCrlUris = [],
  authorityInfoAccess = {},
}: CertificateIssuer): Uint8Array {
  return concatBytes(
    encodeExtension(oid.authorityKeyIdentifier, 'not-critical', encodeAuthorityKeyId(keyId)),
    ...(crlUris.length === 0
      ? []
      : [encodeExtension(oid.crlDistributionPoints, 'not-critical', encodeDistributionPoints(crlUris))]),
    ...(deltaCrlUris.length === 0
      ? []
      : [encodeExtension(oid.freshestCrl, 'not-critical', encodeDistributionPoints(deltaCrlUris))]),
    ...(authorityInfoAccess.ocsp?.length || authorityInfoAccess.caIssuers?.length
      ? [encodeExtension(oid.authorityInfoAccess, 'not-critical', encodeAuthorityInfoAccess(authorityInfoAccess))]
      : []),
  )
}

function encodeUsages({ basicConstraints, keyUsage, extendedKeyUsage }: CertificateUse): Uint8Array {
  return concatBytes(
    encodeExtension(oid.basicConstraints, 'critical', encodeBasicConstraints(basicConstraints)),
    encodeExtension(oid.keyUsage, 'critical', encodeKeyUsage(keyUsage)),
    ...(extendedKeyUsage === undefined
      ? []
      : [encodeExtension(oid.extendedKeyUsage, 'not-critical', encodeExtendedKeyUsage(extendedKeyUsage))]),
  )
}

function encodeNames({ subject, subjectAltName, nameConstraints }: CertificateContent): Uint8Array[] {
  const isSubjectEmpty = subject.length === emptyName.length
  const alternativeNames = subjectAltName === undefined ? emptyName : encodeAlternativeNames(subjectAltName)
  const hasAlternativeNames = alternativeNames.length > emptyName.length
  if (isSubjectEmpty && !hasAlternativeNames) {
    throw new MayflyError('internal', { log: 'a certificate would name nobody' })
  }
  return [
    ...(hasAlternativeNames
      ? [encodeExtension(oid.subjectAltName, isSubjectEmpty ? 'critical' : 'not-critical', alternativeNames)]
      : []),
    ...(nameConstraints === undefined
      ? []
      : [encodeExtension(oid.nameConstraints, 'critical', encodeNameConstraints(nameConstraints))]),
  ]
}
