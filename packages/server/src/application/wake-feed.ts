/**
 * Wakes those who follow something, on whichever server it moves.
 *
 * Promise: one database connection for all followers of a channel on a server, opened with the first and closed with the
 * last.
 * Limit: a notice may be lost; whoever waits looks again after a while anyway.
 */
import type { Database } from '../store/database.ts'

export interface WakeFeed {
  /**
   * Resolves when something has moved under the key, when `withinMs` have passed, or when `signal` is aborted. Begin to
   * wait before you look, and what moves in between is not missed.
   */
  wait(key: string, withinMs: number, signal: AbortSignal): Promise<void>
  /** Begins to listen; `leave` when done. */
  join(): Promise<{ leave(): Promise<void> }>
}

/** @param channel its payloads are keys; one that ends in `:` means every key that begins with it */
export function createWakeFeed(database: Pick<Database, 'listen'>, channel: string): WakeFeed {
  const waiting = new Map<string, Set<() => void>>()
  let listening: Promise<{ close(): Promise<void> }> | undefined
  let followers = 0

  function tell(payload: string): void {
    const meant = (key: string) =>
      payload === '' || key === payload || (payload.endsWith(':') && key.startsWith(payload))
    for (const [key, wakers] of waiting) if (meant(key)) for (const wake of wakers) wake()
  }

  return {
    async join() {
      followers += 1
      const feed = (listening ??= database.listen(channel, tell))
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
    wait(key, withinMs, signal) {
      return new Promise((resolve) => {
        const wakers = waiting.get(key) ?? new Set()
        waiting.set(key, wakers)
        const done = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          wakers.delete(done)
          if (wakers.size === 0 && waiting.get(key) === wakers) waiting.delete(key)
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
