/**
 * Lists of revoked certificates that an offline bundle carries.
 *
 * Promise: a list is judged as of when it was carried: how old that may be is the limit of the site, in place of its own
 * next update, which is meant for those who can fetch another. Where none that counts is there, nothing is known, and
 * whoever asked must refuse.
 */
import { type Certificate, type Crl, type CrlsSection, isX509Fault, type OfflineBundle } from '@mayfly/domain'
import { checkCrl } from '../x509/check-crl.ts'
import { readCrl } from '../x509/read-crl.ts'
import { materialUnavailable } from './offline-material.ts'
import type { OfflineMaterial } from './trust-provider.ts'

/** The lists of a bundle that can be read. */
function carriedCrlsOf(bundle: OfflineBundle): readonly Crl[] {
  return (bundle.sections.crls?.items ?? []).flatMap(({ crl }) => {
    const read = readCrl(crl)
    return isX509Fault(read) ? [] : [read]
  })
}

/**
 * @param issuer the certificate's issuer, from a path that was verified
 * @returns whether it is revoked, and the list that says so
 * @throws MayflyError `trust_bundle_unavailable`: no list of the issuer is carried, or none that counts
 */
export function judgeByCarriedCrl(
  { bundle, maxAgeSeconds }: OfflineMaterial,
  { madeAt }: CrlsSection,
  certificate: Certificate,
  issuer: Certificate,
): { readonly isRevoked: boolean; readonly crl: Crl } {
  let why = 'there is none of its issuer'
  let newest: Crl | undefined
  for (const crl of carriedCrlsOf(bundle)) {
    const status = checkCrl({ certificate, issuer, crl, at: madeAt, maxAgeSeconds })
    // Of several lists one is enough to revoke.
    if (status.status === 'revoked') return { isRevoked: true, crl }
    if (status.status === 'good') newest = newest === undefined || crl.thisUpdate > newest.thisUpdate ? crl : newest
    else if (status.reason !== 'crl_of_other_issuer') why = status.detail
  }
  if (newest !== undefined) return { isRevoked: false, crl: newest }
  throw materialUnavailable(
    `the offline bundle of ${bundle.origin} carries no usable CRL for a certificate of ${issuer.subject.text}: ${why}`,
  )
}

/** A certificate by its serial number, hexadecimal; without an issuer it is one of a SPIFFE trust domain, whose are random. */
export interface CertificateMark {
  readonly issuer?: string | undefined
  readonly serialNumber: string
}

/** Whether a list of the bundle names it. Not checked: who signed that list, which is for the next proof to judge. */
export function isCarriedAsRevoked(bundle: OfflineBundle, { issuer, serialNumber }: CertificateMark): boolean {
  return carriedCrlsOf(bundle).some(
    (crl) => (issuer === undefined || crl.issuer.text === issuer) && crl.revoked.has(serialNumber),
  )
}
