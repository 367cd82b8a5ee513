import { MayflyError } from '@mayfly/domain'
import { type AccountHandle, type CheckFinding, type IssuedAccount, Secret, type Target } from '@mayfly/provider-kit'
import { randomBytes } from 'node:crypto'
import { connectNode, type Connection } from './redis-connection.ts'
import { targetError } from './redis-error.ts'
import type { RedisPermission } from './redis-permission.ts'
import { membersToIssueAt } from './redis-issue.ts'
import type { Node } from './redis-node.ts'
import type { Nodes } from './redis-topology.ts'

export type ProbeTarget = Pick<Target<RedisPermission>, 'issue' | 'revoke' | 'observe'>

const probeLifeMs = 60_000

/** Issues a user, logs in at each node, tries a wrong password, revokes, and looks whether the sessions died. */
export async function checkProbe(
  nodes: Nodes,
  target: ProbeTarget,
  permission: RedisPermission,
  handle: AccountHandle,
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> {
  const parameters = exampleParameters(permission)
  const sessions: Connection[] = []
  try {
    const issued = await target.issue(
      handle,
      {
        permission,
        parameters,
        expiresAt: new Date(Date.now() + probeLifeMs),
        createDeadlineAt: new Date(Date.now() + probeLifeMs / 4),
      },
      signal,
    )
    const every = membersToIssueAt(await nodes.look(signal)).map((member) => member.node)
    for (const node of every) {
      const session = await tryLogin(nodes, node, issued, passwordOf(issued), signal)
      if (!session) return [refusedFinding()]
      sessions.push(session)
    }
    const findings: CheckFinding[] = [
      { check: 'login', outcome: 'passed', detail: `a user was made, and logged in at ${every.length} nodes` },
    ]
    findings.push(await wrongPasswordFinding(nodes, every, issued, signal))
    return [...findings, ...(await revokeFindings(target, handle, sessions, signal))]
  } finally {
    // Nothing is left behind, whatever happened; a removed user is removed once more in a millisecond.
    await target.revoke([handle], silent, signal.aborted ? AbortSignal.timeout(10_000) : signal)
    for (const session of sessions) session.close()
  }
}

/** A role with parameters is tried with a value that no key of others has. */
function exampleParameters(permission: RedisPermission): Readonly<Record<string, string>> {
  const patterns = [
    ...permission.channels,
    ...permission.keys.map((key) => (typeof key === 'string' ? key : key.pattern)),
  ]
  const names = patterns.flatMap((text) => [...text.matchAll(/\{\{([a-z0-9_]+)\}\}/g)].map(([, name = '']) => name))
  return Object.fromEntries(names.map((name) => [name, 'mayfly-check']))
}

async function wrongPasswordFinding(
  nodes: Nodes,
  every: readonly Node[],
  issued: IssuedAccount,
  signal: AbortSignal,
): Promise<CheckFinding> {
  const wrong = new Secret(randomBytes(32).toString('base64url'))
  for (const node of every) {
    const session = await tryLogin(nodes, node, issued, wrong, signal)
    if (!session) continue
    session.close()
    return {
      check: 'password',
      outcome: 'failed',
      detail: 'the target lets a user in with a wrong password, so no end of a credential means anything',
      hint: 'look for a proxy between Mayfly and the target that logs in by itself',
    }
  }
  return { check: 'password', outcome: 'passed', detail: 'a wrong password is refused' }
}

async function revokeFindings(
  target: ProbeTarget,
  handle: AccountHandle,
  sessions: readonly Connection[],
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> {
  const startedAt = performance.now()
  let cutMs: number | undefined
  let reason: string | undefined
  await target.revoke(
    [handle],
    {
      cut: async () => {
        cutMs = Math.round(performance.now() - startedAt)
      },
      removed: async () => undefined,
      pending: async (_handle, why) => {
        reason = why
      },
    },
    signal,
  )
  const alive = (await Promise.all(sessions.map((session) => answers(session, signal)))).filter(Boolean).length
  const [seen] = await target.observe([handle], signal)
  return [
    cutMs !== undefined && alive === 0
      ? { check: 'cut', outcome: 'passed', detail: `the user was deleted and its sessions ended in ${cutMs} ms` }
      : {
          check: 'cut',
          outcome: 'failed',
          detail:
            alive > 0 ? `${alive} open sessions went on after the cut` : (reason ?? 'the user could not be ended'),
          hint: 'look for a proxy between the client and the target, or a server that only speaks like Redis',
        },
    seen?.state === 'absent'
      ? { check: 'removal', outcome: 'passed', detail: 'the target says that the user is absent' }
      : { check: 'removal', outcome: 'failed', detail: reason ?? 'the target still has the user' },
  ]
}

/** PING is in every role. */
async function answers(session: Connection, signal: AbortSignal): Promise<boolean> {
  try {
    const [reply] = await session.send([['PING']], signal)
    return reply === 'PONG'
  } catch (error) {
    if (signal.aborted) throw error
    return false
  }
}

/** @returns undefined where the target refuses it. @throws MayflyError where it cannot be tried: that is no refusal */
async function tryLogin(
  { settings }: Nodes,
  node: Node,
  issued: IssuedAccount,
  password: Secret,
  signal: AbortSignal,
): Promise<Connection | undefined> {
  try {
    const login = { username: String(issued.fields['username']), password }
    return await connectNode(settings, node.address, login, signal)
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('WRONGPASS')) return undefined
    const { code, options } = targetError(error, `probe login at ${node.id}`)
    throw new MayflyError(code, {
      ...options,
      publicDetail: 'the user that was made could not be tried: the connection failed',
    })
  }
}

function refusedFinding(): CheckFinding {
  return {
    check: 'login',
    outcome: 'failed',
    detail: 'a node of the target refuses the user that was made there',
    hint: 'look for something that resets users (ACL LOAD), or a proxy that does not know them',
  }
}

function passwordOf(issued: IssuedAccount): Secret {
  const { password } = issued.fields
  return password instanceof Secret ? password : new Secret('')
}

const silent = {
  cut: async () => undefined,
  removed: async () => undefined,
  pending: async () => undefined,
}
