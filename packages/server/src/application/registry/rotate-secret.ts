/**
 * A static secret, rotated because somebody asks: it is time, or it was seen where it does not belong.
 *
 * Promise: who asked and why has its entry before the system is told; what is done there has entries of its own.
 */
import { type DecisionId, MayflyError, withDeadline } from '@mayfly/domain'
import type { UpkeepOrder } from '@mayfly/provider-kit'
import { claimResource, getResource, type ResourceWithOwner } from '../../store/resource-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { AuditReceipt } from '../audit/audit-entry.ts'
import type { RequestContext } from '../context.ts'
import { raiseFinding, resourceSubject } from '../revocation/raise-finding.ts'
import type { LoginDeps, LoginGate } from './adopt-login.ts'
import { requireNotRetired } from './end-authority.ts'
import { getProvider } from './resource-settings.ts'

export interface SecretRotation {
  readonly ref: string
  readonly leaked: boolean
  /** End what came before at once, whoever uses it still. */
  readonly endNow: boolean
  readonly reason: string
}

const rotateTimeoutMs = 30_000

/**
 * @throws MayflyError `resource_not_found`, `state_not_allowed`: the resource keeps no static secret
 * @throws MayflyError `target_*`: what was begun goes on by itself
 */
export async function rotateSecret(
  deps: LoginDeps & LoginGate,
  ctx: RequestContext,
  { ref, leaked, endNow, reason }: SecretRotation,
  signal: AbortSignal,
): Promise<{ readonly row: ResourceWithOwner; readonly receipt: AuditReceipt }> {
  const asked = { action: 'resource.write', resource: { type: 'Resource', id: ref } } as const
  const { resourceId, receipt, target } = await deps.gate(
    ctx,
    asked,
    async (tx, decision: { decisionId: DecisionId }) => {
      const row = await claimResource(tx, ref)
      requireNotRetired('resource', row)
      if (getProvider(deps, row.provider_kind).kind !== 'static') {
        throw new MayflyError('state_not_allowed', {
          publicDetail: `\`${row.name}\` keeps no static secret`,
          hint: "`rotate-login` changes Mayfly's own login; credentials are made anew for each use",
        })
      }
      const now = deps.clock.now()
      if (leaked) {
        const detail = `the secret was reported leaked at ${now.toISOString()}: ${reason}`
        const finding = {
          kind: 'secret_leaked',
          subject: resourceSubject(row.resource_id),
          severity: 'critical',
          detail,
        } as const
        await raiseFinding(tx, finding, ctx.actor, now)
      }
      return {
        resourceId: row.resource_id,
        target: await deps.targets.prepare(tx, row),
        receipt: await appendAudit(tx, {
          action: 'resource.secret_rotated',
          at: now,
          actor: ctx.actor,
          decisionId: decision.decisionId,
          body: { resource_id: row.resource_id, leaked, end_now: endNow, reason, request_id: ctx.requestId },
        }),
      }
    },
  )
  const order: UpkeepOrder = { rotate: leaked ? 'leaked' : 'on_demand', endNow }
  await withDeadline([signal], rotateTimeoutMs, (limit) => target.use(async (way) => way.upkeep?.(order, limit)))
  return { row: await deps.database.transaction(ctx.tenantId, (tx) => getResource(tx, resourceId)), receipt }
}
