/** Revocation by CRL (RFC 5280 section 6.3), for one certificate and its issuer's whole list. */
import { type Certificate, type Crl, type CrlReason, equalBytes } from '@mayfly/domain'
import { verifySignature } from '@mayfly/provider-kit'

export const crlUnusableReasons = [
  'crl_of_other_issuer',
  'crl_issuer_not_allowed',
  'crl_signature_invalid',
  'crl_not_yet_valid',
  'crl_stale',
  'crl_unsupported',
  'crl_out_of_scope',
] as const
export type CrlUnusableReason = (typeof crlUnusableReasons)[number]

export interface CrlUnusable {
  readonly status: 'unknown'
  readonly reason: CrlUnusableReason
  /** For the caller: lower case, no full stop. */
  readonly detail: string
}

export type CrlStatus =
  | { readonly status: 'good' }
  /** On hold counts too: whoever may not act now may not act. */
  | { readonly status: 'revoked'; readonly revokedAt: Date; readonly reason: CrlReason }
  /** Nothing is known: whoever asked must refuse. */
  | CrlUnusable

export interface CrlRules {
  readonly at: Date
  /** How old a list may be, whatever it says of its next update. */
  readonly maxAgeSeconds: number
}

/**
 * @param input.issuer the certificate's issuer, from a path that was verified
 * @returns `good` only from a list that is signed by the issuer, in force, young enough, and about this certificate
 */
export function checkCrl(
  input: CrlRules & { readonly certificate: Certificate; readonly issuer: Certificate; readonly crl: Crl },
): CrlStatus {
  const { certificate, issuer, crl } = input
  if (!equalBytes(certificate.issuer.der, issuer.subject.der)) {
    return unknown('crl_of_other_issuer', 'the certificate is of another issuer')
  }
  const unusable = findCrlFault({ ...input }) ?? findScopeFault(certificate, crl)
  if (unusable !== undefined) return unusable
  const entry = crl.revoked.get(certificate.serialNumber)
  return entry === undefined ? { status: 'good' } : { status: 'revoked', ...entry }
}

/** What is wrong with a list, whatever the certificate: for those that keep it. */
export function findCrlFault(
  input: CrlRules & { readonly issuer: Certificate; readonly crl: Crl },
): CrlUnusable | undefined {
  const { issuer, crl, at, maxAgeSeconds } = input
  const keyId = crl.authorityKeyId?.keyId
  if (
    !equalBytes(crl.issuer.der, issuer.subject.der) ||
    (keyId !== undefined && issuer.subjectKeyId !== undefined && !equalBytes(keyId, issuer.subjectKeyId))
  ) {
    return unknown('crl_of_other_issuer', 'the CRL is of another issuer')
  }
  // RFC 5280 section 6.3.3 f. An anchor may be silent about its key, as in a path.
  if (issuer.keyUsage !== undefined && !issuer.keyUsage.has('cRLSign')) {
    return unknown('crl_issuer_not_allowed', 'the key of the issuer is not meant to sign CRLs')
  }
  const [unsupported] = crl.unsupported
  if (unsupported !== undefined) return unknown('crl_unsupported', `the CRL cannot be relied on: ${unsupported}`)
  if (crl.baseCrlNumber !== undefined) return unknown('crl_unsupported', 'the CRL only adds to another one')
  if (at < crl.thisUpdate) {
    return unknown('crl_not_yet_valid', `the CRL is not in force before ${crl.thisUpdate.toISOString()}`)
  }
  // RFC 5280 section 5.1.2.5: conforming lists say when the next one comes. One that does not would be good for ever.
  if (crl.nextUpdate === undefined) return unknown('crl_stale', 'the CRL does not say when the next one comes')
  if (at > crl.nextUpdate) return unknown('crl_stale', `the next CRL was due at ${crl.nextUpdate.toISOString()}`)
  if (at.getTime() - crl.thisUpdate.getTime() > maxAgeSeconds * 1_000) {
    return unknown('crl_stale', `the CRL is older than ${maxAgeSeconds} s`)
  }
  return isSignedBy(crl, issuer)
    ? undefined
    : unknown('crl_signature_invalid', 'the issuer did not sign the CRL, or not with an algorithm that is allowed')
}

// A long list takes milliseconds to verify, and it stays signed. Whose key it was is part of what is remembered.
const signedBy = new WeakMap<Crl, Uint8Array>()

function isSignedBy(crl: Crl, { publicKey }: Certificate): boolean {
  const known = signedBy.get(crl)
  if (known !== undefined && equalBytes(known, publicKey.spki)) return true
  if (verifySignature(crl, publicKey) !== 'valid') return false
  signedBy.set(crl, publicKey.spki)
  return true
}

/** RFC 5280 section 6.3.3 b 2: a list may be about some certificates of its issuer only. */
function findScopeFault(certificate: Certificate, { issuingDistributionPoint }: Crl): CrlUnusable | undefined {
  if (issuingDistributionPoint === undefined) return undefined
  const { only, uris = [] } = issuingDistributionPoint
  const isCa = certificate.basicConstraints?.isCa === true
  if ((only === 'user_certificates' && isCa) || (only === 'ca_certificates' && !isCa)) {
    return unknown('crl_out_of_scope', 'the CRL is about another kind of certificate')
  }
  const points = certificate.crlDistributionPoints.filter(({ isPartial }) => !isPartial).flatMap(({ uris }) => uris)
  if (uris.length > 0 && !uris.some((uri) => points.includes(uri))) {
    return unknown('crl_out_of_scope', 'the CRL is of another distribution point than the certificate names')
  }
  return undefined
}

function unknown(reason: CrlUnusableReason, detail: string): CrlUnusable {
  return { status: 'unknown', reason, detail }
}
