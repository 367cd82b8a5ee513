/**
 * Ends credentials: no new login (the pushed list), no open session (seen at every server).
 *
 * A server that takes the list closes the connections that it names, within about a tenth of a second. One whose login was
 * under way at that moment can slip through: it is seen by the second look, and the list is pushed anew, upon which every
 * connection is judged again.
 */
import { MayflyError } from '@mayfly/domain'
import type { AccountHandle, RevokeReport } from '@mayfly/provider-kit'
import { setTimeout as delay } from 'node:timers/promises'
import { listConnections } from './connections.ts'
import { lifeAt } from './nats-issue.ts'
import type { NatsWay } from './nats-way.ts'
import { keyOf, pushEnds } from './push-ends.ts'

/** Between looks, in milliseconds: two in a row must show nothing. About three seconds a round. */
const looks = [20, 30, 50, 50, 100, 200, 400, 800, 1_600]
const rounds = 3

export async function revokeUsers(
  way: NatsWay,
  handles: readonly AccountHandle[],
  report: RevokeReport,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) throw new MayflyError('target_timeout', { log: 'nats: revoke: aborted by the caller' })
  if (handles.length === 0) return
  let open = handles
  for (let round = 0; round < rounds && open.length > 0; round += 1) {
    const { ended, pending } = await pushEnds(way, { handles: open, anew: round > 0 }, signal)
    for (const { handle, reason } of pending) await report.pending(handle, reason)
    open = await awaitClosed(way, ended, report, signal)
  }
  for (const handle of open) await report.pending(handle, 'a session is still open though the target refuses its login')
}

/** @returns those that still have a connection */
async function awaitClosed(
  way: NatsWay,
  handles: readonly AccountHandle[],
  report: RevokeReport,
  signal: AbortSignal,
): Promise<readonly AccountHandle[]> {
  let open = handles
  let before = new Set<string>()
  for (const [at, waitMs] of looks.entries()) {
    const { connections, now } = await listConnections(way, signal)
    const connected = new Set(connections.map((one) => one.userKey))
    const clean = open.filter((handle) => !connected.has(keyOf(handle)))
    const sure = clean.filter((handle) => before.has(keyOf(handle)) && lifeAt(handle, now) !== 'ending')
    if (sure.length > 0) {
      await report.cut(sure)
      // Nothing is kept at the target but the list that refuses it.
      await report.removed(sure)
      const done = new Set(sure)
      open = open.filter((handle) => !done.has(handle))
    }
    if (open.length === 0) return []
    before = new Set(clean.map(keyOf))
    if (at < looks.length - 1) await pause(waitMs, signal)
  }
  return open
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal })
  } catch (cause) {
    throw new MayflyError('target_timeout', { log: 'nats: revoke: aborted by the caller', cause })
  }
}
