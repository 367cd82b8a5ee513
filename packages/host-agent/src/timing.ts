/** Time and chance, injected: a test moves the one and fixes the other. */
export interface Timing {
  /** Milliseconds since 1970. */
  now(): number
  /** In [0, 1). */
  random(): number
  /** Runs it once, later. @returns what calls it off */
  after(delayMs: number, run: () => void): () => void
}

/** Timers count no further than this. */
const longestDelayMs = 2_147_483_647

export const systemTiming: Timing = {
  now: () => Date.now(),
  random: () => Math.random(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(Math.max(delayMs, 0), longestDelayMs))
    return () => clearTimeout(timer)
  },
}

/**
 * How long to wait before the next attempt: exponential, with full jitter, so that a fleet that lost its server together
 * does not come back together.
 *
 * @param failures in a row, from 1
 */
export function backoffMs(
  timing: Pick<Timing, 'random'>,
  failures: number,
  { baseMs = 500, capMs = 30_000 }: { readonly baseMs?: number; readonly capMs?: number } = {},
): number {
  return timing.random() * Math.min(capMs, baseMs * 2 ** Math.min(failures, 30))
}

/** Half of the way, give or take a tenth of the whole. */
export function halfLifeMs(timing: Pick<Timing, 'random'>, fromMs: number, untilMs: number): number {
  return fromMs + (untilMs - fromMs) * (0.4 + 0.2 * timing.random())
}

/** Resolves after the delay, or at once when one of the signals is aborted. */
export function pause(timing: Timing, delayMs: number, ...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    if (signals.some(({ aborted }) => aborted)) return resolve()
    const done = () => {
      callOff()
      for (const signal of signals) signal.removeEventListener('abort', done)
      resolve()
    }
    const callOff = timing.after(delayMs, done)
    for (const signal of signals) signal.addEventListener('abort', done, { once: true })
  })
}
