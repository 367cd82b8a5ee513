import type { CertificateTemplate } from '@mayfly/domain'
import type { PublishedEnds } from '@mayfly/provider-kit'
import type { Authority } from './read-authority.ts'
import type { X509Settings } from './x509-settings.ts'

/** An open resource: its authority, and what has ended. */
export interface X509Way {
  readonly settings: X509Settings
  readonly authority: Authority
  readonly published: PublishedEnds
  /** What is the same in all of its certificates is encoded once. */
  readonly encode: (template: CertificateTemplate) => Uint8Array
}

export const documentNames = {
  authority: 'ca.crt',
  authorityPem: 'ca.pem',
  crl: 'crl',
  deltaCrl: 'delta-crl',
  ocsp: 'ocsp',
} as const
