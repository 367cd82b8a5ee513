import type { PersonId } from '@mayfly/domain'
import { findPerson, type PersonRow } from '../../store/person-rows.ts'
import type { Tx } from '../../store/database.ts'
import type { Faults } from './faults.ts'

/** Law 14: whoever answers for an owner is a registered person who is here, never a string. */
export async function resolveAnswering(
  tx: Tx,
  faults: Faults,
  pointer: string,
  ref: string,
): Promise<PersonRow | undefined> {
  const person = await findPerson(tx, ref.includes('@') ? ref.trim().toLowerCase() : ref)
  if (person === undefined) faults.add(pointer, `names no registered person: \`${ref}\``)
  else if (person.state === 'left') faults.add(pointer, `names a person who has left: \`${ref}\``)
  return person
}

export function judgeContact(faults: Faults, contact: string | undefined): void {
  if (contact === undefined) return
  const length = contact.trim().length
  if (length < 3 || length > 320) faults.add('/contact', 'must have 3 to 320 characters: where the team can be reached')
  if (/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(contact)) faults.add('/contact', 'holds control characters')
}

export function judgePair(faults: Faults, primary: PersonId | undefined, deputy: PersonId | null | undefined): void {
  if (primary !== undefined && primary === deputy) {
    faults.add('/deputy', 'is the same person as `primary`; the deputy answers when the primary cannot')
  }
}
