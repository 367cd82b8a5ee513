import { credentialOfAccountName, type ObservedSession } from '@mayfly/provider-kit'
import { parseClientList } from './client-list.ts'
import type { Command } from './redis-connection.ts'
import { replyError } from './redis-error.ts'
import { everyNode } from './redis-observe.ts'
import type { Nodes } from './redis-topology.ts'

/**
 * All connections of Mayfly's users, in one CLIENT LIST for each node; `since` in whole seconds.
 *
 * A connection that logs in again as somebody else is then that one's. What a deleted user had open has ended.
 */
export async function listUserSessions(nodes: Nodes, signal: AbortSignal): Promise<readonly ObservedSession[]> {
  const every = await everyNode(nodes, signal)
  const lists = await Promise.all(
    every.map(async (node) => {
      const [reply] = await node.ask('list sessions', [['CLIENT', 'LIST']], signal)
      const nowMs = Date.now()
      return parseClientList(reply).flatMap(({ id, user, address, ageSeconds }): readonly ObservedSession[] => {
        if (credentialOfAccountName(user) === undefined) return []
        return [
          {
            // A connection's number is never given twice by a server; the servers count each for itself.
            sessionId: `${node.id}#${id}`,
            accountName: user,
            since: new Date(nowMs - ageSeconds * 1_000),
            ...(address !== undefined && { sourceAddress: address }),
          },
        ]
      })
    }),
  )
  return lists.flat()
}

/** By number and user both: after a restart of the server another connection may have the number. */
export async function cutUserSessions(
  nodes: Nodes,
  sessions: readonly ObservedSession[],
  signal: AbortSignal,
): Promise<void> {
  const every = await everyNode(nodes, signal)
  await Promise.all(
    every.map(async (node) => {
      const kills = sessions.flatMap(({ sessionId, accountName }): readonly Command[] => {
        const [at, id] = splitId(sessionId)
        if (at !== node.id || id === undefined || accountName === undefined) return []
        return [['CLIENT', 'KILL', 'ID', id, 'USER', accountName, 'SKIPME', 'yes']]
      })
      for (const reply of kills.length === 0 ? [] : await node.try('cut sessions', kills, signal)) {
        // `No such user`: its sessions went with it.
        if (reply instanceof Error && !/No such (client|user)/i.test(reply.message)) {
          throw replyError(reply, `cut sessions at ${node.id}`)
        }
      }
    }),
  )
}

function splitId(sessionId: string): readonly [string, string | undefined] {
  const [, node = '', id] = /^(.*)#(\d+)$/.exec(sessionId) ?? []
  return [node, id]
}
