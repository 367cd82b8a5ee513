/**
 * Certificate revocation lists, version 2 (RFC 5280 section 5): what both the writer and the reader know.
 */
import type { RevocationCause } from '../vocabulary.ts'

export const crlReasonCodes = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  removeFromCRL: 8,
  privilegeWithdrawn: 9,
  aACompromise: 10,
} as const
export type CrlReason = keyof typeof crlReasonCodes

const reasonByCause: Partial<Readonly<Record<RevocationCause, CrlReason>>> = {
  key_compromised: 'keyCompromise',
  clone_detected: 'keyCompromise',
  rotation: 'superseded',
  owner_departed: 'affiliationChanged',
  person_left: 'affiliationChanged',
  identity_retired: 'cessationOfOperation',
  identity_expired: 'cessationOfOperation',
  scale_down: 'cessationOfOperation',
  task_completed: 'cessationOfOperation',
  task_failed: 'cessationOfOperation',
  task_expired: 'cessationOfOperation',
}

/** Why a certificate ended, in the words of RFC 5280 section 5.3.1; of most causes that the permission is gone. */
export function crlReasonOf(cause: RevocationCause): CrlReason {
  return reasonByCause[cause] ?? 'privilegeWithdrawn'
}

/** RFC 5280 section 5.2.5: which certificates a list is about. */
export interface IssuingDistributionPoint {
  readonly uris?: readonly string[]
  /** Absent: both. */
  readonly only?: 'user_certificates' | 'ca_certificates'
}
