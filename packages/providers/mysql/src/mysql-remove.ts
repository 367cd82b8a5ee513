/**
 * Removal: after the cut, until the target says that no account of the name is there, for no host, and no session.
 *
 * DROP USER with a list is not atomic in MariaDB, and sessions outlive it with all their rights: hence the look afterwards,
 * at accounts and at sessions. An event of the account may have begun between the cut and its end.
 */
import { endSessions } from './mysql-cut.ts'
import { askAtOnce, lookAtAccounts } from './mysql-observe.ts'
import type { Sessions } from './mysql-session.ts'
import { pause } from './pause.ts'

const sessionLooks = 20
const pauseMs = 25

/** @param batches of as many as are dropped at once; looked at are as many as can be asked for */
export async function removeAccounts(
  sessions: Sessions,
  batches: readonly (readonly string[])[],
  signal: AbortSignal,
  onRemoved: (names: readonly string[]) => Promise<void>,
): Promise<ReadonlyMap<string, string>> {
  const pending = new Map<string, string>()
  const looked: string[] = []
  const lookAtThem = async () => {
    const names = looked.splice(0)
    const stuck = await findStuck(sessions, names, signal)
    for (const [name, reason] of stuck) pending.set(name, reason)
    const removed = names.filter((name) => !stuck.has(name))
    if (removed.length > 0) await onRemoved(removed)
  }
  for (const names of batches) {
    if (looked.length + names.length > askAtOnce) await lookAtThem()
    await sessions.run('remove', signal, (session) => session.call('remove_accounts', [JSON.stringify(names)]))
    looked.push(...names)
  }
  if (looked.length > 0) await lookAtThem()
  return pending
}

/** Those that are there, or have a session, and why. */
async function findStuck(
  sessions: Sessions,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const seen = await lookAtAccounts(sessions, names, signal)
  let busy = names.filter((name) => (seen.get(name)?.openSessions ?? 0) > 0)
  for (let look = 0; look < sessionLooks && busy.length > 0; look += 1) {
    if (look > 0) await pause(pauseMs, 'remove', signal)
    busy = [...(await endSessions(sessions, busy, 0, signal)).busy]
  }
  const stuck = new Map(busy.map((name) => [name, 'an open session does not end although it was told to']))
  for (const name of names) if (seen.get(name)?.present === true) stuck.set(name, 'the target still has the account')
  return stuck
}
