import { abortWith } from './abort-with.ts'

/** Timers count no further than this; it is 24 days. */
const longestDelayMs = 2_147_483_647

/**
 * Gives a signal that is aborted with the first of the given ones, or after `timeoutMs` (reason: `TimeoutError`), while
 * `work` runs; then timer and links are gone.
 *
 * Does NOT end what does not heed the signal: it settles as `work` does. Give the signal to `fetch` itself, not to
 * `new Request`, which holds it weakly; where something may not heed it, wait with `abortable`.
 */
export async function withDeadline<T>(
  signals: readonly AbortSignal[],
  timeoutMs: number,
  work: (limit: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController()
  const untie = abortWith(limit, ...signals)
  const late = () => limit.abort(new DOMException('there was no answer in time', 'TimeoutError'))
  const timer = setTimeout(late, Math.min(timeoutMs, longestDelayMs))
  try {
    return await work(limit.signal)
  } finally {
    clearTimeout(timer)
    untie()
  }
}
