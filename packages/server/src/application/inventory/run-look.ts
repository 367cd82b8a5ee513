/**
 * One look at one target that is due: takes it, looks outside of any transaction (law 10), and says when the next is due.
 *
 * Promise: a target that does not answer delays only itself: its looks are put off, doubling up to an hour, and go on for
 * ever; another server takes over what a dead one had in hand.
 */
import { MayflyError, publicReason, type TenantId, withDeadline } from '@mayfly/domain'
import type { Selectable } from 'kysely'
import type { PreparedTarget } from '../../adapters/targets/targets.ts'
import { claimLook, finishLook, type LookKind } from '../../store/look-rows.ts'
import type { ResourceTable } from '../../store/schema.gen.ts'
import type { LookDeps } from './look-deps.ts'

export interface Look {
  readonly tenantId: TenantId
  readonly resource: Selectable<ResourceTable>
  readonly target: PreparedTarget
  readonly signal: AbortSignal
}

const leaseMs = 120_000
const lookTimeoutMs = 90_000
const maxRestSeconds = 3_600
/** A kind that cannot be looked at is asked again this much later: it may be able to after an upgrade. */
const unableSeconds = 86_400

/** @param look says `unable` where this kind of target cannot be looked at in this way; a date where the next is due then */
export async function runLook(
  deps: LookDeps,
  tenantId: TenantId,
  signal: AbortSignal,
  of: { readonly kind: LookKind; readonly everySeconds: number; look(look: Look): Promise<'done' | 'unable' | Date> },
): Promise<'idle' | 'more'> {
  const { kind, everySeconds } = of
  if (everySeconds === 0) return 'idle'
  const now = deps.clock.now()
  const claimed = await deps.database.transaction(tenantId, (tx) =>
    claimLook(tx, { kind, now, leaseUntil: new Date(now.getTime() + leaseMs) }),
  )
  if (claimed === undefined) return 'idle'
  const { resource, failures } = claimed
  let nextSeconds = everySeconds
  let error: string | undefined
  try {
    const target = await deps.database.transaction(tenantId, (tx) => deps.targets.prepare(tx, resource))
    const outcome = await withDeadline([signal], lookTimeoutMs, (within) =>
      of.look({ tenantId, resource, target, signal: within }),
    )
    if (outcome === 'unable') nextSeconds = Math.max(everySeconds, unableSeconds)
    if (outcome instanceof Date) nextSeconds = Math.max(1, (outcome.getTime() - deps.clock.now().getTime()) / 1_000)
  } catch (cause) {
    // The server stops: whoever is next may look at once.
    if (signal.aborted) nextSeconds = 0
    else nextSeconds = Math.min(everySeconds * 2 ** Math.min(failures + 1, 12), Math.max(everySeconds, maxRestSeconds))
    error =
      cause instanceof MayflyError ? publicReason(cause) : 'the look failed inside Mayfly; the server log says why'
    deps.logger.warn(
      { err: cause, tenant_id: tenantId, resource_id: resource.resource_id, look: kind },
      'a target could not be looked at; it will be later',
    )
  }
  const after = deps.clock.now()
  await deps.database.transaction(tenantId, (tx) =>
    finishLook(tx, {
      resourceId: resource.resource_id,
      kind,
      now: after,
      nextAt: new Date(after.getTime() + nextSeconds * 1_000),
      error,
    }),
  )
  return 'more'
}
