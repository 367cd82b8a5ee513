import { setTimeout as pause } from 'node:timers/promises'

/**
 * Waits until something is so, and returns it. For what tells nobody when it happens: a session that ends, a file that
 * appears.
 *
 * @param ask answers with something truthy once it is so; what it throws ends the wait
 * @param describe completes the sentence "waited … ms until …"
 * @throws Error it was not so within `withinMs` (default 5,000)
 */
export async function until<T>(
  ask: () => T | Promise<T>,
  { withinMs = 5_000, everyMs = 10, describe }: { withinMs?: number; everyMs?: number; describe: string },
): Promise<NonNullable<T>> {
  const startMs = performance.now()
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (performance.now() - startMs >= withinMs) throw new Error(`waited ${withinMs} ms until ${describe}`)
    await pause(everyMs)
  }
}
