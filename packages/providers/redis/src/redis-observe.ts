import {
  type AccountHandle,
  credentialOfAccountName,
  type Observation,
  requireAccountNames,
} from '@mayfly/provider-kit'
import { parseClientList } from './client-list.ts'
import type { Reply } from './redis-connection.ts'
import { replyError } from './redis-error.ts'
import type { Node } from './redis-node.ts'
import type { Nodes } from './redis-topology.ts'

/** ACL DRYRUN takes a node a microsecond, ACL GETUSER 0.3 to 2 ms: others wait that long for each of these. */
const askedTogether = 500
const describedTogether = 4

/**
 * Asks every node. `usable` where it can log in at one of them at least; `absent` where none knows it.
 *
 * @throws MayflyError `target_*` also where one node of several does not answer: what is there, nobody can say
 */
export async function observeUsers(
  nodes: Nodes,
  handles: readonly AccountHandle[],
  signal: AbortSignal,
): Promise<readonly Observation[]> {
  requireAccountNames(handles)
  const names = handles.map((handle) => handle.accountName)
  const seen = await Promise.all((await everyNode(nodes, signal)).map((node) => observeAt(node, names, signal)))
  return handles.map((handle) => {
    const { accountName } = handle
    const states = seen.map((one) => one.states.get(accountName))
    const state = states.includes('usable') ? 'usable' : states.includes('disabled') ? 'disabled' : 'absent'
    const openSessions = seen.reduce((sum, one) => sum + (one.sessions.get(accountName) ?? 0), 0)
    return { handle, state, openSessions }
  })
}

/** All names of our pattern. The server has no cursor for them: one answer for each node, of about 40 bytes a name. */
export async function* listAccountNames(nodes: Nodes, signal: AbortSignal): AsyncIterable<string> {
  const told = new Set<string>()
  const every = await everyNode(nodes, signal)
  for (const node of every) {
    const [users] = await node.ask('list accounts', [['ACL', 'USERS']], signal)
    for (const name of Array.isArray(users) ? (users as readonly Reply[]) : []) {
      if (typeof name !== 'string' || told.has(name) || credentialOfAccountName(name) === undefined) continue
      if (every.length > 1) told.add(name)
      yield name
    }
  }
}

/** @throws MayflyError where one does not answer */
export async function everyNode(nodes: Nodes, signal: AbortSignal): Promise<readonly Node[]> {
  const { members, unreachable } = await nodes.look(signal)
  const [missing] = unreachable
  if (missing !== undefined) throw missing.error
  return members.map((member) => member.node)
}

interface SeenAt {
  readonly states: ReadonlyMap<string, 'usable' | 'disabled'>
  readonly sessions: ReadonlyMap<string, number>
}

async function observeAt(node: Node, names: readonly string[], signal: AbortSignal): Promise<SeenAt> {
  const present: string[] = []
  for (let at = 0; at < names.length; at += askedTogether) {
    const some = names.slice(at, at + askedTogether)
    const replies = await node.try(
      'observe',
      some.map((name) => ['ACL', 'DRYRUN', name, 'PING']),
      signal,
    )
    for (const [index, reply] of replies.entries()) if (isKnown(reply)) present.push(some[index] ?? '')
  }
  const states = new Map<string, 'usable' | 'disabled'>()
  for (let at = 0; at < present.length; at += describedTogether) {
    const some = present.slice(at, at + describedTogether)
    const replies = await node.ask(
      'observe',
      some.map((name) => ['ACL', 'GETUSER', name]),
      signal,
    )
    for (const [index, reply] of replies.entries()) {
      // Null: removed in between.
      if (Array.isArray(reply)) states.set(some[index] ?? '', isOn(reply as readonly Reply[]) ? 'usable' : 'disabled')
    }
  }
  const sessions = new Map<string, number>()
  if (states.size > 0) {
    const [clients] = await node.ask('observe', [['CLIENT', 'LIST']], signal)
    for (const { user } of parseClientList(clients)) sessions.set(user, (sessions.get(user) ?? 0) + 1)
  }
  return { states, sessions }
}

/** DRYRUN answers `OK`, or what the user may not; of one who is not there: `ERR User '…' not found`. */
export function isKnown(reply: Reply | undefined): boolean {
  if (!(reply instanceof Error)) return true
  if (/not found/i.test(reply.message)) return false
  throw replyError(reply, 'observe')
}

/** `flags`, [`on`, …], … */
function isOn(user: readonly Reply[]): boolean {
  const flags = user[user.indexOf('flags') + 1]
  return Array.isArray(flags) && flags.includes('on')
}
