/**
 * Mayfly's own login at a target, changed to a secret that only Mayfly knows (law 12): after the first check that
 * passes, when someone asks, and on schedule.
 *
 * Promise: the next secret is sealed before the target is told of it (law 10). From then on either may be in force, and
 * whoever works at the target tries both (`targets.ts`), so a crash at any moment locks nobody out: the change is made
 * again, which is no other change, until the target was seen to take it. It is given up in no case.
 * Limit: a login is told from another by host, port and name as they were written. Two resources that name one host
 * differently do not see that they share a login; then the other one is refused at its target until its login is entered
 * anew.
 */
import {
  type DecisionId,
  MayflyError,
  type ResourceId,
  type TenantId,
  withDeadline,
  publicReason,
} from '@mayfly/domain'
import type { CheckFinding, Secret } from '@mayfly/provider-kit'
import { sealPlace } from '../../adapters/keys/seal-place.ts'
import type { Targets } from '../../adapters/targets/targets.ts'
import type { Tx } from '../../store/database.ts'
import {
  claimDueLogin,
  claimResource,
  getResource,
  listResourcesWithLogin,
  lockLogin,
  type ResourceRow,
  type ResourceWithOwner,
  updateResource,
} from '../../store/resource-rows.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Actor, RequestContext } from '../context.ts'
import { closeFinding, raiseFinding, resourceSubject } from '../revocation/raise-finding.ts'
import type { Change, Changed } from './change.ts'
import { requireNotRetired } from './end-authority.ts'
import { recordChange } from './record-change.ts'
import type { RegistryDeps } from './registry-deps.ts'
import { findOwnLogin, getProvider } from './resource-settings.ts'

export interface LoginDeps extends RegistryDeps {
  readonly targets: Targets
  /** How old a secret of Mayfly's own logins may grow; 0: it is changed only when someone asks. */
  readonly loginRotationDays: number
}

export interface LoginGate {
  gate<T>(
    ctx: RequestContext,
    request: {
      readonly action: 'resource.write'
      readonly resource: { readonly type: 'Resource'; readonly id: string }
    },
    work: (tx: Tx, decision: { readonly decisionId: DecisionId }) => Promise<T>,
  ): Promise<T>
}

/** On whose behalf the one entry is written. */
export interface AdoptedBy {
  readonly tenantId: TenantId
  readonly actor: Actor
  readonly requestId: string
  readonly decisionId?: DecisionId
}

export const loginCheck = 'own_login'

/** Longer than what a change that nobody waits for may take at the target (`Adoptable`): two never overtake each other. */
const restMs = 60_000
/** After this a change that was begun is taken up by a worker, and again after each failure. */
const takeUpMs = 60_000
const retryMs = 300_000
const adoptTimeoutMs = 30_000
const dayMs = 86_400_000

const upkeep: Actor = { kind: 'system', worker: 'keep-logins' }

/** Why Mayfly does not change the login of this resource, for a person; undefined where it does. */
export async function findHindrance(
  deps: RegistryDeps,
  tx: Tx,
  row: ResourceRow,
): Promise<{ readonly detail: string; readonly hint?: string } | undefined> {
  if (findOwnLogin(getProvider(deps, row.provider_kind), row.settings) === undefined) {
    return { detail: `the provider \`${row.provider_kind}\` does not change its own login` }
  }
  if (!row.adopt_login) {
    return { detail: 'the resource says `adopt_login: false`', hint: 'rotate its login yourself, and enter it here' }
  }
  if (row.login_fingerprint === null) return undefined
  await lockLogin(tx, row.login_fingerprint)
  const [other] = await listResourcesWithLogin(tx, row.login_fingerprint, row.resource_id)
  if (other === undefined) return undefined
  return {
    detail: `\`${other.name}\` uses the same login, and would be locked out`,
    hint: 'make a login at the target for each resource, and enter it',
  }
}

/** Intent: seals what the login will be. Where a change is under way already, that one goes on. */
export async function beginAdoption(deps: RegistryDeps, tx: Tx, row: ResourceRow, now: Date): Promise<ResourceRow> {
  if (row.sealed_next_secret !== null) return row
  const provider = getProvider(deps, row.provider_kind)
  const current = await deps.keys.open(tx, row.sealed_secret, sealPlace.resourceSecret(row.resource_id))
  const next = findOwnLogin(provider, row.settings)?.next(
    provider.secret.parse(JSON.parse(current.reveal())),
    provider.settings.parse(row.settings),
  )
  if (next === undefined) return row
  return updateResource(tx, row.resource_id, {
    sealed_next_secret: await deps.keys.seal(tx, next, sealPlace.resourceNextSecret(row.resource_id)),
    login_due_at: new Date(now.getTime() + takeUpMs),
  })
}

/**
 * Effect and outcome of what was begun. Idempotent; several servers may do it at once.
 *
 * @returns null as receipt where another server has finished it, or nothing was under way
 * @throws MayflyError `target_*`: it stays begun, and a worker goes on
 */
export async function finishAdoption(
  deps: LoginDeps,
  by: AdoptedBy,
  resourceId: ResourceId,
  signal: AbortSignal,
): Promise<Changed<ResourceWithOwner>> {
  const begun = await deps.database.transaction(by.tenantId, async (tx) => {
    const row = await getResource(tx, resourceId)
    const next = await openNext(deps, tx, row)
    return { row, next, target: await deps.targets.prepare(tx, row) }
  })
  const { next, target } = begun
  if (next === undefined) return { row: begun.row, receipt: null, outcome: 'unchanged', changes: [] }
  const secret = target.provider.secret.parse(JSON.parse(next.reveal()))
  await withDeadline([signal], adoptTimeoutMs, (limit) =>
    target.use(async (open) => {
      if (open.adopt === undefined)
        throw new MayflyError('internal', { log: 'a target with `ownLogin` does not adopt' })
      await open.adopt(secret, limit)
    }),
  )
  return deps.database.transaction(by.tenantId, async (tx) => {
    const row = await claimResource(tx, resourceId)
    const still = await openNext(deps, tx, row)
    if (still?.reveal() !== next.reveal()) return { row, receipt: null, outcome: 'unchanged', changes: [] }
    return recordAdopted(deps, { tx, now: deps.clock.now(), ...by }, row, next)
  })
}

async function openNext(deps: LoginDeps, tx: Tx, row: ResourceRow): Promise<Secret | undefined> {
  if (row.sealed_next_secret === null) return undefined
  return deps.keys.open(tx, row.sealed_next_secret, sealPlace.resourceNextSecret(row.resource_id))
}

async function recordAdopted(
  deps: LoginDeps,
  change: Change,
  current: ResourceRow,
  next: Secret,
): Promise<Changed<ResourceWithOwner>> {
  const { tx, now } = change
  const { resource_id: resourceId } = current
  const row = await updateResource(tx, resourceId, {
    sealed_secret: await deps.keys.seal(tx, next, sealPlace.resourceSecret(resourceId)),
    fingerprint: await deps.keys.fingerprint(tx, next),
    sealed_next_secret: null,
    login_adopted_at: now,
    login_due_at: deps.loginRotationDays === 0 ? null : new Date(now.getTime() + deps.loginRotationDays * dayMs),
    ...noteInCheck(current, {
      check: loginCheck,
      outcome: 'passed',
      detail: `Mayfly has changed the password of its own login to one that only it knows (${now.toISOString()})`,
    }),
  })
  const changes = [{ field: 'secret', from: '[secret]', to: '[secret]' }]
  const receipt = await recordChange(change, {
    action: 'resource.login_adopted',
    rows: [statedRow('resource', row)],
    changes,
    shown: ['secret'],
  })
  await closeFinding(tx, findingOf(resourceId), change.actor, now)
  return { row: await getResource(tx, resourceId), receipt, outcome: 'updated', changes }
}

/** What stands with the resource about its login, after a check of it was kept. */
export function noteInCheck(row: ResourceRow, finding: CheckFinding): { readonly check_result?: string } {
  if (!Array.isArray(row.check_result)) return {}
  const others = (row.check_result as readonly CheckFinding[]).filter(({ check }) => check !== loginCheck)
  return { check_result: JSON.stringify([...others, finding]) }
}

/**
 * Changes the login of a resource at its target, now.
 *
 * @throws MayflyError `policy_denied`, `resource_not_found`, `state_not_allowed` (retired, not adopted by its
 * registration, shared, or changed less than a minute ago)
 * @throws MayflyError `target_*`: it is begun, and goes on by itself until the target has taken it
 */
export async function rotateLogin(
  deps: LoginDeps & LoginGate,
  ctx: RequestContext,
  ref: string,
  signal: AbortSignal,
): Promise<Changed<ResourceWithOwner>> {
  const asked = { action: 'resource.write', resource: { type: 'Resource', id: ref } } as const
  const { resourceId, decisionId } = await deps.gate(ctx, asked, async (tx, decision) => {
    const row = await claimResource(tx, ref)
    requireNotRetired('resource', row)
    const now = deps.clock.now()
    const hindrance = await findHindrance(deps, tx, row)
    if (hindrance !== undefined) {
      const { detail, hint } = hindrance
      throw new MayflyError('state_not_allowed', { publicDetail: detail, ...(hint === undefined ? {} : { hint }) })
    }
    if (row.sealed_next_secret === null && isFresh(row, now)) {
      throw new MayflyError('state_not_allowed', {
        publicDetail: 'the login was changed less than a minute ago',
        hint: 'wait a minute',
      })
    }
    await beginAdoption(deps, tx, row, now)
    return { resourceId: row.resource_id, decisionId: decision.decisionId }
  })
  return finishAdoption(deps, { ...ctx, decisionId }, resourceId, signal)
}

function isFresh(row: ResourceRow, now: Date): boolean {
  return row.login_adopted_at !== null && now.getTime() < row.login_adopted_at.getTime() + restMs
}

/** Finishes what a crash or a dead target left, and rotates what has grown old. One login a call. */
export async function runLoginUpkeep(
  deps: LoginDeps,
  tenantId: TenantId,
  signal: AbortSignal,
): Promise<'idle' | 'more'> {
  if (signal.aborted) return 'idle'
  const due = await deps.database.transaction(tenantId, async (tx) => {
    const now = deps.clock.now()
    const row = await claimDueLogin(tx, now)
    if (row === undefined) return undefined
    const begun = await beginIfDue(deps, tx, row, now)
    // Due again where this server dies before it is done. What is not to be changed is not looked at again.
    await updateResource(tx, row.resource_id, { login_due_at: begun ? new Date(now.getTime() + retryMs) : null })
    return { resourceId: row.resource_id, begun }
  })
  if (due === undefined) return 'idle'
  if (!due.begun) return 'more'
  const { resourceId } = due
  try {
    await finishAdoption(deps, { tenantId, actor: upkeep, requestId: 'keep-logins' }, resourceId, signal)
  } catch (error) {
    if (!(error instanceof MayflyError)) throw error
    if (signal.aborted) return 'idle'
    deps.logger.warn({ err: error, tenant_id: tenantId, resource_id: resourceId }, 'a login was not changed yet')
    await deps.database.transaction(tenantId, (tx) =>
      raiseFinding(
        tx,
        {
          ...findingOf(resourceId),
          severity: 'medium',
          detail: `the password of Mayfly's own login was not changed: ${publicReason(error)}; it is tried again`,
        },
        upkeep,
        deps.clock.now(),
      ),
    )
  }
  return 'more'
}

async function beginIfDue(deps: LoginDeps, tx: Tx, row: ResourceRow, now: Date): Promise<boolean> {
  if (row.sealed_next_secret !== null) return true
  if (deps.loginRotationDays === 0 || row.state === 'retired') return false
  if ((await findHindrance(deps, tx, row)) !== undefined) return false
  return (await beginAdoption(deps, tx, row, now)).sealed_next_secret !== null
}

function findingOf(resourceId: ResourceId) {
  return { kind: 'login_not_changed', subject: resourceSubject(resourceId) }
}
