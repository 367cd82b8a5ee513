/**
 * How often one caller may ask: a bucket of tokens each, refilled steadily.
 *
 * Limit: counted in this process, so n servers let through n times as much. It guards the server; what policy or law
 * limits (live credentials, issues of an identity) is counted in the database.
 */
export interface RateLimit {
  /** Takes one; returns 0 where there was one, else the seconds until there is. */
  take(caller: string, nowMs: number): number
  /** The seconds until there is one, without taking it. */
  wait(caller: string, nowMs: number): number
}

interface Bucket {
  tokens: number
  atMs: number
}

const maxCallers = 20_000

export function makeRateLimit({ perSecond, burst }: { perSecond: number; burst: number }): RateLimit {
  const buckets = new Map<string, Bucket>()

  function filled(caller: string, nowMs: number): Bucket {
    const known = buckets.get(caller)
    if (known === undefined) {
      // Bounded memory: a flood of callers makes the server forget the first ones, not fall over.
      if (buckets.size >= maxCallers) {
        const oldest = buckets.keys().next()
        if (oldest.done !== true) buckets.delete(oldest.value)
      }
      const fresh = { tokens: burst, atMs: nowMs }
      buckets.set(caller, fresh)
      return fresh
    }
    // A clock that goes back must not take tokens away.
    const elapsedMs = Math.max(0, nowMs - known.atMs)
    known.tokens = Math.min(burst, known.tokens + (elapsedMs / 1000) * perSecond)
    known.atMs = nowMs
    return known
  }

  const missing = (bucket: Bucket): number => (bucket.tokens >= 1 ? 0 : (1 - bucket.tokens) / perSecond)

  return {
    take(caller, nowMs) {
      const bucket = filled(caller, nowMs)
      const waitSeconds = missing(bucket)
      if (waitSeconds === 0) bucket.tokens -= 1
      return waitSeconds
    },
    wait: (caller, nowMs) => missing(filled(caller, nowMs)),
  }
}
