/**
 * The cut: no new login and no open session of these accounts, seen at the target.
 *
 * Promise: an account is called cut only when it is locked, whatever host it is for, and a scan that began after that
 * found neither a session of it nor a login under way. ACCOUNT LOCK alone would not do: a login is checked against the
 * account as it was when it began, so a client that stalls there gets in after the lock, and after DROP USER too; but it
 * is listed from before that check on. Nor would KILL USER: it passes over sessions inside a routine of another definer.
 * Limit: without performance_schema nobody can tell whose a session inside such a routine is (see `suspects`).
 */
import { MayflyError } from '@mayfly/domain'
import type { Sessions } from './mysql-session.ts'
import { pause } from './pause.ts'

export interface CutOutcome {
  readonly cut: readonly string[]
  /** Not cut, and why, in words fit for a person. */
  readonly pending: ReadonlyMap<string, string>
}

export interface SessionScan {
  /** Accounts that had a session or a login under way; each was told to end. */
  readonly busy: readonly string[]
  /** Newest session at the time. What is newer cannot be of an account that was locked before. */
  readonly mark: number
  /** Sessions that nobody can tell the owner of. */
  readonly suspects: readonly number[]
}

/** Locking may have to wait: an account can hold up all account changes (FLUSH TABLES WITH READ LOCK) to stay alive. */
const lockPatienceMs = 2_000
const lockAttempts = 3
/** A session that is still there this long after it was told to end is reported, and stays due. */
const sessionPatienceMs = 15_000
/** Most statements of others end sooner; what takes longer is reported, not ended: it is not ours. */
const suspectPatienceMs = 2_000
const pausesMs = [2, 3, 5, 10, 20, 30, 50] as const

export async function cutAccounts(
  sessions: Sessions,
  batches: readonly (readonly string[])[],
  signal: AbortSignal,
  onCut: (names: readonly string[]) => Promise<void>,
): Promise<CutOutcome> {
  const cut: string[] = []
  const pending = new Map<string, string>()
  const open: { readonly names: readonly string[]; scan: SessionScan; readonly mark: number }[] = []
  // All are locked and told to end before any is waited for: sessions take their time to go, and can do so together.
  for (const names of batches) {
    const held = await lockAll(sessions, names, signal)
    const scan = await endSessions(sessions, names, undefined, signal)
    if (held) for (const name of names) pending.set(name, 'something at the target holds up all changes of accounts')
    else open.push({ names, scan, mark: scan.mark })
  }

  const startedAt = performance.now()
  for (let look = 0; open.length > 0; look += 1) {
    for (const batch of open.splice(0)) {
      const { scan, mark, names } = batch
      const elapsedMs = performance.now() - startedAt
      const hasSuspects = scan.suspects.length > 0
      const done = hasSuspects ? [] : names.filter((name) => !scan.busy.includes(name) && !cut.includes(name))
      if (done.length > 0 && (scan.busy.length === 0 || look >= pausesMs.length)) {
        cut.push(...done)
        await onCut(done)
      }
      if (scan.busy.length === 0 && !hasSuspects) continue
      if (elapsedMs > sessionPatienceMs || (scan.busy.length === 0 && elapsedMs > suspectPatienceMs)) {
        for (const name of names) {
          if (!cut.includes(name)) pending.set(name, whyOpen(scan, name))
        }
        continue
      }
      open.push({ names, mark, scan: await endSessions(sessions, names, mark, signal) })
    }
    if (open.length > 0) await pause(pausesMs[Math.min(look, pausesMs.length - 1)] ?? 50, 'cut', signal)
  }
  return { cut, pending }
}

/** @returns true where they could not be locked, because something that is not a session of theirs holds that up */
async function lockAll(sessions: Sessions, names: readonly string[], signal: AbortSignal): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await sessions.run('cut', signal, (session) =>
        session.call('lock_accounts', [JSON.stringify(names)], lockPatienceMs),
      )
      return false
    } catch (error) {
      if (signal.aborted || !(error instanceof MayflyError) || error.code !== 'target_timeout') throw error
      if (attempt === lockAttempts) return true
    }
    await endSessions(sessions, names, undefined, signal)
  }
}

/** @param mark what an earlier scan said; sessions that are newer are nobody's suspects */
export async function endSessions(
  sessions: Sessions,
  names: readonly string[],
  mark: number | undefined,
  signal: AbortSignal,
): Promise<SessionScan> {
  const [row] = await sessions.run('cut', signal, (session) =>
    session.call('end_sessions', [JSON.stringify(names), mark ?? null]),
  )
  const list = (value: unknown): unknown[] => {
    const parsed: unknown = typeof value === 'string' ? JSON.parse(value) : value
    return Array.isArray(parsed) ? parsed : []
  }
  return {
    busy: [...new Set(list(row?.['busy']).map(String))],
    mark: Number(row?.['mark']),
    suspects: list(row?.['suspects']).map(Number),
  }
}

function whyOpen(scan: SessionScan, name: string): string {
  if (scan.busy.includes(name)) return 'an open session does not end although it was told to'
  return 'a session at the target may be of this account, inside a routine of another definer: turn on performance_schema there, or wait until the routine ends'
}
