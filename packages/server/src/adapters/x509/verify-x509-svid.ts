/**
 * Validation of X509-SVIDs (SPIFFE X509-SVID section 5): who a peer is that proved to hold the leaf's key.
 *
 * Does NOT check that the peer holds the key (TLS does), nor revocation, nor whether the identity is still registered.
 */
import {
  type Certificate,
  isSpiffeIdFault,
  isX509Fault,
  oid,
  parseCertificate,
  parseSpiffeId,
  type SpiffeId,
} from '@mayfly/domain'
import type { Purpose } from './check-path.ts'
import { nameOf, type PathRejectionReason } from './path-rejection.ts'
import { verifyPath } from './verify-path.ts'

export const svidRejections = [
  'uri_name_missing',
  'uri_names_several',
  'spiffe_id_malformed',
  'spiffe_id_without_path',
  'alternative_names_not_critical',
  'bundle_unknown',
  'authority_id_wrong',
] as const
export type SvidRejectionReason = (typeof svidRejections)[number] | PathRejectionReason

export interface SvidRejection {
  readonly outcome: 'rejected'
  readonly reason: SvidRejectionReason
  /** For the caller: lower case, no full stop. */
  readonly detail: string
}

export interface ValidSvid {
  readonly outcome: 'valid'
  readonly spiffeId: SpiffeId
  /** The leaf first, the authority of the bundle last. */
  readonly path: readonly [Certificate, ...Certificate[]]
}

export interface VerifySvidInput {
  /** DER, the leaf first, further ones in any order. At most 10. */
  readonly certificates: readonly Uint8Array[]
  /** The authorities of one trust domain, and of no other; nothing where it is not known. */
  bundleOf(trustDomain: string): readonly Certificate[] | undefined
  readonly at: Date
  /** What the peer's certificate is used for: a client's is `clientAuth`. */
  readonly purpose: Purpose
}

export function verifyX509Svid(input: VerifySvidInput): ValidSvid | SvidRejection {
  const [leafDer] = input.certificates
  if (leafDer === undefined) return rejected('certificate_malformed', 'no certificate was presented')
  const leaf = parseCertificate(leafDer)
  if (isX509Fault(leaf)) return rejected('certificate_malformed', `certificate 1 cannot be read: ${leaf.fault}`)
  const spiffeId = readLeafId(leaf)
  if ('outcome' in spiffeId) return spiffeId
  const fault = findLeafFault(leaf)
  if (fault !== undefined) return fault

  const anchors = input.bundleOf(spiffeId.trustDomain)
  if (anchors === undefined) {
    return rejected('bundle_unknown', `the trust domain \`${spiffeId.trustDomain}\` is not trusted`)
  }
  const verified = verifyPath({
    certificates: input.certificates,
    anchors,
    at: input.at,
    purposes: [input.purpose],
    extendedKeyUsage: 'if_present',
  })
  if (verified.outcome === 'rejected') return verified
  for (const authority of verified.path.slice(1)) {
    const fault = findAuthorityFault(authority, spiffeId.trustDomain, authority === verified.path.at(-1))
    if (fault !== undefined) return fault
  }
  return { outcome: 'valid', spiffeId, path: verified.path }
}

/** Section 2: the ID is the one URI among the alternative names; section 4.2: a leaf's has a path. */
function readLeafId(leaf: Certificate): SpiffeId | SvidRejection {
  const [uri, ...more] = leaf.subjectAltName?.uri ?? []
  if (uri === undefined) return rejected('uri_name_missing', 'the certificate has no URI among its alternative names')
  if (more.length > 0) {
    return rejected(
      'uri_names_several',
      `the certificate has ${more.length + 1} URIs among its alternative names, not one`,
    )
  }
  const id = parseSpiffeId(uri)
  if (isSpiffeIdFault(id)) return rejected('spiffe_id_malformed', `the URI is not a SPIFFE ID: ${id.fault}`)
  if (id.path === '')
    return rejected('spiffe_id_without_path', 'the SPIFFE ID is that of a trust domain, not of a workload')
  return id
}

function findLeafFault(leaf: Certificate): SvidRejection | undefined {
  if (leaf.basicConstraints?.isCa === true) return rejected('leaf_is_authority', 'the certificate is an authority')
  if (leaf.subject.attributes.length === 0 && leaf.extensions.get(oid.subjectAltName)?.critical !== true) {
    return rejected(
      'alternative_names_not_critical',
      'the subject is empty, and the alternative names are not critical',
    )
  }
  // Section 4.3.
  const { keyUsage, extendedKeyUsage } = leaf
  if (keyUsage === undefined || leaf.extensions.get(oid.keyUsage)?.critical !== true) {
    return rejected('key_usage_wrong', 'the certificate has no critical key usage')
  }
  if (!keyUsage.has('digitalSignature'))
    return rejected('key_usage_wrong', 'the key is not meant for digital signatures')
  if (keyUsage.has('keyCertSign') || keyUsage.has('cRLSign')) {
    return rejected('key_usage_wrong', 'the key is meant to sign certificates or CRLs')
  }
  // Section 4.4.
  if (extendedKeyUsage !== undefined) {
    for (const purpose of ['serverAuth', 'clientAuth'] as const) {
      if (!extendedKeyUsage.includes(oid[purpose])) {
        return rejected('purpose_not_allowed', `the extended key usage lacks ${purpose}`)
      }
    }
  }
  return undefined
}

/**
 * Sections 3.2 and 4.2: the ID of an authority, where it has one, is that of its trust domain. One with the ID of another
 * domain would speak for both.
 */
function findAuthorityFault(authority: Certificate, trustDomain: string, isAnchor: boolean): SvidRejection | undefined {
  const uris = (authority.subjectAltName?.uri ?? []).filter((uri) => /^spiffe:/i.test(uri))
  if (uris.some((uri) => uri !== `spiffe://${trustDomain}`)) {
    return rejected('authority_id_wrong', `the SPIFFE ID of ${nameOf(authority)} is not \`spiffe://${trustDomain}\``)
  }
  // Section 4.3, as far as others presented it: what is in the bundle was chosen, and older roots say nothing.
  return isAnchor || authority.extensions.get(oid.keyUsage)?.critical === true
    ? undefined
    : rejected('key_usage_wrong', `${nameOf(authority)} has no critical key usage`)
}

function rejected(reason: SvidRejectionReason, detail: string): SvidRejection {
  return { outcome: 'rejected', reason, detail }
}
