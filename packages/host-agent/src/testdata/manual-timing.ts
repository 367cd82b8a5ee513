/** Time that stands still until a test moves it. */
import type { Timing } from '../timing.ts'

export interface ManualTiming extends Timing {
  /** Runs what falls due on the way, in order, and lets what that starts come to rest. */
  advance(ms: number): Promise<void>
}

export function makeManualTiming(startMs = 1_000_000, random = 0.5): ManualTiming {
  let nowMs = startMs
  const timers = new Set<{ readonly atMs: number; readonly run: () => void }>()
  return {
    now: () => nowMs,
    random: () => random,
    after(delayMs, run) {
      const timer = { atMs: nowMs + delayMs, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    async advance(ms) {
      const untilMs = nowMs + ms
      for (;;) {
        await settle()
        const [next] = [...timers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)
        if (next === undefined) break
        timers.delete(next)
        nowMs = Math.max(nowMs, next.atMs)
        next.run()
      }
      nowMs = untilMs
      await settle()
    },
  }
}

/** Whatever is under way here waits for nothing but turns of the loop. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve))
}
