/** The SQL of people. Found by id or by email. */
import { isId, type PersonId, type PersonState, type TrustProviderId } from '@mayfly/domain'
import { type Insertable, type Selectable, sql, type Updateable } from 'kysely'
import type { Tx } from './database.ts'
import type { PageRequest } from './page.ts'
import { orNameTaken, orNotFound } from './registry-errors.ts'
import type { PersonTable } from './schema.gen.ts'

export type PersonRow = Selectable<PersonTable>
export type NewPersonRow = Omit<Insertable<PersonTable>, 'tenant_id' | 'version'>
export type PersonChange = Pick<Updateable<PersonTable>, 'name' | 'email' | 'roles' | 'state' | 'group_grants'>

function taken(email: string | null | undefined) {
  const detail = `there is a person with the email \`${email ?? ''}\` already`
  return { person_tenant_id_email_key: { pointer: '/email', detail } }
}

export async function insertPerson(tx: Tx, row: NewPersonRow): Promise<PersonRow> {
  return orNameTaken(
    tx.query.insertInto('person').values(row).returningAll().executeTakeFirstOrThrow(),
    taken(row.email),
  )
}

export async function updatePerson(tx: Tx, personId: PersonId, change: PersonChange): Promise<PersonRow> {
  const update = tx.query.updateTable('person').set(change).where('person_id', '=', personId).returningAll()
  return orNameTaken(update.executeTakeFirstOrThrow(), taken(change.email))
}

function byRef(tx: Tx, ref: string) {
  const query = tx.query.selectFrom('person').selectAll()
  return isId(ref) ? query.where('person_id', '=', ref as PersonId) : query.where('email', '=', ref)
}

export async function findPerson(tx: Tx, ref: string): Promise<PersonRow | undefined> {
  return byRef(tx, ref).executeTakeFirst()
}

/** @throws MayflyError `resource_not_found` */
export async function getPerson(tx: Tx, ref: string): Promise<PersonRow> {
  return orNotFound('person', ref, await findPerson(tx, ref))
}

/** The row, locked until the transaction ends. */
export async function claimPerson(tx: Tx, ref: string): Promise<PersonRow> {
  return orNotFound('person', ref, await byRef(tx, ref).forNoKeyUpdate().executeTakeFirst())
}

export interface PersonFilter {
  readonly state?: PersonState | undefined
}

export async function listPeople(tx: Tx, filter: PersonFilter, page: PageRequest): Promise<PersonRow[]> {
  let query = tx.query.selectFrom('person').selectAll()
  if (filter.state !== undefined) query = query.where('state', '=', filter.state)
  if (page.after !== undefined) query = query.where('person_id', '>', page.after as PersonId)
  return query.orderBy('person_id').limit(page.limit).execute()
}

/** By hand, or as a trust provider that still stands as it did then said last of their groups. A condition on `person`. */
export const isAdministrator = sql<boolean>`('administrator' = any(person.roles) or exists (
  select from trust_provider g where g.state = 'active' and g.kind = 'sign_in'
    and group_grant(person.group_grants, g.trust_provider_id, g.version) -> 'roles' ? 'administrator'))`

/** The people who can administrate, locked in one order: two who leave at once must not each count on the other. */
export async function claimAdministrators(tx: Tx): Promise<PersonRow[]> {
  return tx.query
    .selectFrom('person')
    .selectAll()
    .where('state', '=', 'active')
    .where(isAdministrator)
    .orderBy('person_id')
    .forNoKeyUpdate()
    .execute()
}

/** Those to whom the groups of a sign-in provider gave something, and whose tasks are at work. */
export async function listGrantedDeclarers(tx: Tx, trustProviderId: TrustProviderId): Promise<readonly PersonId[]> {
  const rows = await tx.query
    .selectFrom('task')
    .innerJoin('person', 'person.person_id', 'task.declared_by_person')
    .where('task.state', '=', 'active')
    .where(sql<boolean>`person.group_grants ? ${trustProviderId}::text`)
    .select('person.person_id')
    .distinct()
    .execute()
  return rows.map((row) => row.person_id)
}
