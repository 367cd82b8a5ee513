/**
 * Removal: after the cut, until the target says that no account of the name is there, for no host, and no session.
 *
 * DROP USER with a list is not atomic in MariaDB, and sessions outlive it with all their rights: hence the look afterwards,
 * at accounts and at sessions. An event of the account may have begun between the cut and its end.
 */
import { endSessions } from './mysql-cut.ts'
import type { Sessions } from './mysql-session.ts'
import { pause } from './pause.ts'

export interface RemoveOutcome {
  readonly removed: readonly string[]
  readonly pending: ReadonlyMap<string, string>
}

const sessionLooks = 20
const pauseMs = 25

export async function removeAccounts(
  sessions: Sessions,
  names: readonly string[],
  signal: AbortSignal,
): Promise<RemoveOutcome> {
  const rows = await sessions.run('remove', signal, (session) =>
    session.call('remove_accounts', [JSON.stringify(names)]),
  )
  const present = new Set(rows.map((row) => String(row['account'])))
  let busy = new Set<string>()
  for (let look = 0; look < sessionLooks; look += 1) {
    if (look > 0) await pause(pauseMs, 'remove', signal)
    busy = new Set((await endSessions(sessions, names, 0, signal)).busy)
    if (busy.size === 0) break
  }
  const pending = new Map<string, string>()
  for (const name of names) {
    if (present.has(name)) pending.set(name, 'the target still has the account')
    else if (busy.has(name)) pending.set(name, 'an open session does not end although it was told to')
  }
  return { removed: names.filter((name) => !pending.has(name)), pending }
}
