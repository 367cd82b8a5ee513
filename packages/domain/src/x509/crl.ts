/**
 * Certificate revocation lists, version 2 (RFC 5280 section 5): what both the writer and the reader know.
 */
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

/** RFC 5280 section 5.2.5: which certificates a list is about. */
export interface IssuingDistributionPoint {
  readonly uris?: readonly string[]
  /** Absent: both. */
  readonly only?: 'user_certificates' | 'ca_certificates'
}
