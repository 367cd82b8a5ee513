/**
 * Wakes those who follow a revocation, on whichever server the work is done.
 *
 * Promise: one database connection for all followers of a server, opened with the first and closed with the last.
 * Limit: a notice may be lost; whoever waits looks again after a second anyway.
 */
import type { TenantId } from '@mayfly/domain'
import type { Database } from '../../store/database.ts'
import { progressChannel } from '../../store/revocation-progress.ts'

export interface ProgressFeed {
  /** Resolves when something has moved in the tenant, when `withinMs` have passed, or when `signal` is aborted. */
  wait(tenantId: TenantId, withinMs: number, signal: AbortSignal): Promise<void>
  /** Begins to listen; `leave` when done. What moves between `join` and `wait` is not missed for longer than `withinMs`. */
  join(): Promise<{ leave(): Promise<void> }>
}

export function createProgressFeed(database: Pick<Database, 'listen'>): ProgressFeed {
  const waiting = new Map<TenantId, Set<() => void>>()
  let listening: Promise<{ close(): Promise<void> }> | undefined
  let followers = 0

  function tell(payload: string): void {
    const tenants = payload === '' ? [...waiting.keys()] : [payload as TenantId]
    for (const tenantId of tenants) for (const wake of waiting.get(tenantId) ?? []) wake()
  }

  return {
    async join() {
      followers += 1
      const feed = (listening ??= database.listen(progressChannel, tell))
      try {
        await feed
      } catch (error) {
        // The next one to follow tries anew, instead of being told of this failure for ever.
        followers -= 1
        if (listening === feed) listening = undefined
        throw error
      }
      return {
        async leave() {
          followers -= 1
          if (followers > 0) return
          const last = listening
          listening = undefined
          await (await last)?.close()
        },
      }
    },
    wait(tenantId, withinMs, signal) {
      return new Promise((resolve) => {
        const wakers = waiting.get(tenantId) ?? new Set()
        waiting.set(tenantId, wakers)
        const done = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          wakers.delete(done)
          if (wakers.size === 0 && waiting.get(tenantId) === wakers) waiting.delete(tenantId)
          resolve()
        }
        const timer = setTimeout(done, withinMs)
        signal.addEventListener('abort', done)
        wakers.add(done)
        if (signal.aborted) done()
      })
    },
  }
}
