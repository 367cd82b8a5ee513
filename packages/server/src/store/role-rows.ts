/** The SQL of roles. Found by id, or as `resource-name/role-name`. */
import { isId, type ResourceId, type RoleId } from '@mayfly/domain'
import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Tx } from './database.ts'
import type { PageRequest } from './page.ts'
import { orNameTaken, orNotFound } from './registry-errors.ts'
import type { RoleTable } from './schema.gen.ts'

export type RoleRow = Selectable<RoleTable>
export type RoleWithResource = RoleRow & {
  readonly resource_name: string
  readonly resource_state: string
  readonly provider_kind: string
}
export type NewRoleRow = Omit<Insertable<RoleTable>, 'tenant_id' | 'version'>
export type RoleChange = Pick<
  Updateable<RoleTable>,
  'permission' | 'parameters' | 'max_ttl_seconds' | 'max_live_per_identity' | 'state'
>

export async function insertRole(tx: Tx, row: NewRoleRow): Promise<RoleRow> {
  return orNameTaken(tx.query.insertInto('role').values(row).returningAll().executeTakeFirstOrThrow(), {
    role_tenant_id_resource_id_name_key: {
      pointer: '/name',
      detail: `there is a role \`${row.name}\` on this resource already`,
    },
  })
}

export async function updateRole(tx: Tx, roleId: RoleId, change: RoleChange): Promise<RoleRow> {
  const update = tx.query.updateTable('role').set(change).where('role_id', '=', roleId)
  return update.returningAll().executeTakeFirstOrThrow()
}

function withResource(tx: Tx) {
  return tx.query
    .selectFrom('role')
    .innerJoin('resource', 'resource.resource_id', 'role.resource_id')
    .selectAll('role')
    .select(['resource.name as resource_name', 'resource.state as resource_state', 'resource.provider_kind'])
}

/** @param ref an id, or `resource-name/role-name` */
function byRef(tx: Tx, ref: string) {
  const query = withResource(tx)
  if (isId(ref)) return query.where('role_id', '=', ref as RoleId)
  const slash = ref.indexOf('/')
  // Without a slash it names no role: no resource has an empty name.
  const [resourceName, roleName] = [ref.slice(0, Math.max(slash, 0)), ref.slice(slash + 1)]
  return query.where('resource.name', '=', resourceName).where('role.name', '=', roleName)
}

export async function findRole(tx: Tx, ref: string): Promise<RoleWithResource | undefined> {
  return byRef(tx, ref).executeTakeFirst()
}

/** @throws MayflyError `resource_not_found` */
export async function getRole(tx: Tx, ref: string): Promise<RoleWithResource> {
  return orNotFound('role', ref, await findRole(tx, ref))
}

/** The row, locked until the transaction ends. */
export async function claimRole(tx: Tx, ref: string): Promise<RoleWithResource> {
  return orNotFound('role', ref, await byRef(tx, ref).forNoKeyUpdate('role').executeTakeFirst())
}

export interface RoleFilter {
  readonly resourceId?: ResourceId | undefined
  readonly state?: 'active' | 'retired' | undefined
}

export async function listRoles(tx: Tx, filter: RoleFilter, page: PageRequest): Promise<RoleWithResource[]> {
  let query = withResource(tx)
  if (filter.resourceId !== undefined) query = query.where('role.resource_id', '=', filter.resourceId)
  if (filter.state !== undefined) query = query.where('role.state', '=', filter.state)
  if (page.after !== undefined) query = query.where('role.role_id', '>', page.after as RoleId)
  return query.orderBy('role.role_id').limit(page.limit).execute()
}

/** `resource-name/role-name`: what people and policies call a role. */
export function fullRoleName(row: RoleWithResource): string {
  return `${row.resource_name}/${row.name}`
}
