/**
 * Removes at the targets what has been revoked in the database.
 *
 * Promise: what is due is found in the database, taken under a lease, and tried until the target itself says absent
 * (law 4); whoever dies with a lease is replaced when it runs out. A target that fails delays only itself.
 * Not here: ending authority (request-revocation.ts), and what was seen (record-removal.ts).
 */
import { MayflyError, problems, type ResourceId, type TenantId, withDeadline } from '@mayfly/domain'
import type { AccountHandle } from '@mayfly/provider-kit'
import type { PreparedTarget, Targets } from '../../adapters/targets/targets.ts'
import { type CredentialRow, handleOf } from '../../store/credential-rows.ts'
import {
  bringForward,
  claimDue,
  deadlineMarginMs,
  getTargetRow,
  listDueTargets,
  postpone,
  type Postponement,
} from '../../store/removal-rows.ts'
import type { CoreDeps } from '../context.ts'
import { recordCut, recordRemoved } from './record-removal.ts'
import { closeOverdueFinding, reportOverdue } from './report-overdue.ts'

export interface RemovalDeps extends CoreDeps {
  readonly targets: Targets
}

export interface AccountRemover {
  /** One batch at one target. @param wake asks for another run beside this one */
  readonly run: (
    deps: RemovalDeps,
    tenantId: TenantId,
    signal: AbortSignal,
    wake: () => void,
  ) => Promise<'idle' | 'more'>
}

const batchSize = 1_000
/** How many batches one server has under way at one target: a second one, so that an urgent end need not wait. */
const batchesPerTarget = 2
const leaseMs = 6_000
const extendEveryMs = 2_000
const batchTimeoutMs = 60_000
const maxBackoffMs = 60_000
/** A target that failed is tried again this soon for what is newly due: it may be back, and an end must not wait. */
const maxRestMs = 2_000

interface TargetLoad {
  underWay: number
  failures: number
  /** By the process's own clock, which no one moves. */
  restUntilMs: number
}

/** @returns a worker whose memory is only how busy and how well each target is; a restart loses nothing that matters */
export function createAccountRemover(): AccountRemover {
  const loads = new Map<ResourceId, TargetLoad>()

  function loadOf(resourceId: ResourceId): TargetLoad {
    const load = loads.get(resourceId) ?? { underWay: 0, failures: 0, restUntilMs: 0 }
    loads.set(resourceId, load)
    return load
  }

  /** The least busy target that may be asked now. One that failed gets one try at a time. */
  function choose(due: readonly ResourceId[]): ResourceId | undefined {
    return due
      .filter((id) => {
        const load = loadOf(id)
        return load.underWay < (load.failures > 0 ? 1 : batchesPerTarget) && load.restUntilMs <= performance.now()
      })
      .toSorted((a, b) => loadOf(a).underWay - loadOf(b).underWay)[0]
  }

  async function claim(deps: RemovalDeps, tenantId: TenantId) {
    const now = deps.clock.now()
    return deps.database.transaction(tenantId, async (tx) => {
      const resourceId = choose(await listDueTargets(tx, now))
      if (resourceId === undefined) return undefined
      const leaseUntil = new Date(now.getTime() + leaseMs)
      const rows = await claimDue(tx, { resourceId, now, leaseUntil, limit: batchSize })
      return { resourceId, rows }
    })
  }

  return {
    async run(deps, tenantId, signal, wake) {
      const claimed = await claim(deps, tenantId)
      // Nothing due, or other servers have it in hand.
      if (claimed === undefined || claimed.rows.length === 0) return 'idle'
      const load = loadOf(claimed.resourceId)
      load.underWay += 1
      wake()
      try {
        const healthy = await removeBatch(deps, tenantId, claimed.resourceId, claimed.rows, signal)
        if (healthy && load.failures > 0) await hurryBackedOff(deps, tenantId, claimed.resourceId)
        load.failures = healthy ? 0 : load.failures + 1
        load.restUntilMs = healthy ? 0 : performance.now() + Math.min(backoffMs(load.failures), maxRestMs)
      } finally {
        load.underWay -= 1
      }
      return 'more'
    },
  }
}

/** 1 s doubling to 60 s, for ever. */
function backoffMs(attempts: number): number {
  return Math.min(1_000 * 2 ** Math.max(0, attempts - 1), maxBackoffMs)
}

/** The target is back: what had been put off for its sake is due now. */
async function hurryBackedOff(deps: RemovalDeps, tenantId: TenantId, resourceId: ResourceId): Promise<void> {
  const now = deps.clock.now()
  await deps.database.transaction(tenantId, (tx) =>
    bringForward(tx, { resourceId, now, later: new Date(now.getTime() + leaseMs) }),
  )
}

/** @returns whether the target answered */
async function removeBatch(
  deps: RemovalDeps,
  tenantId: TenantId,
  resourceId: ResourceId,
  rows: readonly CredentialRow[],
  signal: AbortSignal,
): Promise<boolean> {
  const open = new Map(rows.map((row) => [row.credential_id, row]))
  const reasons = new Map<string, string>()
  const stopExtending = extendLease(deps, tenantId, open)
  let failure: unknown
  try {
    const target = await deps.database.transaction(tenantId, async (tx) =>
      deps.targets.prepare(tx, await getTargetRow(tx, resourceId)),
    )
    await withDeadline([signal], batchTimeoutMs, (within) => revokeAt(deps, tenantId, target, open, reasons, within))
  } catch (error) {
    failure = error
  } finally {
    await stopExtending()
  }
  if (signal.aborted) {
    await handBack(deps, tenantId, open)
    return true
  }
  if (failure !== undefined) {
    deps.logger.warn(
      { err: failure, tenant_id: tenantId, resource_id: resourceId, accounts: open.size },
      'accounts could not be removed at their target; they stay due',
    )
  }
  if (open.size > 0) await putBack(deps, tenantId, open, reasons, failure)
  const now = deps.clock.now()
  await (open.size > 0
    ? reportOverdue(deps, tenantId, resourceId, now)
    : closeOverdueFinding(deps, tenantId, resourceId, now))
  return failure === undefined
}

async function revokeAt(
  deps: RemovalDeps,
  tenantId: TenantId,
  target: PreparedTarget,
  open: Map<string, CredentialRow>,
  reasons: Map<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const rowsOf = (handles: readonly AccountHandle[]) => handles.flatMap((handle) => open.get(handle.credentialId) ?? [])
  const done = (gone: readonly CredentialRow[]) => {
    for (const row of gone) open.delete(row.credential_id)
  }
  await target.use(async (way) => {
    const handles = [...open.values()].map(handleOf)
    await way.revoke(
      handles,
      {
        async cut(cut) {
          // What may still come to be is not cut.
          await recordCut(
            deps,
            tenantId,
            rowsOf(cut).filter((row) => !row.ended_unborn),
          )
        },
        async removed(absent) {
          const rows = rowsOf(absent)
          const born = rows.filter((row) => !row.ended_unborn)
          await recordRemoved(deps, tenantId, born)
          done(born)
          const unborn = rows.filter((row) => row.ended_unborn)
          const over = unborn.filter(
            (row) => deps.clock.now().getTime() > row.create_deadline_at.getTime() + deadlineMarginMs,
          )
          // Law 1: the create can not take effect any more, and a second look must say absent too.
          const seen = over.length === 0 ? [] : await way.observe(over.map(handleOf), signal)
          const twice = rowsOf(seen.filter((look) => look.state === 'absent').map((look) => look.handle))
          await recordRemoved(deps, tenantId, twice)
          done(twice)
        },
        async pending(handle, reason) {
          reasons.set(handle.credentialId, reason)
        },
      },
      signal,
    )
  })
}

/** Tells the other servers that the work goes on. */
function extendLease(
  deps: RemovalDeps,
  tenantId: TenantId,
  open: ReadonlyMap<string, CredentialRow>,
): () => Promise<void> {
  let extending: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    const at = new Date(deps.clock.now().getTime() + leaseMs)
    extending = deps.database
      .transaction(tenantId, (tx) => postpone(tx, allAt(open, at)))
      // Without the lease another server does the same work again, which is safe.
      .catch((error: unknown) => deps.logger.warn({ err: error, tenant_id: tenantId }, 'a lease could not be extended'))
  }, extendEveryMs)
  return async () => {
    clearInterval(timer)
    await extending
  }
}

/** The server stops: whoever is next may go on at once. */
async function handBack(
  deps: RemovalDeps,
  tenantId: TenantId,
  open: ReadonlyMap<string, CredentialRow>,
): Promise<void> {
  if (open.size === 0) return
  await deps.database.transaction(tenantId, (tx) => postpone(tx, allAt(open, deps.clock.now())))
}

function allAt(open: ReadonlyMap<string, CredentialRow>, at: Date): readonly Postponement[] {
  return [...open.values()].map((row) => ({ credentialId: row.credential_id, at }))
}

/** What is not gone stays due, later each time, with the reason that a person will read. */
async function putBack(
  deps: RemovalDeps,
  tenantId: TenantId,
  open: ReadonlyMap<string, CredentialRow>,
  reasons: ReadonlyMap<string, string>,
  failure: unknown,
): Promise<void> {
  const nowMs = deps.clock.now().getTime()
  const postponements = [...open.values()].map((row): Postponement => {
    const reason = reasons.get(row.credential_id)
    if (reason === undefined && failure === undefined && isAwaitingDeadline(row, nowMs)) {
      const at = new Date(row.create_deadline_at.getTime() + deadlineMarginMs + 1)
      return { credentialId: row.credential_id, at, awaitsDeadline: true }
    }
    return {
      credentialId: row.credential_id,
      at: new Date(nowMs + backoffMs(row.attempts)),
      lastError: (reason ?? describe(failure)).slice(0, 1_000),
    }
  })
  await deps.database.transaction(tenantId, (tx) => postpone(tx, postponements))
}

function isAwaitingDeadline(row: CredentialRow, nowMs: number): boolean {
  return row.ended_unborn && nowMs <= row.create_deadline_at.getTime() + deadlineMarginMs
}

/** In words fit for a person: no host, no SQL. */
function describe(failure: unknown): string {
  if (failure === undefined) return 'the target did not say that the account is absent'
  if (failure instanceof MayflyError) return failure.options.publicDetail ?? problems[failure.code].title
  return 'the removal failed inside Mayfly; the server log says why'
}
