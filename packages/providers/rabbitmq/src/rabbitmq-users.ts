/** Which users of Mayfly's are there, and who is connected. Asked each time. */
import { isIP } from 'node:net'
import { MayflyError } from '@mayfly/domain'
import {
  type AccountHandle,
  type AccountState,
  credentialOfAccountName,
  inLanes,
  type Observation,
  type ObservedSession,
} from '@mayfly/provider-kit'
import type { RabbitmqApi } from './rabbitmq-api.ts'

/** Beyond this many it is cheaper to ask for all names at once. */
const askEach = 20

export async function findPresent(
  api: RabbitmqApi,
  names: readonly string[],
  lanes: number,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  if (names.length > askEach) {
    const { status, body } = await api.call('GET', ['users'], { signal, columns: 'name', accepts: [500] })
    const wanted = new Set(names)
    if (status !== 500) return new Set(namesIn(body).filter((name) => wanted.has(name)))
  }
  const present = new Set<string>()
  await inLanes(lanes, names, async (name) => {
    const { status } = await api.call('GET', ['users', name], { signal, accepts: [404] })
    if (status !== 404) present.add(name)
  })
  return present
}

/** @throws MayflyError `target_unreachable`: also where users are being removed all the while, so that RabbitMQ cannot list them */
export async function listNames(api: RabbitmqApi, signal: AbortSignal): Promise<readonly string[]> {
  return namesIn((await api.call('GET', ['users'], { signal, columns: 'name' })).body)
}

function namesIn(body: unknown): readonly string[] {
  return rowsOf(body).flatMap(({ name }) => (typeof name === 'string' ? [name] : []))
}

export async function observeUsers(
  api: RabbitmqApi,
  handles: readonly AccountHandle[],
  lanes: number,
  signal: AbortSignal,
): Promise<readonly Observation[]> {
  const names = handles.map((handle) => handle.accountName)
  const [present, sessions] = await Promise.all([
    findPresent(api, names, lanes, signal),
    countSessions(api, names, lanes, signal),
  ])
  return handles.map((handle) => {
    const state: AccountState = present.has(handle.accountName) ? 'usable' : 'absent'
    return { handle, state, openSessions: sessions.get(handle.accountName) ?? 0 }
  })
}

/**
 * Open connections by user. `/connections/username/{u}` and not `/connections`: the latter is filled when statistics are
 * collected, seconds later, and would say "none left" of one that has just come.
 */
export async function countSessions(
  api: RabbitmqApi,
  names: readonly string[],
  lanes: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  await inLanes(lanes, names, async (name) => {
    const { body } = await api.call('GET', ['connections', 'username', name], { signal, accepts: [404] })
    const open = rowsOf(body).length
    if (open > 0) counts.set(name, open)
  })
  return counts
}

export async function listSessions(api: RabbitmqApi, signal: AbortSignal): Promise<readonly ObservedSession[]> {
  const { body } = await api.call('GET', ['connections'], { signal, columns: 'name,user,peer_host,connected_at' })
  return rowsOf(body).flatMap(({ name, user, peer_host: address, connected_at: since }) => {
    if (typeof name !== 'string' || typeof user !== 'string' || credentialOfAccountName(user) === undefined) return []
    return [
      {
        sessionId: name,
        accountName: user,
        ...(typeof address === 'string' && isIP(address) !== 0 ? { sourceAddress: address } : {}),
        ...(typeof since === 'number' ? { since: new Date(since) } : {}),
      },
    ]
  })
}

export async function cutSessions(
  api: RabbitmqApi,
  sessions: readonly ObservedSession[],
  lanes: number,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) throw new MayflyError('target_timeout', { log: 'rabbitmq: aborted by the caller' })
  await inLanes(lanes, sessions, async ({ sessionId }) => {
    await api.call('DELETE', ['connections', sessionId], { signal, accepts: [404] })
  })
}

export async function endSessionsOf(api: RabbitmqApi, name: string, signal: AbortSignal): Promise<void> {
  await api.call('DELETE', ['connections', 'username', name], { signal, accepts: [404] })
}

function rowsOf(body: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(body) ? (body as readonly Readonly<Record<string, unknown>>[]) : []
}
