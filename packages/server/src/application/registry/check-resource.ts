/**
 * Proves at the target, by doing, that a resource's settings and rights suffice, and keeps what was found.
 *
 * Promise: no transaction is open while the target is spoken to (law 10); what is kept is what was found of exactly the
 * settings that are stored.
 * Limit: the login that the check makes has no credential row. It is short-lived at the target, and the check removes it.
 */
import { type CredentialId, type DecisionId, type JsonValue, MayflyError, newId } from '@mayfly/domain'
import type { CheckFinding } from '@mayfly/provider-kit'
import type { OpenTarget, PreparedTarget, Targets } from '../../adapters/targets/targets.ts'
import type { Tx } from '../../store/database.ts'
import { claimResource, getResource, type ResourceWithOwner, updateResource } from '../../store/resource-rows.ts'
import { listRoles } from '../../store/role-rows.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { RequestContext } from '../context.ts'
import type { Changed } from './change.ts'
import { requireNotRetired, requireVersion } from './end-authority.ts'
import { recordChange } from './record-change.ts'
import type { RegistryDeps } from './registry-deps.ts'

export interface ResourceCheckDeps {
  readonly targets: Targets
  /** The gate: this use case takes two transactions, and asks in the first. */
  gate<T>(
    ctx: RequestContext,
    request: {
      readonly action: 'resource.check'
      readonly resource: { readonly type: 'Resource'; readonly id: string }
    },
    work: (tx: Tx, decision: { readonly decisionId: DecisionId }) => Promise<T>,
  ): Promise<T>
}

const checkTimeoutMs = 60_000

/**
 * @throws MayflyError `policy_denied`, `resource_not_found`, `state_not_allowed` (retired), `settings_invalid`,
 * `version_conflict` (changed while it was checked)
 */
export async function checkResource(
  deps: RegistryDeps & ResourceCheckDeps,
  ctx: RequestContext,
  ref: string,
  signal: AbortSignal,
): Promise<Changed<ResourceWithOwner>> {
  const asked = { action: 'resource.check', resource: { type: 'Resource', id: ref } } as const
  const { resource, target, permission, decisionId } = await deps.gate(ctx, asked, async (tx, decision) => {
    const row = await getResource(tx, ref)
    requireNotRetired('resource', row)
    const [role] = await listRoles(tx, { resourceId: row.resource_id, state: 'active' }, { limit: 1 })
    const prepared = await deps.targets.prepare(tx, row)
    return { resource: row, target: prepared, permission: role?.permission, decisionId: decision.decisionId }
  })
  const findings = await runCheck(target, permission, AbortSignal.any([signal, AbortSignal.timeout(checkTimeoutMs)]))
  return deps.database.transaction(ctx.tenantId, async (tx) => {
    const now = deps.clock.now()
    const current = await claimResource(tx, resource.resource_id)
    requireVersion('resource', current, resource.version)
    const row = await updateResource(tx, resource.resource_id, {
      checked_at: now,
      check_result: JSON.stringify(findings),
    })
    const changes = outcomes(findings)
    const receipt = await recordChange(
      { tx, actor: ctx.actor, now, requestId: ctx.requestId, decisionId },
      {
        action: 'resource.checked',
        rows: [statedRow('resource', row)],
        changes,
        shown: ['passed', 'warned', 'failed'],
      },
    )
    return { row: await getResource(tx, row.resource_id), receipt, outcome: 'updated', changes }
  })
}

async function runCheck(target: PreparedTarget, permission: unknown, signal: AbortSignal): Promise<CheckFinding[]> {
  const { provider } = target
  const probe = {
    newHandle: () => provider.plan(newId<CredentialId>()),
    ...(permission === undefined ? {} : { permission: provider.permission.parse(permission) }),
  }
  try {
    return [...(await target.use((open: OpenTarget) => open.check(probe, signal)))]
  } catch (error) {
    // That the target cannot be reached is what a check is there to find.
    if (!(error instanceof MayflyError) || !error.code.startsWith('target_')) throw error
    const { publicDetail, hint } = error.options
    const detail = publicDetail ?? error.code.replaceAll('_', ' ')
    return [{ check: 'connection', outcome: 'failed', detail, ...(hint === undefined ? {} : { hint }) }]
  }
}

/** Which checks came out how: names of checks only, no text of the target. */
function outcomes(findings: readonly CheckFinding[]) {
  return (['passed', 'warned', 'failed'] as const).map((outcome) => ({
    field: outcome,
    from: null,
    to: findings.filter((finding) => finding.outcome === outcome).map(({ check }) => check) as JsonValue,
  }))
}
