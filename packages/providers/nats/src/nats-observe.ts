import {
  type AccountHandle,
  credentialOfAccountName,
  type Observation,
  type ObservedSession,
} from '@mayfly/provider-kit'
import { readAccount } from './account-reading.ts'
import { listConnections } from './connections.ts'
import { lifeAt } from './nats-issue.ts'
import type { NatsWay } from './nats-way.ts'
import { endedEverywhere, keyOf } from './push-ends.ts'

/**
 * `absent`: every server refuses it, by the list of revocations or because it is past its end by the slowest clock of the
 * target. `usable` is all else, also what was never issued: the target keeps no account that it could be asked for.
 */
export async function observeUsers(
  way: NatsWay,
  handles: readonly AccountHandle[],
  signal: AbortSignal,
): Promise<readonly Observation[]> {
  const [reading, { connections }] = await Promise.all([
    readAccount(way.session, way.account, signal),
    listConnections(way, signal),
  ])
  const openOf = new Map<string, number>()
  for (const { userKey } of connections) openOf.set(userKey, (openOf.get(userKey) ?? 0) + 1)
  const isEnded = endedEverywhere(way, reading)
  return handles.map((handle) => {
    const life = lifeAt(handle, reading.now)
    return {
      handle,
      state: life === 'over' || isEnded(handle) ? 'absent' : life === 'ending' ? 'disabled' : 'usable',
      openSessions: openOf.get(keyOf(handle)) ?? 0,
    }
  })
}

/**
 * All connections whose user was signed with Mayfly's key. One whose name is not of Mayfly's form has no account: somebody
 * else has the key.
 */
export async function listUserSessions(way: NatsWay, signal: AbortSignal): Promise<readonly ObservedSession[]> {
  const { connections } = await listConnections(way, signal)
  return connections
    .filter(({ issuerKey }) => issuerKey === way.accountKey.publicKey)
    .map(({ serverId, connectionId, name, address, since }) => ({
      sessionId: `${serverId}/${connectionId}`,
      accountName: credentialOfAccountName(name) === undefined ? undefined : name,
      sourceAddress: address,
      since,
    }))
}
