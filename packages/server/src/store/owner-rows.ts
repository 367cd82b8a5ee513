/** The SQL of owners. */
import { isId, type OwnerId, type OwnerState, type PersonId } from '@mayfly/domain'
import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Tx } from './database.ts'
import type { PageRequest } from './page.ts'
import { orNameTaken, orNotFound } from './registry-errors.ts'
import type { OwnerTable } from './schema.gen.ts'

export type OwnerRow = Selectable<OwnerTable>
export type NewOwnerRow = Omit<Insertable<OwnerTable>, 'tenant_id' | 'version'>
export type OwnerChange = Pick<Updateable<OwnerTable>, 'contact' | 'primary_person_id' | 'deputy_person_id' | 'state'>

export async function insertOwner(tx: Tx, row: NewOwnerRow): Promise<OwnerRow> {
  return orNameTaken(tx.query.insertInto('owner').values(row).returningAll().executeTakeFirstOrThrow(), {
    owner_tenant_id_name_key: { pointer: '/name', detail: `there is an owner \`${row.name}\` already` },
  })
}

export async function updateOwner(tx: Tx, ownerId: OwnerId, change: OwnerChange): Promise<OwnerRow> {
  const update = tx.query.updateTable('owner').set(change).where('owner_id', '=', ownerId)
  return update.returningAll().executeTakeFirstOrThrow()
}

function byRef(tx: Tx, ref: string) {
  const query = tx.query.selectFrom('owner').selectAll()
  return isId(ref) ? query.where('owner_id', '=', ref as OwnerId) : query.where('name', '=', ref)
}

export async function findOwner(tx: Tx, ref: string): Promise<OwnerRow | undefined> {
  return byRef(tx, ref).executeTakeFirst()
}

/** @throws MayflyError `resource_not_found` */
export async function getOwner(tx: Tx, ref: string): Promise<OwnerRow> {
  return orNotFound('owner', ref, await findOwner(tx, ref))
}

/** The row, locked until the transaction ends. */
export async function claimOwner(tx: Tx, ref: string): Promise<OwnerRow> {
  return orNotFound('owner', ref, await byRef(tx, ref).forNoKeyUpdate().executeTakeFirst())
}

/** The row, held so that it stays as it is until the transaction ends; others may hold it too. */
export async function findOwnerHeld(tx: Tx, ref: string): Promise<OwnerRow | undefined> {
  return byRef(tx, ref).forShare().executeTakeFirst()
}

export interface OwnerFilter {
  readonly state?: OwnerState | undefined
}

export async function listOwners(tx: Tx, filter: OwnerFilter, page: PageRequest): Promise<OwnerRow[]> {
  let query = tx.query.selectFrom('owner').selectAll()
  if (filter.state !== undefined) query = query.where('state', '=', filter.state)
  if (page.after !== undefined) query = query.where('owner_id', '>', page.after as OwnerId)
  return query.orderBy('owner_id').limit(page.limit).execute()
}

/** The owners that this person answers for, locked, in one order so that two such changes do not deadlock. */
export async function claimOwnersOfPerson(tx: Tx, personId: PersonId): Promise<OwnerRow[]> {
  return tx.query
    .selectFrom('owner')
    .selectAll()
    .where((is) => is.or([is('primary_person_id', '=', personId), is('deputy_person_id', '=', personId)]))
    .orderBy('owner_id')
    .forNoKeyUpdate()
    .execute()
}

/** Of these people, those who have not left. */
export async function activePeople(tx: Tx, personIds: readonly PersonId[]): Promise<Set<PersonId>> {
  if (personIds.length === 0) return new Set()
  const rows = await tx.query
    .selectFrom('person')
    .select('person_id')
    .where('person_id', 'in', personIds)
    .where('state', '=', 'active')
    // Against a person who leaves at the same moment.
    .forShare()
    .execute()
  return new Set(rows.map((row) => row.person_id))
}
