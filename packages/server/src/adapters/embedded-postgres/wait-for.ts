import { setTimeout as pause } from 'node:timers/promises'

/**
 * Asks again and again, where the system offers no event to wait for: the end of a process that is not our child.
 *
 * @returns true as soon as the answer is yes; false where it is still no after `withinMs`
 * @throws the signal's reason, where it is aborted
 */
export async function waitFor(
  ask: () => Promise<boolean>,
  { withinMs, everyMs, signal }: { withinMs: number; everyMs: number; signal: AbortSignal },
): Promise<boolean> {
  const deadlineMs = performance.now() + withinMs
  while (!(await ask())) {
    if (performance.now() >= deadlineMs) return false
    await pause(everyMs, undefined, { signal })
  }
  return true
}
