import { isIP } from 'node:net'
import {
  type AccountHandle,
  credentialOfAccountName,
  type Observation,
  type ObservedSession,
  requireAccountNames,
} from '@mayfly/provider-kit'
import type { Sessions } from './mysql-session.ts'

/** As many names as a procedure takes at once. */
export const askAtOnce = 1_000

interface Seen {
  readonly present: boolean
  readonly usable: boolean
  readonly openSessions: number
}

/**
 * Asks the target about accounts. `usable`: not locked, for any host. An absent account may have open sessions: they
 * outlive it.
 */
export async function observeAccounts(
  sessions: Sessions,
  handles: readonly AccountHandle[],
  signal: AbortSignal,
): Promise<readonly Observation[]> {
  requireAccountNames(handles)
  const seen = await lookAtAccounts(
    sessions,
    handles.map((handle) => handle.accountName),
    signal,
  )
  return handles.map((handle) => {
    const row = seen.get(handle.accountName)
    const state = row?.present !== true ? 'absent' : row.usable ? 'usable' : 'disabled'
    return { handle, state, openSessions: row?.openSessions ?? 0 }
  })
}

/** What is not in the answer is absent, and has no session. */
export async function lookAtAccounts(
  sessions: Sessions,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Seen>> {
  const seen = new Map<string, Seen>()
  for (let at = 0; at < Math.max(1, names.length); at += askAtOnce) {
    const some = JSON.stringify(names.slice(at, at + askAtOnce))
    const rows = await sessions.run('observe', signal, (session) => session.call('observe', [some]))
    for (const row of rows) {
      seen.set(String(row['account']), {
        present: Number(row['present']) === 1,
        usable: Number(row['usable']) === 1,
        openSessions: Number(row['sessions']),
      })
    }
  }
  return seen
}

/** The names of all accounts of our pattern, a page at a time: a stream would hold the target's table of accounts open. */
export async function* listAccountNames(sessions: Sessions, signal: AbortSignal): AsyncIterable<string> {
  const pageSize = 5_000
  let after = ''
  for (;;) {
    const rows = await sessions.run('list accounts', signal, (session) =>
      session.call('list_accounts', [after, pageSize]),
    )
    for (const row of rows) {
      after = String(row['account'])
      yield after
    }
    if (rows.length < pageSize) return
  }
}

/** All open sessions of our accounts. The target does not say since when: `time` there is that of the last statement. */
export async function listOpenSessions(sessions: Sessions, signal: AbortSignal): Promise<readonly ObservedSession[]> {
  const rows = await sessions.run('list sessions', signal, (session) => session.call('list_sessions', []))
  return rows.map((row) => {
    const source = String(row['source'])
    return {
      sessionId: String(row['id']),
      accountName: String(row['account']),
      ...(isIP(source) === 0 ? {} : { sourceAddress: source }),
    }
  })
}

/** By id and name: an id alone could be another's by the time it is read. */
export async function cutOpenSessions(
  sessions: Sessions,
  open: readonly ObservedSession[],
  signal: AbortSignal,
): Promise<void> {
  const pairs = open.flatMap(({ sessionId, accountName }) =>
    /^[0-9]{1,19}$/.test(sessionId) && accountName !== undefined && credentialOfAccountName(accountName) !== undefined
      ? [[Number(sessionId), accountName] as const]
      : [],
  )
  for (let at = 0; at < pairs.length; at += askAtOnce) {
    const some = JSON.stringify(pairs.slice(at, at + askAtOnce))
    await sessions.run('cut sessions', signal, (session) => session.call('cut_sessions', [some]))
  }
}
