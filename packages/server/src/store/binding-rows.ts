/** The SQL of bindings: which proof belongs to whom. Bindings have no names. */
import { type BindingId, type IdentityId, isId, type PersonId, type TrustProviderId } from '@mayfly/domain'
import { type Insertable, type Selectable, sql, type Updateable } from 'kysely'
import type { Tx } from './database.ts'
import type { PageRequest } from './page.ts'
import { notFound, orNotFound } from './registry-errors.ts'
import type { BindingTable } from './schema.gen.ts'

export type BindingRow = Selectable<BindingTable>
export type BindingWithNames = BindingRow & {
  readonly trust_provider_name: string
  readonly trust_provider_kind: string
  readonly trust_provider_settings: unknown
  readonly identity_name: string | null
  readonly person_email: string | null
}
export type NewBindingRow = Omit<Insertable<BindingTable>, 'tenant_id' | 'version'>
export type BindingChange = Pick<Updateable<BindingTable>, 'subject' | 'claims' | 'public_jwk' | 'state'>

export async function insertBinding(tx: Tx, row: NewBindingRow): Promise<BindingRow> {
  return tx.query.insertInto('binding').values(row).returningAll().executeTakeFirstOrThrow()
}

export async function updateBinding(tx: Tx, bindingId: BindingId, change: BindingChange): Promise<BindingRow> {
  const update = tx.query.updateTable('binding').set(change).where('binding_id', '=', bindingId)
  return update.returningAll().executeTakeFirstOrThrow()
}

function withNames(tx: Tx) {
  return tx.query
    .selectFrom('binding')
    .innerJoin('trust_provider', 'trust_provider.trust_provider_id', 'binding.trust_provider_id')
    .leftJoin('identity', 'identity.identity_id', 'binding.identity_id')
    .leftJoin('person', 'person.person_id', 'binding.person_id')
    .selectAll('binding')
    .select([
      'trust_provider.name as trust_provider_name',
      'trust_provider.kind as trust_provider_kind',
      'trust_provider.settings as trust_provider_settings',
      'identity.name as identity_name',
      'person.email as person_email',
    ])
}

function byId(tx: Tx, id: string) {
  // What is not in the shape of an id would be an error of the database, not an absence.
  if (!isId(id)) throw notFound('binding', id)
  return withNames(tx).where('binding_id', '=', id as BindingId)
}

/** @throws MayflyError `resource_not_found` */
export async function getBinding(tx: Tx, id: string): Promise<BindingWithNames> {
  return orNotFound('binding', id, await byId(tx, id).executeTakeFirst())
}

/** The row, locked until the transaction ends. */
export async function claimBinding(tx: Tx, id: string): Promise<BindingWithNames> {
  return orNotFound('binding', id, await byId(tx, id).forUpdate('binding').executeTakeFirst())
}

export interface BindingFilter {
  readonly trustProviderId?: TrustProviderId | undefined
  readonly identityId?: IdentityId | undefined
  readonly personId?: PersonId | undefined
  readonly state?: 'active' | 'retired' | undefined
}

export async function listBindings(tx: Tx, filter: BindingFilter, page: PageRequest): Promise<BindingWithNames[]> {
  let query = withNames(tx)
  if (filter.trustProviderId !== undefined) {
    query = query.where('binding.trust_provider_id', '=', filter.trustProviderId)
  }
  if (filter.identityId !== undefined) query = query.where('binding.identity_id', '=', filter.identityId)
  if (filter.personId !== undefined) query = query.where('binding.person_id', '=', filter.personId)
  if (filter.state !== undefined) query = query.where('binding.state', '=', filter.state)
  if (page.after !== undefined) query = query.where('binding.binding_id', '>', page.after as BindingId)
  return query.orderBy('binding.binding_id').limit(page.limit).execute()
}

/**
 * A live binding of another holder that one proof could match together with the given one: the same subject, and no
 * claim that both name with different values.
 */
export async function findRivalBinding(
  tx: Tx,
  wanted: {
    readonly trustProviderId: TrustProviderId
    readonly subject: string
    readonly claims: Readonly<Record<string, unknown>>
    readonly holder: { readonly identity_id: IdentityId | null; readonly person_id: PersonId | null }
    readonly exceptId?: BindingId
  },
): Promise<BindingRow | undefined> {
  let query = tx.query
    .selectFrom('binding')
    .selectAll()
    .where('trust_provider_id', '=', wanted.trustProviderId)
    .where('subject', '=', wanted.subject)
    .where('state', '=', 'active')
    .where(
      sql<boolean>`(identity_id, person_id) is distinct from (${wanted.holder.identity_id}::uuid, ${wanted.holder.person_id}::uuid)`,
    )
    .where(
      sql<boolean>`not exists (select from jsonb_each(binding.claims) theirs
                                 join jsonb_each(${JSON.stringify(wanted.claims)}::jsonb) ours using (key)
                                where theirs.value <> ours.value)`,
    )
  if (wanted.exceptId !== undefined) query = query.where('binding_id', '<>', wanted.exceptId)
  return query.orderBy('binding_id').limit(1).executeTakeFirst()
}

/** The attestations that stand on a binding and still give something. */
export async function listLiveAttestationsOfBinding(tx: Tx, bindingId: BindingId) {
  return tx.query
    .selectFrom('attestation')
    .select('attestation_id')
    .where('binding_id', '=', bindingId)
    .where('state', '=', 'fresh')
    .orderBy('attestation_id')
    .execute()
}
