import { personRoles } from '@mayfly/domain'
import type { Faults } from './faults.ts'

export interface PersonFields {
  readonly name?: string | undefined
  readonly email?: string | undefined
  readonly roles?: readonly string[] | undefined
}

/** Judges what is given; what is absent is not judged. */
export function judgePerson(faults: Faults, { name, email, roles }: PersonFields): void {
  if (name !== undefined) {
    const length = name.trim().length
    if (length < 1 || length > 200) faults.add('/name', 'must have 1 to 200 characters')
    if (/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(name)) faults.add('/name', 'holds control characters')
  }
  // The form only: whether it reaches someone, signing in will show.
  if (email !== undefined && (email.length > 320 || !/^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(email))) {
    faults.add('/email', 'is not an email address, e.g. `ada@example.com`')
  }
  roles?.forEach((role, index) => {
    if (!(personRoles as readonly string[]).includes(role)) {
      faults.add(`/roles/${index}`, `is not a role; it is one of ${personRoles.join(', ')}`)
    }
  })
}

/** Emails are compared without case: two people whose emails differ in case alone are one. */
export function normalEmail(email: string): string {
  return email.trim().toLowerCase()
}
