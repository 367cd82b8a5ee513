/** Certificates of any shape, well formed or not, to hold the verifiers against. Only for tests. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import {
  type AlternativeNames,
  type BasicConstraints,
  type Certificate,
  derBitString,
  derContext,
  derInteger,
  derOctetString,
  derSequence,
  derTime,
  encodeAlternativeNames,
  encodeAuthorityKeyId,
  encodeBasicConstraints,
  encodeDistributionPoints,
  encodeExtendedKeyUsage,
  encodeExtension,
  encodeKeyUsage,
  encodeName,
  encodeNameConstraints,
  encodeSerialNumber,
  encodeSignatureAlgorithm,
  isX509Fault,
  type KeyUsage,
  type NameConstraints,
  oid,
  parseCertificate,
  type PublicKeyInfo,
  type X509Signer,
} from '@mayfly/domain'
import { keyIdOf, publicKeyInfoOf, x509SignerOfKey } from '@mayfly/provider-kit'
import { makeSerialNumber } from '../sign-certificate.ts'

export interface TestKey {
  readonly privateKey: KeyObject
  readonly publicKey: PublicKeyInfo
  readonly signer: X509Signer
}

export function makeKey(pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })): TestKey {
  return {
    privateKey: pair.privateKey,
    publicKey: publicKeyInfoOf(pair.publicKey),
    signer: x509SignerOfKey(pair.privateKey),
  }
}

export const testNow = new Date('2026-11-22T12:00:00Z')

export interface Shape {
  /** Common name; `null` for an empty subject. */
  readonly name: string | null
  readonly key?: TestKey
  /** Absent: signed by itself. */
  readonly issuer?: TestCertificate
  readonly serialNumber?: string
  readonly notBefore?: Date
  readonly notAfter?: Date
  /** Replaces what follows from whether it is an authority; `null` leaves the extension out. */
  readonly basicConstraints?: BasicConstraints | null
  readonly keyUsage?: readonly KeyUsage[] | null
  readonly keyUsageCritical?: boolean
  readonly extendedKeyUsage?: readonly string[]
  readonly names?: AlternativeNames
  readonly namesCritical?: boolean
  readonly nameConstraints?: NameConstraints
  readonly crlUris?: readonly string[]
  readonly authorityKeyId?: Uint8Array | null
  /** Whole Extension elements. */
  readonly more?: readonly Uint8Array[]
  /** A signature algorithm, DER, and what signs: instead of the issuer's key. */
  readonly signedWith?: { readonly algorithm: Uint8Array; sign(bytes: Uint8Array): Uint8Array }
}

export interface TestCertificate {
  readonly der: Uint8Array
  readonly certificate: Certificate
  readonly key: TestKey
}

export function makeAuthority(shape: Shape): TestCertificate {
  return make({ basicConstraints: { isCa: true }, keyUsage: ['keyCertSign', 'cRLSign'], ...shape })
}

export function makeLeaf(shape: Shape & { readonly issuer: TestCertificate }): TestCertificate {
  return make({
    basicConstraints: { isCa: false },
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: [oid.serverAuth, oid.clientAuth],
    ...shape,
  })
}

function make(shape: Shape): TestCertificate {
  const key = shape.key ?? makeKey()
  const name = shape.name === null ? derSequence() : encodeName([{ type: 'CN', value: shape.name }])
  const signer = (shape.issuer?.key ?? key).signer
  const algorithm = shape.signedWith?.algorithm ?? encodeSignatureAlgorithm(signer.algorithm)
  const { basicConstraints, keyUsage, extendedKeyUsage, names, nameConstraints, authorityKeyId } = shape
  const criticality = (isCritical: boolean): 'critical' | 'not-critical' => (isCritical ? 'critical' : 'not-critical')
  const issuerKeyId = keyIdOf((shape.issuer?.key ?? key).publicKey)
  const extensions = [
    ...(basicConstraints
      ? [encodeExtension(oid.basicConstraints, 'critical', encodeBasicConstraints(basicConstraints))]
      : []),
    ...(keyUsage
      ? [encodeExtension(oid.keyUsage, criticality(shape.keyUsageCritical ?? true), encodeKeyUsage(keyUsage))]
      : []),
    ...(extendedKeyUsage
      ? [encodeExtension(oid.extendedKeyUsage, 'not-critical', encodeExtendedKeyUsage(extendedKeyUsage))]
      : []),
    ...(names
      ? [
          encodeExtension(
            oid.subjectAltName,
            criticality(shape.namesCritical ?? shape.name === null),
            encodeAlternativeNames(names),
          ),
        ]
      : []),
    ...(nameConstraints
      ? [encodeExtension(oid.nameConstraints, 'critical', encodeNameConstraints(nameConstraints))]
      : []),
    ...(shape.crlUris
      ? [encodeExtension(oid.crlDistributionPoints, 'not-critical', encodeDistributionPoints(shape.crlUris))]
      : []),
    encodeExtension(oid.subjectKeyIdentifier, 'not-critical', derOctetString(keyIdOf(key.publicKey))),
    ...(authorityKeyId === null
      ? []
      : [
          encodeExtension(
            oid.authorityKeyIdentifier,
            'not-critical',
            encodeAuthorityKeyId(authorityKeyId ?? issuerKeyId),
          ),
        ]),
    ...(shape.more ?? []),
  ]
  const tbs = derSequence(
    derContext(0, derInteger(2)),
    encodeSerialNumber(shape.serialNumber ?? makeSerialNumber()),
    algorithm,
    shape.issuer?.certificate.subject.der ?? name,
    derSequence(
      derTime(shape.notBefore ?? new Date(testNow.getTime() - 3_600_000)),
      derTime(shape.notAfter ?? new Date(testNow.getTime() + 3_600_000)),
    ),
    name,
    key.publicKey.spki,
    derContext(3, derSequence(...extensions)),
  )
  const der = derSequence(tbs, algorithm, derBitString((shape.signedWith ?? signer).sign(tbs))).slice()
  const certificate = parseCertificate(der)
  if (isX509Fault(certificate)) throw new Error(certificate.fault)
  return { der, certificate, key }
}
