/**
 * The cut: no new login and no open session of these accounts, seen at the target.
 *
 * Promise: an account is called cut only after its NOLOGIN is committed and a scan that began after that found neither
 * a session of it nor a login under way that could become one. `VALID UNTIL` alone would not do: it is read when the
 * password exchange begins, so a client that stalls there gets in later.
 * Limit: what the target does not know as a session of the account (a pooler with one user for all, a read replica).
 */
import { setTimeout as delay } from 'node:timers/promises'
import { describeBlocked } from './describe-blocked.ts'
import { rollBackPrepared } from './postgres-prepared.ts'
import type { Sessions } from './postgres-session.ts'
import type { Blocked, PostgresWay } from './postgres-way.ts'

export interface CutOutcome {
  readonly cut: readonly string[]
  /** Not cut, and why, in words fit for a person. */
  readonly pending: ReadonlyMap<string, string>
}

/** A login still under way this long after the cut is ended, whoever's it is: nobody can say that it is not ours. */
const suspectPatienceMs = 1_000
/** A session that is still there this long after it was told to end is reported, and stays due. */
const sessionPatienceMs = 15_000
const pausesMs = [2, 3, 5, 10, 20, 30, 50] as const

export async function cutAccounts(
  sessions: Sessions,
  way: PostgresWay,
  names: readonly string[],
  signal: AbortSignal,
  onCut: (names: readonly string[]) => Promise<void>,
): Promise<CutOutcome> {
  const locked = await disableAll(sessions, way, names, signal)
  const pending = new Map<string, string>()
  for (const one of locked) pending.set(one.accountName, describeBlocked(one, undefined))
  const disabled = names.filter((name) => !pending.has(name))
  const cut: string[] = []

  const startedAt = performance.now()
  let scan = await way.endSessions(disabled, undefined, false, signal)
  for (let look = 0; ; look++) {
    // Logins under way are nobody's yet: while there is one, none of these accounts can be called cut.
    if (scan.inFlight.length === 0) {
      const busy = new Set(scan.busy)
      const nobody = scan.busy.length === 0 && scan.orphans === 0
      const done = disabled.filter((name) => !busy.has(name) && !cut.includes(name))
      if (done.length > 0 && (nobody || look >= pausesMs.length)) {
        cut.push(...done)
        await onCut(done)
      }
      if (nobody) break
    }
    const elapsedMs = performance.now() - startedAt
    if (elapsedMs > sessionPatienceMs) break
    await delay(pausesMs[Math.min(look, pausesMs.length - 1)], undefined, { signal })
    scan = await way.endSessions(disabled, scan.inFlight, elapsedMs > suspectPatienceMs, signal)
  }
  const done = new Set(cut)
  for (const name of disabled) {
    if (!done.has(name)) pending.set(name, 'an open session does not end although it was told to')
  }
  return { cut, pending }
}

/** @returns the accounts that could not be disabled, because something that is not a session of theirs holds them. */
async function disableAll(
  sessions: Sessions,
  way: PostgresWay,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly Blocked[]> {
  let locked = await way.disable(names, signal)
  for (let attempt = 0; locked.length > 0 && attempt < 6; attempt++) {
    // A login can lock its own row, in an open or a prepared transaction. End both, then try again.
    const again = locked.map((one) => one.accountName)
    await way.endSessions(again, undefined, false, signal)
    await rollBackPrepared(sessions, way, again, signal)
    await delay(pausesMs[attempt], undefined, { signal })
    locked = await way.disable(again, signal)
  }
  return locked
}
