import type { CrlReason, RevocationCause } from '@mayfly/domain'

/** Why, in the words of RFC 5280 section 5.3.1. */
const reasons: Partial<Readonly<Record<RevocationCause, CrlReason>>> = {
  key_compromised: 'keyCompromise',
  clone_detected: 'keyCompromise',
  rotation: 'superseded',
  owner_departed: 'affiliationChanged',
  person_left: 'affiliationChanged',
  task_completed: 'cessationOfOperation',
  task_failed: 'cessationOfOperation',
  task_expired: 'cessationOfOperation',
  scale_down: 'cessationOfOperation',
  identity_retired: 'cessationOfOperation',
  no_longer_permitted: 'privilegeWithdrawn',
  policy_violation: 'privilegeWithdrawn',
  role_retired: 'privilegeWithdrawn',
}

export function reasonOf(cause: RevocationCause): CrlReason {
  return reasons[cause] ?? 'unspecified'
}
