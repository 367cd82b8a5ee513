/**
 * Ends users: removed many at once, then seen gone, and their connections with them.
 *
 * To remove a user is the cut: RabbitMQ closes its connections (about 5 ms), and one that was logging in is refused when it
 * opens its virtual host, since the permission is gone too. Taking the permission or the password alone closes nothing.
 * A bulk removal is not atomic: it stops at the first name that is not there. Then it is asked which are, and given those.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { MayflyError } from '@mayfly/domain'
import { type AccountHandle, inBatches, inLanes, type RevokeReport } from '@mayfly/provider-kit'
import type { RabbitmqApi } from './rabbitmq-api.ts'
import { reasonOf } from './rabbitmq-api.ts'
import { countSessions, endSessionsOf, findPresent } from './rabbitmq-users.ts'

/** One request must not take so long that it is given up. */
const batchSize = 250
/** A fifth quicker than one after the other; more of them gain nothing. */
const removalsAtOnce = 4
/**
 * A connection that was authenticated before the removal may be counted only after it (milliseconds; more under load), and is
 * then not closed by the removal: later looks find it. Each look that is not clean begins them anew.
 */
const lookAfterMs = [0, 200] as const
/** Where there are many each look costs a request a user: one look, late enough after each was removed. */
const lookOnceAfterMs = 200
const many = 20
const maxLooks = 12

/** Removes all before it looks at any: RabbitMQ removes one user after the other, and to be asked meanwhile slows it down. */
export async function revokeUsers(
  api: RabbitmqApi,
  handles: readonly AccountHandle[],
  lanes: number,
  report: RevokeReport,
  signal: AbortSignal,
): Promise<void> {
  const byName = new Map(handles.map((handle) => [handle.accountName, handle]))
  const names = [...byName.keys()]
  const handlesOf = (some: Iterable<string>) => [...some].flatMap((name) => byName.get(name) ?? [])
  const batches: Removed[] = []
  const size = Math.min(batchSize, Math.max(many, Math.ceil(names.length / removalsAtOnce)))
  await inLanes(Math.min(lanes, removalsAtOnce), inBatches(names, size), async (batch) => {
    await removeUsers(api, batch, lanes, signal)
    batches.push({ names: batch, atMs: performance.now() })
  })
  const open = await endLateSessions(api, batches, lanes, signal)
  const left = await findPresent(api, names, lanes, signal)
  const gone = handlesOf(names.filter((name) => !left.has(name) && !open.has(name)))
  if (gone.length > 0) {
    await report.cut(gone)
    await report.removed(gone)
  }
  for (const handle of handlesOf(open.keys())) await report.pending(handle, 'a connection of the user is still open')
  for (const handle of handlesOf(left)) await report.pending(handle, 'the user is still there')
}

/** One that is absent already, or that somebody else removes at the same time, is left out, and the rest goes on. */
async function removeUsers(
  api: RabbitmqApi,
  names: readonly string[],
  lanes: number,
  signal: AbortSignal,
): Promise<void> {
  let due = names
  while (due.length > 0) {
    const answer = await api.call('POST', ['users', 'bulk-delete'], { signal, body: { users: due }, accepts: [400] })
    if (answer.status !== 400) return
    if (!/no_such_user/.test(reasonOf(answer))) {
      const log = `rabbitmq: bulk-delete: ${reasonOf(answer).slice(0, 200)}`
      throw new MayflyError('target_refused', { log, publicDetail: 'RabbitMQ refused to remove users' })
    }
    const present = await findPresent(api, due, lanes, signal)
    if (present.size === due.length) {
      throw new MayflyError('target_refused', {
        publicDetail: 'RabbitMQ says of a user that it is there and that it is not',
      })
    }
    due = due.filter((name) => present.has(name))
  }
}

interface Removed {
  readonly names: readonly string[]
  /** By the process's own clock. */
  readonly atMs: number
}

/** @returns who is still connected after several looks, each of which closes what it sees */
async function endLateSessions(
  api: RabbitmqApi,
  batches: readonly Removed[],
  lanes: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const names = batches.flatMap((batch) => batch.names)
  if (names.length <= many) return lookUntilClean(api, names, lanes, signal)
  const late: string[] = []
  for (const batch of batches) {
    await pauseFor(batch.atMs + lookOnceAfterMs - performance.now(), signal)
    late.push(...(await countSessions(api, batch.names, lanes, signal)).keys())
  }
  for (const name of late) await endSessionsOf(api, name, signal)
  return lookUntilClean(api, late, lanes, signal)
}

async function lookUntilClean(
  api: RabbitmqApi,
  names: readonly string[],
  lanes: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  let open: ReadonlyMap<string, number> = new Map()
  if (names.length === 0) return open
  for (let clean = 0, look = 0; clean < lookAfterMs.length && look < maxLooks; look += 1) {
    await pauseFor(lookAfterMs[clean] ?? 0, signal)
    open = await countSessions(api, names, lanes, signal)
    clean = open.size === 0 ? clean + 1 : 0
    for (const name of open.keys()) await endSessionsOf(api, name, signal)
  }
  return open
}

/** An abort is told by the next call. */
async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await pause(ms, undefined, { signal }).catch(() => undefined)
}
