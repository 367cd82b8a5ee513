import { MayflyError, type PersonRole, type PersonState } from '@mayfly/domain'
import { activePeople, claimOwnersOfPerson, type OwnerRow, updateOwner } from '../../store/owner-rows.ts'
import { claimAdministrators, claimPerson, type PersonRow, updatePerson } from '../../store/person-rows.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Change, Changed, SeenVersion } from './change.ts'
import { diffFields } from './diff-fields.ts'
import { decideAgain, endAuthority, requireVersion } from './end-authority.ts'
import { collectFaults } from './faults.ts'
import { judgePerson, normalEmail } from './person-fields.ts'
import { recordChange } from './record-change.ts'

export interface PersonUpdate extends SeenVersion {
  readonly name?: string | undefined
  readonly email?: string | undefined
  readonly roles?: readonly PersonRole[] | undefined
  /** `left`: can do nothing from then on; what they alone answered for ends. */
  readonly state?: PersonState | undefined
}

/**
 * Changes a person; `roles` are those given by hand. Where one leaves, their sessions end (cause `person_left`) and what was
 * issued within tasks that they declared is decided again; every owner that is left without an active person departs, and
 * what its identities hold ends at once (cause `owner_departed`); what another person still answers for is decided again
 * (law 11).
 *
 * @throws MayflyError `request_invalid`, `resource_not_found`, `name_taken`, `version_conflict`,
 * `policy_locks_out_administrators` (nobody would be left who can administrate)
 */
export async function changePerson(change: Change, ref: string, input: PersonUpdate): Promise<Changed<PersonRow>> {
  const faults = collectFaults()
  judgePerson(faults, input)
  faults.refuse()
  // Before the person's own row: two administrators who leave at once then wait for each other in one order.
  const mayLoseOne = input.state === 'left' || input.roles?.includes('administrator') === false
  const before = mayLoseOne ? await claimAdministrators(change.tx) : []
  const current = await claimPerson(change.tx, ref)
  requireVersion('person', current, input.version)
  const changes = diffFields(current, {
    name: input.name?.trim(),
    email: input.email === undefined ? undefined : normalEmail(input.email),
    roles: input.roles === undefined ? undefined : [...new Set(input.roles)].toSorted(),
    state: input.state,
  })
  if (changes.length === 0) return { row: current, receipt: null, outcome: 'unchanged', changes }
  const row = await updatePerson(change.tx, current.person_id, {
    ...(input.name === undefined ? {} : { name: input.name.trim() }),
    ...(input.email === undefined ? {} : { email: normalEmail(input.email) }),
    ...(input.roles === undefined ? {} : { roles: [...new Set(input.roles)].toSorted() }),
    ...(input.state === undefined ? {} : { state: input.state }),
  })
  if (before.some(({ person_id: id }) => id === row.person_id)) await requireAdministrator(change)
  const leaves = current.state === 'active' && row.state === 'left'
  const owners = leaves ? await ownersAfterLeaving(change, row) : { departed: [], answering: [] }
  const receipt = await recordChange(change, {
    action: leaves ? 'person.left' : 'person.updated',
    rows: [statedRow('person', row), ...owners.departed.map((owner) => statedRow('owner', owner))],
    changes,
    shown: ['roles', 'state'],
  })
  if (leaves) {
    await endAuthority(change, { kind: 'person', id: row.person_id }, 'person_left')
    await decideAgain(change, 'person', row.person_id, 'the person who declared the task has left')
  } else if (changes.some(({ field }) => field === 'roles')) {
    await decideAgain(change, 'person', row.person_id, 'the roles of the person who declared the task have changed')
  }
  for (const owner of owners.departed) {
    await endAuthority(change, { kind: 'owner', id: owner.owner_id }, 'owner_departed')
  }
  for (const owner of owners.answering) {
    await decideAgain(change, 'owner', owner.owner_id, 'a person who answered for it has left')
  }
  return { row, receipt, outcome: 'updated', changes }
}

async function requireAdministrator(change: Change): Promise<void> {
  if ((await claimAdministrators(change.tx)).length > 0) return
  throw new MayflyError('policy_locks_out_administrators', {
    publicDetail: 'this is the last active person with the role `administrator`',
    hint: 'give the role to another person first',
  })
}

async function ownersAfterLeaving(
  change: Change,
  person: PersonRow,
): Promise<{ departed: OwnerRow[]; answering: OwnerRow[] }> {
  const departed: OwnerRow[] = []
  const answering: OwnerRow[] = []
  for (const owner of await claimOwnersOfPerson(change.tx, person.person_id)) {
    const people = [owner.primary_person_id, owner.deputy_person_id].filter((id) => id !== null)
    const active = await activePeople(change.tx, people)
    if (active.size > 0) answering.push(owner)
    else if (owner.state === 'active') {
      departed.push(await updateOwner(change.tx, owner.owner_id, { state: 'departed' }))
    }
  }
  return { departed, answering }
}
