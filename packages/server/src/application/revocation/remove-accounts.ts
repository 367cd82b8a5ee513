/**
 * Removes at the targets what has been revoked in the database.
 *
 * Promise: what is due is found in the database, claimed, and tried until the target itself says absent
 * (law 4); whoever dies with a claim is replaced when that runs out. A target that fails delays only itself.
 * Not here: ending authority (request-revocation.ts), and what was seen (record-removal.ts).
 */
import { MayflyError, publicReason, type ResourceId, type TenantId, withDeadline } from '@mayfly/domain'
import type { AccountHandle } from '@mayfly/provider-kit'
import type { PreparedTarget, Targets } from '../../adapters/targets/targets.ts'
import { handleOf } from '../../store/credential-rows.ts'
import {
  bringForward,
  claimDue,
  deadlineMarginMs,
  type DueRow,
  getTargetRow,
  listDueTargets,
  postpone,
  type Postponement,
} from '../../store/removal-rows.ts'
import { dropClaims, extendClaims } from '../../store/removal-claims.ts'
import type { CoreDeps } from '../context.ts'
import { openRemovalRecorder, type RemovalRecorder } from './record-removal.ts'
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
const claimMs = 6_000
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

  /** One that failed gets one try at a time. */
  function isBusy({ underWay, failures, restUntilMs }: TargetLoad): boolean {
    return underWay >= (failures > 0 ? 1 : batchesPerTarget) || restUntilMs > performance.now()
  }

  /** Those that may be asked now, the least busy first. */
  function choose(due: readonly ResourceId[]): readonly ResourceId[] {
    return due.filter((id) => !isBusy(loadOf(id))).toSorted((a, b) => loadOf(a).underWay - loadOf(b).underWay)
  }

  /** Takes a place at a target and a batch there. Whoever gets it gives the place back. */
  async function claim(deps: RemovalDeps, tenantId: TenantId, wake: () => void): Promise<Claim | undefined> {
    let place: TargetLoad | undefined
    try {
      return await deps.database.transaction(tenantId, async (tx) => {
        // Not the first try at this transaction: the place of the last one is free again.
        if (place !== undefined) place.underWay -= 1
        place = undefined
        const now = deps.clock.now()
        const busy = [...loads].flatMap(([id, load]) => (isBusy(load) ? [id] : []))
        const [resourceId, ...others] = choose(await listDueTargets(tx, now, busy))
        if (resourceId === undefined) return undefined
        place = loadOf(resourceId)
        place.underWay += 1
        // Another target need not wait until this one has read its batch.
        if (others.length > 0) wake()
        const claimedUntil = new Date(now.getTime() + claimMs)
        const rows = await claimDue(tx, { resourceId, now, claimedUntil, limit: batchSize })
        return { resourceId, rows, load: place }
      })
    } catch (error) {
      if (place !== undefined) place.underWay -= 1
      throw error
    }
  }

  return {
    async run(deps, tenantId, signal, wake) {
      const claimed = await claim(deps, tenantId, wake)
      if (claimed === undefined) return 'idle'
      const { load, resourceId, rows } = claimed
      try {
        // Other servers have it in hand.
        if (rows.length === 0) return 'idle'
        if (rows.length === batchSize) wake()
        const healthy = await removeBatch(deps, tenantId, resourceId, rows, signal)
        if (healthy && load.failures > 0) await hurryBackedOff(deps, tenantId, resourceId)
        load.failures = healthy ? 0 : load.failures + 1
        load.restUntilMs = healthy ? 0 : performance.now() + Math.min(backoffMs(load.failures), maxRestMs)
      } finally {
        load.underWay -= 1
      }
      return 'more'
    },
  }
}

interface Claim {
  readonly resourceId: ResourceId
  readonly rows: readonly DueRow[]
  readonly load: TargetLoad
}

/** 1 s doubling to 60 s, for ever. */
function backoffMs(attempts: number): number {
  return Math.min(1_000 * 2 ** Math.max(0, attempts - 1), maxBackoffMs)
}

/** The target is back: what had been put off for its sake is due now. */
async function hurryBackedOff(deps: RemovalDeps, tenantId: TenantId, resourceId: ResourceId): Promise<void> {
  const now = deps.clock.now()
  await deps.database.transaction(tenantId, (tx) =>
    bringForward(tx, { resourceId, now, later: new Date(now.getTime() + claimMs) }),
  )
}

/** @returns whether the target answered */
async function removeBatch(
  deps: RemovalDeps,
  tenantId: TenantId,
  resourceId: ResourceId,
  rows: readonly DueRow[],
  signal: AbortSignal,
): Promise<boolean> {
  const open = new Map(rows.map((row) => [row.credential_id, row]))
  const reasons = new Map<string, string>()
  const stopExtending = extendClaim(deps, tenantId, open)
  let failure: unknown
  const recorder = openRemovalRecorder(deps, tenantId, (gone) => {
    for (const row of gone) open.delete(row.credential_id)
  })
  try {
    const target = await deps.database.transaction(tenantId, async (tx) =>
      deps.targets.prepare(tx, await getTargetRow(tx, resourceId)),
    )
    await withDeadline([signal], batchTimeoutMs, (within) => revokeAt(deps, target, open, reasons, recorder, within))
  } catch (error) {
    failure = error
  }
  try {
    await recorder.finish()
  } catch (error) {
    failure ??= error
  }
  await stopExtending()
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
  target: PreparedTarget,
  rows: ReadonlyMap<string, DueRow>,
  reasons: Map<string, string>,
  recorder: RemovalRecorder,
  signal: AbortSignal,
): Promise<void> {
  const byId = new Map(rows)
  const rowsOf = (handles: readonly AccountHandle[]) => handles.flatMap((handle) => byId.get(handle.credentialId) ?? [])
  await target.use(async (way) => {
    await way.revoke(
      [...byId.values()].map(handleOf),
      {
        async cut(cut) {
          // What may still come to be is not cut.
          recorder.cut(rowsOf(cut).filter((row) => !row.ended_unborn))
        },
        async removed(absent) {
          const gone = rowsOf(absent)
          recorder.removed(gone.filter((row) => !row.ended_unborn))
          const unborn = gone.filter((row) => row.ended_unborn)
          const over = unborn.filter(
            (row) => deps.clock.now().getTime() > row.create_deadline_at.getTime() + deadlineMarginMs,
          )
          // Law 1: the create can not take effect any more, and a second look must say absent too.
          const seen = over.length === 0 ? [] : await way.observe(over.map(handleOf), signal)
          recorder.removed(rowsOf(seen.filter((look) => look.state === 'absent').map((look) => look.handle)))
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
function extendClaim(deps: RemovalDeps, tenantId: TenantId, open: ReadonlyMap<string, DueRow>): () => Promise<void> {
  let extending: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    const until = new Date(deps.clock.now().getTime() + claimMs)
    extending = deps.database
      .transaction(tenantId, (tx) => extendClaims(tx, idsOf(open), until))
      // Without the claim another server does the same work again, which is safe.
      .catch((error: unknown) => deps.logger.warn({ err: error, tenant_id: tenantId }, 'a claim could not be extended'))
  }, extendEveryMs)
  return async () => {
    clearInterval(timer)
    await extending
  }
}

/** The server stops: whoever is next may go on at once. */
async function handBack(deps: RemovalDeps, tenantId: TenantId, open: ReadonlyMap<string, DueRow>): Promise<void> {
  if (open.size === 0) return
  await deps.database.transaction(tenantId, (tx) => dropClaims(tx, idsOf(open)))
}

function idsOf(open: ReadonlyMap<string, DueRow>) {
  return [...open.values()].map((row) => row.credential_id)
}

/** What is not gone stays due, later each time, with the reason that a person will read. */
async function putBack(
  deps: RemovalDeps,
  tenantId: TenantId,
  open: ReadonlyMap<string, DueRow>,
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
      at: new Date(nowMs + backoffMs(row.attempts + 1)),
      lastError: (reason ?? describe(failure)).slice(0, 1_000),
    }
  })
  await deps.database.transaction(tenantId, (tx) => postpone(tx, postponements))
}

function isAwaitingDeadline(row: DueRow, nowMs: number): boolean {
  return row.ended_unborn && nowMs <= row.create_deadline_at.getTime() + deadlineMarginMs
}

/** In words fit for a person: no host, no SQL. */
function describe(failure: unknown): string {
  if (failure === undefined) return 'the target did not say that the account is absent'
  if (failure instanceof MayflyError) return publicReason(failure)
  return 'the removal failed inside Mayfly; the server log says why'
}
