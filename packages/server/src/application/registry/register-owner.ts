import { findNameFault, newId, type OwnerId } from '@mayfly/domain'
import { insertOwner, type OwnerRow } from '../../store/owner-rows.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Change, Changed } from './change.ts'
import { allFields } from './diff-fields.ts'
import { collectFaults } from './faults.ts'
import { judgeContact, judgePair, resolveAnswering } from './owner-people.ts'
import { recordChange } from './record-change.ts'

export interface NewOwner {
  readonly name: string
  readonly contact: string
  /** Id or email of a registered person. */
  readonly primary: string
  readonly deputy?: string | null | undefined
}

/** @throws MayflyError `request_invalid`, `name_taken` */
export async function registerOwner(change: Change, input: NewOwner): Promise<Changed<OwnerRow>> {
  const { tx, now } = change
  const faults = collectFaults()
  faults.add('/name', findNameFault(input.name))
  judgeContact(faults, input.contact)
  const primary = await resolveAnswering(tx, faults, '/primary', input.primary)
  const deputy = input.deputy ? await resolveAnswering(tx, faults, '/deputy', input.deputy) : undefined
  judgePair(faults, primary?.person_id, deputy?.person_id)
  faults.refuse()
  if (primary === undefined) throw new Error('a fault was not told')
  const wanted = {
    name: input.name,
    contact: input.contact.trim(),
    primary_person_id: primary.person_id,
    deputy_person_id: deputy?.person_id ?? null,
  }
  const row = await insertOwner(tx, { owner_id: newId<OwnerId>(), ...wanted, created_at: now })
  const changes = allFields(wanted)
  const receipt = await recordChange(change, {
    action: 'owner.registered',
    rows: [statedRow('owner', row)],
    changes,
    shown: ['name', 'primary_person_id', 'deputy_person_id'],
  })
  return { row, receipt, outcome: 'created', changes }
}
