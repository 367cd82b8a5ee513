import type { JsonObject } from '@mayfly/domain'
import { claimRole, getRole, type RoleWithResource, updateRole } from '../../store/role-rows.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Change, Changed, SeenVersion } from './change.ts'
import { diffFields } from './diff-fields.ts'
import { decideAgain, endAuthority, requireNotRetired, requireVersion } from './end-authority.ts'
import { collectFaults } from './faults.ts'
import { recordChange } from './record-change.ts'
import { shownRoleFields } from './register-role.ts'
import type { RegistryDeps } from './registry-deps.ts'
import { getProvider } from './resource-settings.ts'
import { judgeParameters, parsePermission, type RoleParameters } from './role-fields.ts'

export interface RoleUpdate extends SeenVersion {
  readonly permission?: unknown
  readonly parameters?: RoleParameters | undefined
  readonly maxTtlSeconds?: number | null | undefined
  readonly maxLivePerIdentity?: number | undefined
}

/**
 * Changes a role. Where what it permits changes, its live credentials end (cause `no_longer_permitted`): their accounts
 * hold at the target what the role no longer says, and the record would lie (law 9). Limits alone are decided again.
 *
 * @throws MayflyError `request_invalid`, `resource_not_found`, `state_not_allowed` (retired), `version_conflict`
 */
export async function changeRole(
  deps: RegistryDeps,
  change: Change,
  ref: string,
  input: RoleUpdate,
): Promise<Changed<RoleWithResource>> {
  const { tx } = change
  const current = await claimRole(tx, ref)
  requireVersion('role', current, input.version)
  requireNotRetired('role', current)
  const faults = collectFaults()
  const permission =
    input.permission === undefined
      ? (current.permission as JsonObject)
      : parsePermission(faults, getProvider(deps, current.provider_kind), input.permission)
  judgeParameters(faults, input.parameters)
  faults.refuse()
  const wanted = {
    permission: permission ?? {},
    parameters: input.parameters ?? (current.parameters as RoleParameters),
    max_ttl_seconds: input.maxTtlSeconds === undefined ? current.max_ttl_seconds : input.maxTtlSeconds,
    max_live_per_identity: input.maxLivePerIdentity ?? current.max_live_per_identity,
  }
  const changes = diffFields(current, wanted)
  if (changes.length === 0) return { row: current, receipt: null, outcome: 'unchanged', changes }
  const row = await updateRole(tx, current.role_id, {
    ...wanted,
    permission: JSON.stringify(wanted.permission),
    parameters: JSON.stringify(wanted.parameters),
  })
  const receipt = await recordChange(change, {
    action: 'role.updated',
    rows: [statedRow('role', row)],
    changes,
    shown: shownRoleFields,
  })
  if (changes.some(({ field }) => field === 'permission' || field === 'parameters')) {
    await endAuthority(
      change,
      { kind: 'role', id: row.role_id },
      'no_longer_permitted',
      'what the role permits changed',
    )
  } else {
    await decideAgain(change, 'role', row.role_id, 'the limits of the role have changed')
  }
  return { row: await getRole(tx, row.role_id), receipt, outcome: 'updated', changes }
}

/** @throws MayflyError `resource_not_found`, `version_conflict` */
export async function retireRole(
  change: Change,
  ref: string,
  input: SeenVersion & { readonly reason?: string | undefined },
): Promise<Changed<RoleWithResource>> {
  const current = await claimRole(change.tx, ref)
  requireVersion('role', current, input.version)
  const changes = diffFields(current, { state: 'retired' })
  if (changes.length === 0) return { row: current, receipt: null, outcome: 'unchanged', changes }
  const row = await updateRole(change.tx, current.role_id, { state: 'retired' })
  const receipt = await recordChange(change, {
    action: 'role.retired',
    rows: [statedRow('role', row)],
    changes,
    shown: shownRoleFields,
  })
  await endAuthority(change, { kind: 'role', id: row.role_id }, 'role_retired', input.reason)
  return { row: await getRole(change.tx, row.role_id), receipt, outcome: 'updated', changes }
}
