/**
 * An authority above ours: signs our X.509 authorities, so that whoever trusts its root trusts our SVIDs.
 *
 * Promise: a path is taken only where each certificate is signed by the next, each above the first may sign others, and
 * the last signed itself; ours must hold our key, name our trust domain and nothing else.
 */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { type Certificate, formatSpiffeId, isX509Fault, parseCertificate, parsePemOf } from '@mayfly/domain'
import type { Secret } from '@mayfly/provider-kit'

/** Certificates, the signing one first and its root last; DER. */
export type CertificatePath = readonly [Uint8Array, ...Uint8Array[]]

export interface UpstreamAuthority {
  readonly key: KeyObject
  readonly path: CertificatePath
  readonly certificate: Certificate
}

export interface PathFault {
  readonly fault: string
}

const maxPathLength = 8

/** @param pem the signing certificate first, each followed by the one that signed it, down to the root */
export function readUpstream(pem: string, keyPem: Secret): UpstreamAuthority | PathFault {
  const path = readPath(pem)
  if ('fault' in path) return path
  const [first] = path.certificates
  let key: KeyObject
  try {
    key = createPrivateKey(keyPem.reveal())
  } catch {
    return { fault: 'its private key cannot be read' }
  }
  const own = createPublicKey(key).export({ format: 'der', type: 'spki' })
  if (!own.equals(first.publicKey.spki)) return { fault: 'its private key is that of another certificate' }
  if (first.basicConstraints?.maxPathLength === 0) return { fault: 'its path length lets it sign no other authority' }
  return { key, path: path.der, certificate: first }
}

export interface ReadPath {
  readonly der: CertificatePath
  readonly certificates: readonly [Certificate, ...Certificate[]]
}

/** A path of authorities down to a root that signed itself. Does NOT look at times. */
export function readPath(pem: string): ReadPath | PathFault {
  const read = parsePemOf('CERTIFICATE', pem, { maxSizeBytes: 262_144, maxBlocks: maxPathLength + 1 })
  if (isX509Fault(read)) return read
  const certificates: Certificate[] = []
  for (const der of read.ders) {
    const certificate = parseCertificate(der)
    if (isX509Fault(certificate)) return { fault: `a certificate cannot be read: ${certificate.fault}` }
    certificates.push(certificate)
  }
  const nodes = read.ders.map((der) => new X509Certificate(Buffer.from(der)))
  for (const [at, certificate] of certificates.entries()) {
    const fault = authorityFault(certificate, at)
    if (fault !== undefined) return { fault: `certificate ${at + 1} ${fault}` }
    const node = nodes[at]
    const above = nodes[at + 1] ?? node
    if (node === undefined || above === undefined) continue
    if (!node.checkIssued(above) || !node.verify(above.publicKey)) {
      const isLast = at === nodes.length - 1
      return {
        fault: isLast
          ? 'the last certificate did not sign itself: give the path down to its root'
          : `certificate ${at + 1} is not signed by certificate ${at + 2}`,
      }
    }
  }
  const [der, ...moreDer] = read.ders
  const [certificate, ...more] = certificates
  if (der === undefined || certificate === undefined) return { fault: 'it holds no certificate' }
  return { der: [der, ...moreDer], certificates: [certificate, ...more] }
}

function authorityFault(certificate: Certificate, below: number): string | undefined {
  const { basicConstraints, keyUsage, unknownCriticalExtensions } = certificate
  if (basicConstraints?.isCa !== true) return 'is not one of an authority (cA is not set)'
  if (keyUsage !== undefined && !keyUsage.has('keyCertSign')) return 'may not sign certificates (key usage)'
  if (unknownCriticalExtensions.length > 0) return `has a critical extension that is not known here`
  if (certificate.hasPolicyConstraints) return 'has policy constraints, which are not checked here'
  const { maxPathLength: allowed } = basicConstraints
  // RFC 5280 section 4.2.1.9: how many authorities may follow below it.
  if (allowed !== undefined && below > allowed) return 'has a path length that the path exceeds'
  return undefined
}

/** Whether what came back for our request is ours: RFC 5280 and X509-SVID sections 2 to 4, for a signing certificate. */
export function signedAuthorityFault(
  { certificates: [own, ...above] }: ReadPath,
  expected: { readonly spki: Uint8Array; readonly trustDomain: string; readonly now: Date },
): string | undefined {
  const trustDomainId = formatSpiffeId({ trustDomain: expected.trustDomain, path: '' })
  if (above.length === 0) return 'it signed itself: give the certificate with the path down to its root'
  if (!Buffer.from(own.publicKey.spki).equals(expected.spki)) return 'it holds another key than the one of the request'
  if (own.keyUsage?.has('keyCertSign') !== true) return 'it may not sign certificates (key usage)'
  if (own.keyUsage.has('digitalSignature')) return 'its key usage has `digitalSignature`, which only leaves may have'
  const uris = own.subjectAltName?.uri ?? []
  if (uris.length !== 1 || uris[0] !== trustDomainId) return `its one URI must be \`${trustDomainId}\``
  if (own.subject.attributes.length === 0) return 'its subject is empty'
  if (own.subjectKeyId === undefined || own.authorityKeyId === undefined) return 'it lacks a key identifier'
  for (const { notBefore, notAfter } of [own, ...above]) {
    if (notBefore > expected.now) return 'it, or one above it, is not valid yet'
    if (notAfter <= expected.now) return 'it, or one above it, has ended'
  }
  return undefined
}
