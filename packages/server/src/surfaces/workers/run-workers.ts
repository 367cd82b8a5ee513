/**
 * The loop that runs the workers of due work.
 *
 * Promise: work is found in the database alone, so a restart loses nothing. A worker runs when NOTIFY wakes it and once a
 * second besides, since a notice may be lost; an error is logged and tried again.
 * Limit: work that is due does not wait for a lane of another kind, but a worker with one lane waits for itself.
 */
import type { TenantId } from '@mayfly/domain'
import type { CoreDeps } from '../../application/context.ts'
import { type WorkKind, workChannel } from '../../store/wake-workers.ts'

export interface Worker<Deps> {
  /** Which notices wake it. Several workers may share a kind. */
  readonly kind: WorkKind
  /** For the log, e.g. `remove-accounts`. */
  readonly name: string
  /** How many runs may be under way for one tenant; default 1. */
  readonly lanes?: number
  /**
   * Does a batch of due work. `more`: there may be more, call again at once. `idle`: nothing is due.
   *
   * @param signal aborted when the server stops: finish or give up what can be given up
   * @param wake asks for a further run beside this one, where there are lanes
   */
  run(deps: Deps, tenantId: TenantId, signal: AbortSignal, wake: () => void): Promise<'idle' | 'more'>
}

export interface RunningWorkers {
  /** Starts no further run, and returns when those under way have ended. Idempotent. */
  stop(): Promise<void>
}

export interface WorkerLoopOptions {
  /** How often each worker looks by itself; default 1,000. */
  readonly pollMs?: number
}

interface Lane<Deps> {
  readonly worker: Worker<Deps>
  readonly tenantId: TenantId
  underWay: number
  again: boolean
  failures: number
  /** By the process's own clock, which no one moves. */
  restUntilMs: number
}

/** After an error a worker rests: 1 s doubling to this. */
const maxRestMs = 15_000

export async function runWorkers<Deps extends CoreDeps>(
  deps: Deps,
  workers: readonly Worker<Deps>[],
  options: WorkerLoopOptions = {},
): Promise<RunningWorkers> {
  const stopping = new AbortController()
  const lanes = new Map<TenantId, Lane<Deps>[]>()
  const underWay = new Set<Promise<void>>()

  function wake(lane: Lane<Deps>): void {
    if (stopping.signal.aborted || performance.now() < lane.restUntilMs) return
    if (lane.underWay >= (lane.worker.lanes ?? 1)) {
      lane.again = true
      return
    }
    lane.underWay += 1
    const run = runLane(lane).finally(() => {
      lane.underWay -= 1
      underWay.delete(run)
      // A notice that came while the last run was ending.
      if (lane.again && lane.underWay === 0) {
        lane.again = false
        wake(lane)
      }
    })
    underWay.add(run)
  }

  async function runLane(lane: Lane<Deps>): Promise<void> {
    const { worker, tenantId } = lane
    try {
      let outcome: 'idle' | 'more' = 'more'
      while (!stopping.signal.aborted && (outcome === 'more' || lane.again)) {
        lane.again = false
        outcome = await worker.run(deps, tenantId, stopping.signal, () => wake(lane))
        lane.failures = 0
      }
    } catch (error) {
      if (stopping.signal.aborted) return
      lane.failures += 1
      lane.again = false
      lane.restUntilMs = performance.now() + Math.min(1_000 * 2 ** (lane.failures - 1), maxRestMs)
      deps.logger.error(
        { err: error, worker: worker.name, tenant_id: tenantId, failures: lane.failures },
        'a worker failed and will try again',
      )
    }
  }

  async function findTenants(): Promise<void> {
    const rows = await deps.database.outsideTenants((query) => query.selectFrom('tenant').select('tenant_id').execute())
    for (const { tenant_id: tenantId } of rows) {
      if (lanes.has(tenantId)) continue
      lanes.set(
        tenantId,
        workers.map((worker) => ({ worker, tenantId, underWay: 0, again: false, failures: 0, restUntilMs: 0 })),
      )
    }
  }

  function wakeAll(): void {
    for (const lane of [...lanes.values()].flat()) wake(lane)
  }

  function onNotice(payload: string): void {
    if (payload === '') {
      // The connection was lost and is back: what failed meanwhile need not rest any longer.
      for (const lane of [...lanes.values()].flat()) lane.restUntilMs = 0
      wakeAll()
      return
    }
    const [tenantId, kind] = payload.split(':')
    for (const lane of lanes.get(tenantId as TenantId) ?? []) if (lane.worker.kind === kind) wake(lane)
  }

  await findTenants()
  const listening = await deps.database.listen(workChannel, onNotice)
  const poll = setInterval(() => {
    findTenants().then(wakeAll, (error: unknown) => {
      deps.logger.warn({ err: error }, 'the tenants cannot be listed; the workers wait')
    })
  }, options.pollMs ?? 1_000)
  wakeAll()

  return {
    async stop() {
      stopping.abort()
      clearInterval(poll)
      await listening.close()
      await Promise.all(underWay)
    },
  }
}
