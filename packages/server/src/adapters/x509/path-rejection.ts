/** Why a path is refused: an answer, not an error. */
import type { Certificate } from '@mayfly/domain'

export const pathRejections = [
  'certificate_malformed',
  'too_many_certificates',
  'issuer_unknown',
  'signature_invalid',
  'path_too_long',
  'path_too_complex',
  'algorithm_not_allowed',
  'key_not_allowed',
  'not_yet_valid',
  'expired',
  'leaf_is_authority',
  'not_an_authority',
  'key_usage_wrong',
  'path_length_exceeded',
  'name_not_permitted',
  'name_constraints_unsupported',
  'critical_extension_unknown',
  'policy_constraints_unsupported',
  'purpose_not_allowed',
] as const
export type PathRejectionReason = (typeof pathRejections)[number]

export interface PathRejection {
  readonly outcome: 'rejected'
  readonly reason: PathRejectionReason
  /** For the caller: lower case, no full stop, says which certificate. */
  readonly detail: string
}

export function rejected(reason: PathRejectionReason, detail: string): PathRejection {
  return { outcome: 'rejected', reason, detail }
}

/** How a certificate is called in a rejection. */
export function nameOf(certificate: Certificate): string {
  const [uri] = certificate.subjectAltName?.uri ?? []
  const name = certificate.subject.text || uri || `serial number ${certificate.serialNumber}`
  return `\`${name.slice(0, 200)}\``
}
