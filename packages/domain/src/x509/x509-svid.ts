/**
 * X509-SVIDs (SPIFFE X509-SVID): what the certificates of workloads and of the trust domain's authorities say.
 *
 * A workload's certificate has an empty subject unless one is asked for: the SPIFFE ID stands in one place only, and no
 * reader can take a second name for the identity. Its alternative names are critical then (RFC 5280 section 4.2.1.6).
 */
import { MayflyError } from '../problem.ts'
import { formatSpiffeId, isSpiffeIdFault, isTrustDomain, parseSpiffeId } from '../spiffe-id.ts'
import { encodeHex } from '../log/bytes.ts'
import { encodeName, type NameAttribute } from './distinguished-name.ts'
import {
  type CertificateIssuer,
  type CertificateTemplate,
  type CertificateUse,
  emptyName,
  prepareIssuerForUse,
} from './encode-certificate.ts'
import type { KeyUsage } from './key-usage.ts'
import type { NameConstraints } from './name-constraints.ts'
import { oid } from './object-identifiers.ts'
import type { KeyKind, PublicKeyInfo } from './public-key.ts'

/** How far before now a certificate begins, since clocks differ. */
export const svidBackdateSeconds = 10

/** X509-SVID section 4.4: if present, both. */
const svidPurposes = [oid.serverAuth, oid.clientAuth] as const

export interface X509SvidRequest {
  /** With a path. */
  readonly spiffeId: string
  /** EC, Ed25519 or RSA. Whether it is strong enough, the caller decides. */
  readonly publicKey: PublicKeyInfo
  readonly subjectKeyId: Uint8Array
  /** Lower-case hexadecimal. */
  readonly serialNumber: string
  readonly now: Date
  readonly ttlSeconds: number
  readonly dnsNames?: readonly string[]
  /** Of a server that is reached by its address. */
  readonly ipAddresses?: readonly string[]
  /** For targets that look for a name here, e.g. a common name; not an identity. Absent: empty. */
  readonly subject?: readonly NameAttribute[]
}

export interface X509Svid {
  readonly der: Uint8Array
  readonly notBefore: Date
  /** Never after the issuer's own end. */
  readonly notAfter: Date
}

/**
 * Encodes what is the same in all X509-SVIDs of an issuer.
 *
 * Does NOT check whose the SPIFFE ID and the DNS names are, nor that the requester holds the key: the caller does.
 *
 * @param notAfter the issuer's own: a certificate that outlives its issuer is only refused later, where nobody looks
 * @returns what makes an X509-SVID. It throws MayflyError `internal` where the request has no such certificate: a SPIFFE
 * ID without a path, a key of an unknown kind, a time beyond the issuer's end
 */
export function prepareSvidIssuer(
  issuer: CertificateIssuer & { readonly notAfter: Date },
): (request: X509SvidRequest) => X509Svid {
  const encoders = {
    EC: prepareIssuerForUse(issuer, leafUse('EC')),
    RSA: prepareIssuerForUse(issuer, leafUse('RSA')),
    Ed25519: prepareIssuerForUse(issuer, leafUse('Ed25519')),
  }
  return (request) => {
    requirePath(request.spiffeId)
    const { keyType } = request.publicKey.kind
    if (keyType === 'other') throw new MayflyError('internal', { log: 'a public key is of an unknown kind' })
    const validity = validityOf(request.now, request.ttlSeconds, issuer.notAfter)
    const der = encoders[keyType]({
      serialNumber: request.serialNumber,
      subject: request.subject === undefined ? emptyName : encodeName(request.subject),
      ...validity,
      publicKey: request.publicKey,
      subjectKeyId: request.subjectKeyId,
      subjectAltName: { uri: [request.spiffeId], dns: request.dnsNames ?? [], ip: request.ipAddresses ?? [] },
    })
    return { der, ...validity }
  }
}

export interface SvidAuthority {
  readonly trustDomain: string
  readonly publicKey: PublicKeyInfo
  readonly subjectKeyId: Uint8Array
  readonly serialNumber: string
  readonly notBefore: Date
  readonly notAfter: Date
  /** How many further authorities may follow. Absent: any number. */
  readonly maxPathLength?: number
  readonly nameConstraints?: NameConstraints
}

/** The certificate of a signing authority, to be signed by itself or by one above it. */
export function svidAuthorityTemplate(authority: SvidAuthority): CertificateTemplate {
  const { trustDomain, maxPathLength, nameConstraints } = authority
  if (!isTrustDomain(trustDomain)) throw new MayflyError('internal', { log: 'a trust domain has no SPIFFE ID' })
  return {
    serialNumber: authority.serialNumber,
    subject: svidAuthorityName(trustDomain, authority.subjectKeyId),
    notBefore: authority.notBefore,
    notAfter: authority.notAfter,
    publicKey: authority.publicKey,
    subjectKeyId: authority.subjectKeyId,
    basicConstraints: maxPathLength === undefined ? { isCa: true } : { isCa: true, maxPathLength },
    keyUsage: ['keyCertSign', 'cRLSign'],
    subjectAltName: { uri: [formatSpiffeId({ trustDomain, path: '' })] },
    ...(nameConstraints === undefined ? {} : { nameConstraints }),
  }
}

/**
 * The subject of a signing authority, DER. Its key identifier makes it unique, so that a verifier that looks an issuer
 * up by name finds the one with the right key while several are in force.
 */
export function svidAuthorityName(trustDomain: string, subjectKeyId: Uint8Array): Uint8Array {
  return encodeName([
    // A name holds at most 64 characters; the whole trust domain stands in the SPIFFE ID.
    { type: 'O', value: trustDomain.slice(0, 64) },
    { type: 'CN', value: 'Mayfly X.509 authority' },
    { type: 'serialNumber', value: encodeHex(subjectKeyId) },
  ])
}

function requirePath(spiffeId: string): void {
  const id = parseSpiffeId(spiffeId)
  if (isSpiffeIdFault(id)) throw new MayflyError('internal', { log: `not the SPIFFE ID of a workload: ${id.fault}` })
  if (id.path === '') throw new MayflyError('internal', { log: 'the SPIFFE ID of a workload has no path' })
}

function validityOf(now: Date, ttlSeconds: number, issuerEnd: Date): { notBefore: Date; notAfter: Date } {
  // Certificates hold whole seconds; rounded down, so that nothing lives longer than was decided.
  const nowSeconds = Math.floor(now.getTime() / 1_000)
  const endSeconds = Math.min(nowSeconds + Math.floor(ttlSeconds), Math.floor(issuerEnd.getTime() / 1_000))
  if (!(endSeconds > nowSeconds)) {
    throw new MayflyError('internal', { log: 'an X509-SVID would have ended already, or its authority has' })
  }
  return { notBefore: new Date((nowSeconds - svidBackdateSeconds) * 1_000), notAfter: new Date(endSeconds * 1_000) }
}

/** What each kind of key can do (RFC 8813 section 3, RFC 8410 section 5, RFC 4055 section 1.2). */
const usageByKeyType = {
  EC: ['digitalSignature', 'keyAgreement'],
  RSA: ['digitalSignature', 'keyEncipherment'],
  Ed25519: ['digitalSignature'],
} as const satisfies Record<Exclude<KeyKind['keyType'], 'other'>, readonly KeyUsage[]>

function leafUse(keyType: keyof typeof usageByKeyType): CertificateUse {
  return {
    basicConstraints: { isCa: false },
    keyUsage: usageByKeyType[keyType],
    extendedKeyUsage: svidPurposes,
  }
}
