/** The SQL of resources. */
import { type Environment, isId, type OwnerId, type ResourceId } from '@mayfly/domain'
import { type Insertable, type Selectable, sql, type Updateable } from 'kysely'
import type { Tx } from './database.ts'
import type { PageRequest } from './page.ts'
import { orNameTaken, orNotFound } from './registry-errors.ts'
import type { ResourceTable } from './schema.gen.ts'

export type ResourceRow = Selectable<ResourceTable>
export type ResourceWithOwner = ResourceRow & {
  readonly owner_name: string
  readonly owner_state: 'active' | 'departed'
}
export type NewResourceRow = Omit<Insertable<ResourceTable>, 'tenant_id' | 'version'>
export type ResourceChange = Omit<
  Updateable<ResourceTable>,
  'tenant_id' | 'resource_id' | 'name' | 'provider_kind' | 'environment' | 'version' | 'created_at'
>

export async function insertResource(tx: Tx, row: NewResourceRow): Promise<ResourceRow> {
  return orNameTaken(tx.query.insertInto('resource').values(row).returningAll().executeTakeFirstOrThrow(), {
    resource_tenant_id_name_key: { pointer: '/name', detail: `there is a resource \`${row.name}\` already` },
  })
}

export async function updateResource(tx: Tx, resourceId: ResourceId, change: ResourceChange): Promise<ResourceRow> {
  const update = tx.query.updateTable('resource').set(change).where('resource_id', '=', resourceId)
  return update.returningAll().executeTakeFirstOrThrow()
}

function withOwner(tx: Tx) {
  return tx.query
    .selectFrom('resource')
    .innerJoin('owner', 'owner.owner_id', 'resource.owner_id')
    .selectAll('resource')
    .select(['owner.name as owner_name', 'owner.state as owner_state'])
}

function byRef(tx: Tx, ref: string) {
  const query = withOwner(tx)
  return isId(ref) ? query.where('resource_id', '=', ref as ResourceId) : query.where('resource.name', '=', ref)
}

export async function findResource(tx: Tx, ref: string): Promise<ResourceWithOwner | undefined> {
  return byRef(tx, ref).executeTakeFirst()
}

/** @throws MayflyError `resource_not_found` */
export async function getResource(tx: Tx, ref: string): Promise<ResourceWithOwner> {
  return orNotFound('resource', ref, await findResource(tx, ref))
}

/** The row, locked until the transaction ends. */
export async function claimResource(tx: Tx, ref: string): Promise<ResourceWithOwner> {
  return orNotFound('resource', ref, await byRef(tx, ref).forNoKeyUpdate('resource').executeTakeFirst())
}

export interface ResourceFilter {
  readonly ownerId?: OwnerId | undefined
  readonly environment?: Environment | undefined
  readonly providerKind?: string | undefined
  readonly state?: 'active' | 'retired' | undefined
}

export async function listResources(tx: Tx, filter: ResourceFilter, page: PageRequest): Promise<ResourceWithOwner[]> {
  let query = withOwner(tx)
  if (filter.ownerId !== undefined) query = query.where('resource.owner_id', '=', filter.ownerId)
  if (filter.environment !== undefined) query = query.where('resource.environment', '=', filter.environment)
  if (filter.providerKind !== undefined) query = query.where('resource.provider_kind', '=', filter.providerKind)
  if (filter.state !== undefined) query = query.where('resource.state', '=', filter.state)
  if (page.after !== undefined) query = query.where('resource.resource_id', '>', page.after as ResourceId)
  return query.orderBy('resource.resource_id').limit(page.limit).execute()
}

/** How many accounts may still stand at the target: every credential whose removal was not seen. */
export async function countAccountsAtResource(tx: Tx, resourceId: ResourceId): Promise<number> {
  const row = await tx.query
    .selectFrom('credential')
    .select((of) => of.fn.countAll<number>().as('count'))
    .where('resource_id', '=', resourceId)
    .where('state', 'in', ['requested', 'active', 'revoking'])
    .executeTakeFirstOrThrow()
  return row.count
}

/** Held until the end of the transaction: of two that decide over one login at once, one waits. */
export async function lockLogin(tx: Tx, loginFingerprint: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`mayfly login ${loginFingerprint}`}, 0))`.execute(tx.query)
}

/** The other resources whose work would stop if the password of this login changed without them. */
export async function listResourcesWithLogin(
  tx: Tx,
  loginFingerprint: string,
  except: ResourceId | undefined,
): Promise<Pick<ResourceRow, 'name' | 'login_adopted_at' | 'sealed_next_secret'>[]> {
  let query = tx.query
    .selectFrom('resource')
    .select(['name', 'login_adopted_at', 'sealed_next_secret'])
    .where('login_fingerprint', '=', loginFingerprint)
    .where((where) =>
      where.or([
        where('state', '=', 'active'),
        where.exists(
          where
            .selectFrom('credential')
            .select('credential_id')
            .whereRef('credential.resource_id', '=', 'resource.resource_id')
            .where('credential.state', 'in', ['requested', 'active', 'revoking']),
        ),
      ]),
    )
  if (except !== undefined) query = query.where('resource_id', '<>', except)
  return query.orderBy('name').limit(3).execute()
}

/** The resource whose login has been due the longest, locked; passes over those that another server holds. */
export async function claimDueLogin(tx: Tx, now: Date): Promise<ResourceRow | undefined> {
  return tx.query
    .selectFrom('resource')
    .selectAll()
    .where('login_due_at', '<=', now)
    .orderBy('login_due_at')
    .limit(1)
    .forNoKeyUpdate()
    .skipLocked()
    .executeTakeFirst()
}
