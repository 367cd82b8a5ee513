/**
 * Ends users: removed many at once, then seen gone, and their connections with them.
 *
 * To remove a user is the cut: RabbitMQ closes its connections (about 5 ms), and one that was logging in is refused when it
 * opens its virtual host, since the permission is gone too. Taking the permission or the password alone closes nothing.
 * A bulk removal is not atomic: it stops at the first name that is not there. So it is given names that were just seen.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { MayflyError } from '@mayfly/domain'
import type { AccountHandle, RevokeReport } from '@mayfly/provider-kit'
import type { RabbitmqApi } from './rabbitmq-api.ts'
import { reasonOf } from './rabbitmq-api.ts'
import { countSessions, endSessionsOf, findPresent } from './rabbitmq-users.ts'

const batchSize = 100
/**
 * A connection that was authenticated before the removal may be counted only after it (milliseconds; more under load), and is
 * then not closed by the removal: later looks find it. Each look that is not clean begins them anew.
 */
const lookAfterMs = [0, 200] as const
/** Where there are many each look costs a request a user: one look, late enough. */
const lookOnceAfterMs = [200] as const
const many = 20
const maxLooks = 12

export async function revokeUsers(
  api: RabbitmqApi,
  handles: readonly AccountHandle[],
  lanes: number,
  report: RevokeReport,
  signal: AbortSignal,
): Promise<void> {
  const byName = new Map(handles.map((handle) => [handle.accountName, handle]))
  const names = [...byName.keys()]
  const handlesOf = (some: readonly string[]) => some.flatMap((name) => byName.get(name) ?? [])
  const present = await findPresent(api, names, lanes, signal)

  async function seeGone(batch: readonly string[], removed: readonly string[]): Promise<void> {
    const open = await waitForSessions(api, removed, lanes, signal)
    const left = await findPresent(api, removed, lanes, signal)
    const gone = batch.filter((name) => !left.has(name) && !open.has(name))
    if (gone.length > 0) {
      await report.cut(handlesOf(gone))
      await report.removed(handlesOf(gone))
    }
    for (const handle of handlesOf([...open.keys()]))
      await report.pending(handle, 'a connection of the user is still open')
    for (const handle of handlesOf([...left])) await report.pending(handle, 'the user is still there')
  }

  // While one batch is looked at the next is removed: RabbitMQ removes one user after the other.
  const looking: Promise<void>[] = []
  try {
    for (let at = 0; at < names.length; at += batchSize) {
      const batch = names.slice(at, at + batchSize)
      const removed = batch.filter((name) => present.has(name))
      await removeUsers(api, removed, lanes, signal)
      const seen = seeGone(batch, removed)
      seen.catch(() => undefined)
      looking.push(seen)
    }
  } finally {
    await Promise.allSettled(looking)
  }
  await Promise.all(looking)
}

/** Whoever else removes users at the same time must not stop us: what is named as absent is left out, and the rest goes on. */
async function removeUsers(
  api: RabbitmqApi,
  names: readonly string[],
  lanes: number,
  signal: AbortSignal,
): Promise<void> {
  let due: readonly string[] = [...new Set(names)]
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

/** @returns who is still connected after several looks, each of which closes what it sees */
async function waitForSessions(
  api: RabbitmqApi,
  names: readonly string[],
  lanes: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  let open: ReadonlyMap<string, number> = new Map()
  if (names.length === 0) return open
  const waits = names.length > many ? lookOnceAfterMs : lookAfterMs
  for (let clean = 0, look = 0; clean < waits.length && look < maxLooks; look += 1) {
    await pause(waits[clean] ?? 0, undefined, { signal }).catch(() => undefined)
    open = await countSessions(api, names, lanes, signal)
    clean = open.size === 0 ? clean + 1 : 0
    for (const name of open.keys()) await endSessionsOf(api, name, signal)
  }
  return open
}
