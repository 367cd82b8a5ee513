import { activePeople, claimOwner, type OwnerRow, updateOwner } from '../../store/owner-rows.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Change, Changed, SeenVersion } from './change.ts'
import { diffFields } from './diff-fields.ts'
import { decideAgain, endAuthority, requireVersion } from './end-authority.ts'
import { collectFaults } from './faults.ts'
import { judgeContact, judgePair, resolveAnswering } from './owner-people.ts'
import { recordChange } from './record-change.ts'

export interface OwnerUpdate extends SeenVersion {
  readonly contact?: string | undefined
  /** Id or email of a registered person. */
  readonly primary?: string | undefined
  /** Null: there is none any more. */
  readonly deputy?: string | null | undefined
}

/**
 * Changes an owner. It answers as long as its primary or its deputy is an active person: a departed owner answers again
 * once it is given one, and one that loses its last departs, which ends what its identities hold.
 *
 * @throws MayflyError `request_invalid`, `resource_not_found`, `version_conflict`
 */
export async function changeOwner(change: Change, ref: string, input: OwnerUpdate): Promise<Changed<OwnerRow>> {
  const { tx } = change
  const faults = collectFaults()
  const current = await claimOwner(tx, ref)
  requireVersion('owner', current, input.version)
  judgeContact(faults, input.contact)
  const primary =
    input.primary === undefined ? undefined : await resolveAnswering(tx, faults, '/primary', input.primary)
  const deputy = input.deputy ? await resolveAnswering(tx, faults, '/deputy', input.deputy) : undefined
  const primaryId = primary?.person_id ?? current.primary_person_id
  const deputyId = input.deputy === undefined ? current.deputy_person_id : (deputy?.person_id ?? null)
  judgePair(faults, primaryId, deputyId)
  faults.refuse()
  const active = await activePeople(tx, deputyId === null ? [primaryId] : [primaryId, deputyId])
  const wanted = {
    contact: input.contact?.trim() ?? current.contact,
    primary_person_id: primaryId,
    deputy_person_id: deputyId,
    state: active.size > 0 ? ('active' as const) : ('departed' as const),
  }
  const changes = diffFields(current, wanted)
  if (changes.length === 0) return { row: current, receipt: null, outcome: 'unchanged', changes }
  const row = await updateOwner(tx, current.owner_id, wanted)
  const receipt = await recordChange(change, {
    action: 'owner.updated',
    rows: [statedRow('owner', row)],
    changes,
    shown: ['primary_person_id', 'deputy_person_id', 'state'],
  })
  if (row.state === 'departed') {
    await endAuthority(change, { kind: 'owner', id: row.owner_id }, 'owner_departed')
  } else if (changes.some(({ field }) => field !== 'contact')) {
    await decideAgain(change, 'owner', row.owner_id, 'the people who answer for it have changed')
  }
  return { row, receipt, outcome: 'updated', changes }
}
