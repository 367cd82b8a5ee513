/**
 * Proves at the target, by doing, that a resource's settings and rights suffice, and keeps what was found.
 *
 * Promise: no transaction is open while the target is spoken to (law 10); what is kept is what was found of exactly the
 * settings that are stored. After the first check that passes, Mayfly makes its own login there its own (`adopt-login.ts`).
 * Limit: the login that the check makes has no credential row. It is short-lived at the target, and the check removes it.
 */
import { type DecisionId, type JsonValue, MayflyError, withDeadline } from '@mayfly/domain'
import type { CheckFinding } from '@mayfly/provider-kit'
import type { Tx } from '../../store/database.ts'
import {
  claimResource,
  getResource,
  type ResourceRow,
  type ResourceWithOwner,
  updateResource,
} from '../../store/resource-rows.ts'
import { listRoles } from '../../store/role-rows.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { RequestContext } from '../context.ts'
import { beginAdoption, findHindrance, finishAdoption, type LoginDeps, loginCheck } from './adopt-login.ts'
import type { Changed } from './change.ts'
import { requireNotRetired, requireVersion } from './end-authority.ts'
import { recordChange } from './record-change.ts'
import type { RegistryDeps } from './registry-deps.ts'
import { findOwnLogin, getProvider } from './resource-settings.ts'
import { checkTimeoutMs, runCheck } from './run-check.ts'

export interface ResourceCheckDeps extends Pick<LoginDeps, 'targets' | 'loginRotationDays'> {
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
  const found = await withDeadline([signal], checkTimeoutMs, (limit) => runCheck(target, permission, limit))
  const checked = await deps.database.transaction(ctx.tenantId, async (tx) => {
    const now = deps.clock.now()
    const claimed = await claimResource(tx, resource.resource_id)
    requireVersion('resource', claimed, resource.version)
    const { current, begun, finding } = await judgeOwnLogin(deps, tx, claimed, found, now)
    const findings = [...found, ...(finding === undefined ? [] : [finding])]
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
    const changed = { row: await getResource(tx, current.resource_id), receipt, outcome: 'updated', changes } as const
    return { ...changed, begun }
  })
  const { begun, ...changed } = checked
  if (!begun) return changed
  try {
    const by = { ...ctx, decisionId }
    return { ...changed, row: (await finishAdoption(deps, by, resource.resource_id, signal)).row }
  } catch (error) {
    if (!(error instanceof MayflyError)) throw error
    const fields = { err: error, tenant_id: ctx.tenantId, resource_id: resource.resource_id }
    deps.logger.warn(fields, 'a login was not changed after its check; a worker goes on')
    return changed
  }
}

/** After a check that passes the login is Mayfly's alone, or the answer says why it is not. */
async function judgeOwnLogin(
  deps: RegistryDeps,
  tx: Tx,
  row: ResourceRow,
  found: readonly CheckFinding[],
  now: Date,
): Promise<{ readonly current: ResourceRow; readonly begun: boolean; readonly finding?: CheckFinding }> {
  const kept = { current: row, begun: false }
  const offered = findOwnLogin(getProvider(deps, row.provider_kind), row.settings) !== undefined
  if (!offered || found.some(({ outcome }) => outcome === 'failed')) return kept
  if (row.login_adopted_at !== null) {
    const since = row.login_adopted_at.toISOString()
    const detail = `only Mayfly knows the password of its own login, since ${since}`
    return { ...kept, finding: { check: loginCheck, outcome: 'passed', detail } }
  }
  const hindrance = await findHindrance(deps, tx, row)
  if (hindrance !== undefined) {
    const detail = `whoever entered the password of Mayfly's own login still knows it: ${hindrance.detail}`
    return { ...kept, finding: { ...hindrance, check: loginCheck, outcome: 'warned', detail } }
  }
  const current = await beginAdoption(deps, tx, row, now)
  const detail = 'Mayfly is changing the password of its own login to one that only it knows'
  return { current, begun: true, finding: { check: loginCheck, outcome: 'warned', detail } }
}

/** Which checks came out how: names of checks only, no text of the target. */
function outcomes(findings: readonly CheckFinding[]) {
  return (['passed', 'warned', 'failed'] as const).map((outcome) => ({
    field: outcome,
    from: null,
    to: findings.filter((finding) => finding.outcome === outcome).map(({ check }) => check) as JsonValue,
  }))
}
