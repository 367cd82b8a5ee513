import { findNameFault, MayflyError, newId, type RoleId } from '@mayfly/domain'
import { findResource, type ResourceWithOwner } from '../../store/resource-rows.ts'
import { getRole, insertRole, type RoleWithResource } from '../../store/role-rows.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Change, Changed } from './change.ts'
import { allFields } from './diff-fields.ts'
import { requireNotRetired } from './end-authority.ts'
import { collectFaults } from './faults.ts'
import { recordChange } from './record-change.ts'
import type { RegistryDeps } from './registry-deps.ts'
import { getProvider } from './resource-settings.ts'
import { judgeParameters, parsePermission, type RoleParameters } from './role-fields.ts'

export interface NewRole {
  /** Id or name. */
  readonly resource: string
  readonly name: string
  /** In the provider's closed words. */
  readonly permission: unknown
  readonly parameters?: RoleParameters | undefined
  readonly maxTtlSeconds?: number | null | undefined
  /** Default 200. */
  readonly maxLivePerIdentity?: number | undefined
}

export const defaultMaxLivePerIdentity = 200

export const shownRoleFields = [
  'resource_id',
  'name',
  'permission',
  'parameters',
  'max_ttl_seconds',
  'max_live_per_identity',
  'state',
]

/** @throws MayflyError `request_invalid`, `state_not_allowed` (the resource is retired), `name_taken` */
export async function registerRole(
  deps: RegistryDeps,
  change: Change,
  input: NewRole,
): Promise<Changed<RoleWithResource>> {
  const { tx, now } = change
  const resource = await findResource(tx, input.resource)
  if (resource === undefined) throw resourceMissing(input.resource)
  requireNotRetired('resource', resource)
  const faults = collectFaults()
  faults.add('/name', findNameFault(input.name))
  const permission = parsePermission(faults, getProvider(deps, resource.provider_kind), input.permission)
  judgeParameters(faults, input.parameters)
  faults.refuse()
  if (permission === undefined) throw new Error('a fault was not told')
  const wanted = {
    resource_id: resource.resource_id,
    name: input.name,
    permission,
    parameters: input.parameters ?? {},
    max_ttl_seconds: input.maxTtlSeconds ?? null,
    max_live_per_identity: input.maxLivePerIdentity ?? defaultMaxLivePerIdentity,
  }
  const row = await insertRole(tx, {
    role_id: newId<RoleId>(),
    ...wanted,
    permission: JSON.stringify(permission),
    parameters: JSON.stringify(wanted.parameters),
    created_at: now,
  })
  const changes = allFields(wanted)
  const receipt = await recordChange(change, {
    action: 'role.registered',
    rows: [statedRow('role', row)],
    changes,
    shown: shownRoleFields,
  })
  return { row: await getRole(tx, row.role_id), receipt, outcome: 'created', changes }
}

function resourceMissing(ref: ResourceWithOwner['name']): MayflyError {
  const detail = `names no resource: \`${ref}\``
  return new MayflyError('request_invalid', {
    publicDetail: `\`/resource\` ${detail}`,
    hint: 'register the resource first',
    fields: [{ pointer: '/resource', detail }],
  })
}
