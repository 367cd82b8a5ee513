import { newId, type PersonId, type PersonRole } from '@mayfly/domain'
import { insertPerson, type PersonRow } from '../../store/person-rows.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Change, Changed } from './change.ts'
import { allFields } from './diff-fields.ts'
import { collectFaults } from './faults.ts'
import { judgePerson, normalEmail } from './person-fields.ts'
import { recordChange } from './record-change.ts'

export interface NewPerson {
  readonly name: string
  readonly email: string
  readonly roles: readonly PersonRole[]
}

/**
 * Registers a person. To sign in they need a binding besides.
 *
 * @throws MayflyError `request_invalid`, `name_taken` (the email is another person's)
 */
export async function registerPerson(change: Change, input: NewPerson): Promise<Changed<PersonRow>> {
  const faults = collectFaults()
  judgePerson(faults, input)
  faults.refuse()
  const wanted = {
    name: input.name.trim(),
    email: normalEmail(input.email),
    roles: [...new Set(input.roles)].toSorted(),
  }
  const row = await insertPerson(change.tx, { person_id: newId<PersonId>(), ...wanted, created_at: change.now })
  const changes = allFields(wanted)
  const receipt = await recordChange(change, {
    action: 'person.registered',
    rows: [statedRow('person', row)],
    changes,
    shown: ['roles'],
  })
  return { row, receipt, outcome: 'created', changes }
}
