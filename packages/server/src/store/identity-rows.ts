/** The SQL of identities. */
import {
  type Environment,
  type IdentityId,
  type IdentityKind,
  type IdentityState,
  isId,
  type OwnerId,
} from '@mayfly/domain'
import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Tx } from './database.ts'
import type { PageRequest } from './page.ts'
import { orNameTaken, orNotFound } from './registry-errors.ts'
import type { IdentityTable } from './schema.gen.ts'

export type IdentityRow = Selectable<IdentityTable>
/** With its owner's name and state, as people and checks want to see it. */
export type IdentityWithOwner = IdentityRow & {
  readonly owner_name: string
  readonly owner_state: 'active' | 'departed'
}
export type NewIdentityRow = Omit<Insertable<IdentityTable>, 'tenant_id' | 'version'>
export type IdentityChange = Pick<
  Updateable<IdentityTable>,
  'owner_id' | 'purpose' | 'expires_at' | 'expired_at' | 'attributes' | 'state'
>

export async function insertIdentity(tx: Tx, row: NewIdentityRow): Promise<IdentityRow> {
  return orNameTaken(tx.query.insertInto('identity').values(row).returningAll().executeTakeFirstOrThrow(), {
    identity_tenant_id_name_key: { pointer: '/name', detail: `there is an identity \`${row.name}\` already` },
    identity_tenant_id_spiffe_id_key: {
      pointer: '/name',
      detail: `the SPIFFE ID \`${row.spiffe_id}\` is in use already`,
    },
  })
}

export async function updateIdentity(tx: Tx, identityId: IdentityId, change: IdentityChange): Promise<IdentityRow> {
  const update = tx.query.updateTable('identity').set(change).where('identity_id', '=', identityId)
  return update.returningAll().executeTakeFirstOrThrow()
}

function withOwner(tx: Tx) {
  return tx.query
    .selectFrom('identity')
    .innerJoin('owner', 'owner.owner_id', 'identity.owner_id')
    .selectAll('identity')
    .select(['owner.name as owner_name', 'owner.state as owner_state'])
}

function byRef(tx: Tx, ref: string) {
  const query = withOwner(tx)
  return isId(ref) ? query.where('identity_id', '=', ref as IdentityId) : query.where('identity.name', '=', ref)
}

export async function findIdentity(tx: Tx, ref: string): Promise<IdentityWithOwner | undefined> {
  return byRef(tx, ref).executeTakeFirst()
}

/** @throws MayflyError `resource_not_found` */
export async function getIdentity(tx: Tx, ref: string): Promise<IdentityWithOwner> {
  return orNotFound('identity', ref, await findIdentity(tx, ref))
}

/** The row, locked until the transaction ends. */
export async function claimIdentity(tx: Tx, ref: string): Promise<IdentityWithOwner> {
  return orNotFound('identity', ref, await byRef(tx, ref).forNoKeyUpdate('identity').executeTakeFirst())
}

export interface IdentityFilter {
  readonly ownerId?: OwnerId | undefined
  readonly environment?: Environment | undefined
  readonly kind?: IdentityKind | undefined
  readonly state?: IdentityState | undefined
}

export async function listIdentities(tx: Tx, filter: IdentityFilter, page: PageRequest): Promise<IdentityWithOwner[]> {
  let query = withOwner(tx)
  if (filter.ownerId !== undefined) query = query.where('identity.owner_id', '=', filter.ownerId)
  if (filter.environment !== undefined) query = query.where('identity.environment', '=', filter.environment)
  if (filter.kind !== undefined) query = query.where('identity.kind', '=', filter.kind)
  if (filter.state !== undefined) query = query.where('identity.state', '=', filter.state)
  if (page.after !== undefined) query = query.where('identity.identity_id', '>', page.after as IdentityId)
  return query.orderBy('identity.identity_id').limit(page.limit).execute()
}

/** Identities whose end has come and has not been carried out; locked, those that another worker holds left out. */
export async function claimExpiredIdentities(tx: Tx, now: Date, limit: number): Promise<IdentityRow[]> {
  return tx.query
    .selectFrom('identity')
    .selectAll()
    .where('expires_at', '<=', now)
    .where('state', '<>', 'retired')
    .where('expired_at', 'is', null)
    .orderBy('expires_at')
    .limit(limit)
    .forNoKeyUpdate()
    .skipLocked()
    .execute()
}

export async function markIdentitiesExpired(
  tx: Tx,
  identityIds: readonly IdentityId[],
  now: Date,
): Promise<IdentityRow[]> {
  if (identityIds.length === 0) return []
  const update = tx.query.updateTable('identity').set({ expired_at: now }).where('identity_id', 'in', identityIds)
  return update.returningAll().execute()
}
