import type { CheckFinding } from '@mayfly/provider-kit'
import type { Command } from './redis-connection.ts'
import { adminRights } from './redis-guide.ts'
import type { Node } from './redis-node.ts'
import type { Topology } from './redis-topology.ts'

const guideHint = 'run the commands of `mayfly resource guide redis` on each node again'

/** What must not be among the rights of a login that only makes and ends users. */
const tooMuch: readonly Command[] = [
  ['FLUSHALL'],
  ['CONFIG', 'SET', 'maxclients', '1'],
  ['SHUTDOWN'],
  ['GET', 'a-key-of-others'],
]

/** Asks each node what Mayfly's login may do there (ACL DRYRUN): nothing is done. */
export async function checkRights(
  { members }: Topology,
  username: string,
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> {
  const findings: CheckFinding[] = []
  for (const { node } of members) {
    const missing = await refusedOf(node, username, needed(), signal)
    if (missing.length > 0) {
      findings.push({
        check: 'rights',
        outcome: 'failed',
        detail: `Mayfly's login may not run ${missing.map((command) => `\`${command.slice(0, 2).join(' ')}\``).join(', ')}`,
        hint: guideHint,
      })
      continue
    }
    const refused = await refusedOf(node, username, tooMuch, signal)
    if (refused.length === tooMuch.length) continue
    findings.push({
      check: 'rights',
      outcome: 'warned',
      detail: "Mayfly's login has more rights than it needs: it can reach data, or administer the server",
      hint: guideHint,
    })
  }
  if (findings.length > 0) return findings
  return [
    { check: 'rights', outcome: 'passed', detail: "Mayfly's login may make and end users, and cannot reach data" },
  ]
}

/** The arguments are examples: what counts is the command, and for SET and GET the key. */
function needed(): readonly Command[] {
  const key = 'mayfly:guard:check'
  const examples: Readonly<Record<string, Command>> = {
    '+set': ['SET', key, 'x', 'PXAT', '1'],
    '+get': ['GET', key],
    '+watch': ['WATCH', key],
    '+acl|setuser': ['ACL', 'SETUSER', 'x'],
    '+acl|deluser': ['ACL', 'DELUSER', 'x'],
    '+acl|getuser': ['ACL', 'GETUSER', 'x'],
    '+acl|dryrun': ['ACL', 'DRYRUN', 'x', 'PING'],
    '+client|kill': ['CLIENT', 'KILL', 'ID', '1'],
  }
  return adminRights
    .filter((right) => right.startsWith('+'))
    .map((right) => examples[right] ?? right.slice(1).toUpperCase().split('|'))
}

async function refusedOf(
  node: Node,
  username: string,
  commands: readonly Command[],
  signal: AbortSignal,
): Promise<readonly Command[]> {
  const replies = await node.ask(
    'check',
    commands.map((command) => ['ACL', 'DRYRUN', username, ...command]),
    signal,
  )
  return commands.filter((_command, at) => replies[at] !== 'OK')
}
