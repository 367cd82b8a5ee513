/**
 * Reading X.509 certificates, version 3 (RFC 5280 section 4). Reading is not believing: nothing is verified here.
 *
 * Promise: what is read is in DER, within 64 KiB, and each extension that Mayfly knows is well formed and there once.
 */
import { equalBytes } from '../log/bytes.ts'
import { defaultDerLimits, type DerNode, DerFault, readDer, readOrFault, type X509Fault } from './der-read.ts'
import {
  readBitString,
  readOnlyChild,
  readSequence,
  readSequenceFields,
  readSmallUnsigned,
  readTime,
} from './der-values.ts'
import { contextTag } from './der-write.ts'
import { type DistinguishedName, readName } from './distinguished-name.ts'
import {
  type AuthorityInfoAccess,
  type AuthorityKeyId,
  type BasicConstraints,
  type DistributionPoint,
  type Extension,
  readAuthorityInfoAccess,
  readAuthorityKeyId,
  readBasicConstraints,
  readDistributionPoints,
  readExtension,
  readExtensions,
  readKeyId,
} from './extensions.ts'
import { type ReadAlternativeNames, readAlternativeNames } from './general-names.ts'
import { type KeyUsage, readExtendedKeyUsage, readKeyUsage } from './key-usage.ts'
import { type ReadNameConstraints, readNameConstraints } from './name-constraints.ts'
import { oid } from './object-identifiers.ts'
import { type PublicKeyInfo, readPublicKey } from './public-key.ts'
import { readSerialNumber } from './serial-number.ts'
import { readSignatureAlgorithm } from './signature-algorithm.ts'

/** A text that is signed: a certificate, a request, a CRL. */
export interface SignedBytes {
  readonly der: Uint8Array
  /** What the signature is over. */
  readonly signedBytes: Uint8Array
  /** Its name, or its object identifier where it is not known here. */
  readonly signatureAlgorithm: string
  readonly signature: Uint8Array
}

export interface Certificate extends SignedBytes {
  /** Lower-case hexadecimal, without the byte that only holds its sign. */
  readonly serialNumber: string
  readonly issuer: DistinguishedName
  readonly subject: DistinguishedName
  readonly notBefore: Date
  /** Inclusive (RFC 5280 section 4.1.2.5). */
  readonly notAfter: Date
  readonly publicKey: PublicKeyInfo
  /** By object identifier, the unknown ones too. */
  readonly extensions: ReadonlyMap<string, Extension>
  readonly basicConstraints: BasicConstraints | undefined
  readonly keyUsage: ReadonlySet<KeyUsage> | undefined
  /** Object identifiers. */
  readonly extendedKeyUsage: readonly string[] | undefined
  readonly subjectAltName: ReadAlternativeNames | undefined
  readonly subjectKeyId: Uint8Array | undefined
  readonly authorityKeyId: AuthorityKeyId | undefined
  readonly nameConstraints: ReadNameConstraints | undefined
  readonly crlDistributionPoints: readonly DistributionPoint[]
  readonly authorityInfoAccess: Required<AuthorityInfoAccess>
  /** True where it demands the policy processing of RFC 5280 section 6.1, which Mayfly does not do: refuse it then. */
  readonly hasPolicyConstraints: boolean
  /** Object identifiers of critical extensions that are not read here: whoever believes the certificate must refuse it. */
  readonly unknownCriticalExtensions: readonly string[]
}

const policyConstraintOids = [oid.policyConstraints, oid.policyMappings, oid.inhibitAnyPolicy] as const
/** A policy identifier restricts nothing as long as every policy is acceptable (RFC 5280 section 6.1.1 c). */
const readOids: ReadonlySet<string> = new Set([
  oid.basicConstraints,
  oid.keyUsage,
  oid.extendedKeyUsage,
  oid.subjectAltName,
  oid.subjectKeyIdentifier,
  oid.authorityKeyIdentifier,
  oid.nameConstraints,
  oid.crlDistributionPoints,
  oid.authorityInfoAccess,
  oid.certificatePolicies,
  ...policyConstraintOids,
])

/** @param der one certificate and nothing after it */
export function parseCertificate(der: Uint8Array): Certificate | X509Fault {
  return readOrFault(() => readCertificate(readDer(der, defaultDerLimits)))
}

/** A certificate, request or CRL by its three parts. @throws DerFault */
export function readSigned(node: DerNode, what: string): SignedBytes & { readonly content: DerNode } {
  const fields = readSequenceFields(node, what)
  const content = fields.take('signed content')
  const signatureAlgorithm = readSignatureAlgorithm(fields.take('a signature algorithm'))
  const signature = readBitString(fields.take('a signature'), 'its signature')
  fields.end()
  return { der: node.bytes, content, signedBytes: content.bytes, signatureAlgorithm, signature }
}

function readCertificate(node: DerNode): Certificate {
  const { content, ...signed } = readSigned(node, 'the certificate')
  const fields = readSequenceFields(content, 'the certificate')
  const version = fields.takeIf(contextTag(0, 'constructed'))
  if (version === undefined || readSmallUnsigned(readOnlyChild(version, 'its version'), 2, 'its version') !== 2) {
    throw new DerFault('it is not a certificate of version 3')
  }
  const serialNumber = readSerialNumber(fields.take('a serial number'))
  const algorithm = fields.take('a signature algorithm')
  const issuer = readName(fields.take('an issuer'), 'its issuer')
  const validity = readSequenceFields(fields.take('a validity'), 'its validity')
  const notBefore = readTime(validity.take('a start'), 'the start of its validity')
  const notAfter = readTime(validity.take('an end'), 'the end of its validity')
  validity.end()
  const subject = readName(fields.take('a subject'), 'its subject')
  const publicKey = readPublicKey(fields.take('a public key'))
  // Unique identifiers: nobody writes them, and a reader passes over them (RFC 5280 section 4.1.2.8).
  fields.takeIf(contextTag(1, 'primitive'))
  fields.takeIf(contextTag(2, 'primitive'))
  const wrapped = fields.takeIf(contextTag(3, 'constructed'))
  fields.end()

  // RFC 5280 section 4.1.1.2: the algorithm that is signed and the one that is used must be the same.
  const [, outerAlgorithm] = readSequence(node, 'the certificate')
  if (outerAlgorithm === undefined || !equalBytes(algorithm.bytes, outerAlgorithm.bytes)) {
    throw new DerFault('its two signature algorithms differ')
  }
  if (issuer.attributes.length === 0) throw new DerFault('its issuer is empty')

  const extensions =
    wrapped === undefined
      ? new Map<string, Extension>()
      : readExtensions(readOnlyChild(wrapped, 'its extensions'), 'its extensions')
  return {
    ...signed,
    serialNumber,
    issuer,
    subject,
    notBefore,
    notAfter,
    publicKey,
    extensions,
    basicConstraints: readExtension(extensions, oid.basicConstraints, readBasicConstraints),
    keyUsage: readExtension(extensions, oid.keyUsage, readKeyUsage),
    extendedKeyUsage: readExtension(extensions, oid.extendedKeyUsage, readExtendedKeyUsage),
    subjectAltName: readExtension(extensions, oid.subjectAltName, (value) =>
      readAlternativeNames(value, 'its subject alternative names'),
    ),
    subjectKeyId: readExtension(extensions, oid.subjectKeyIdentifier, readKeyId),
    authorityKeyId: readExtension(extensions, oid.authorityKeyIdentifier, readAuthorityKeyId),
    nameConstraints: readExtension(extensions, oid.nameConstraints, readNameConstraints),
    crlDistributionPoints: readExtension(extensions, oid.crlDistributionPoints, readDistributionPoints) ?? [],
    authorityInfoAccess: readExtension(extensions, oid.authorityInfoAccess, readAuthorityInfoAccess) ?? {
      ocsp: [],
      caIssuers: [],
    },
    hasPolicyConstraints: policyConstraintOids.some((type) => extensions.has(type)),
    unknownCriticalExtensions: [...extensions]
      .filter(([type, { critical }]) => critical && !readOids.has(type))
      .map(([type]) => type),
  }
}
