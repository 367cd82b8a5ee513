import { createHash, randomBytes } from 'node:crypto'
import { MayflyError } from '@mayfly/domain'
import {
  type AccountHandle,
  type IssueRequest,
  type IssuedAccount,
  requireAccountNames,
  Secret,
} from '@mayfly/provider-kit'
import { aclRule } from './acl-rule.ts'
import type { GuardedChange, GuardedChanges } from './guarded-changes.ts'
import type { Command } from './redis-connection.ts'
import { replyError } from './redis-error.ts'
import type { RedisPermission } from './redis-permission.ts'
import { addressText, type RedisSettings } from './redis-settings.ts'
import type { Member, Nodes, Topology } from './redis-topology.ts'

/**
 * Makes one ACL user with a random password, at every node that a client may use.
 *
 * A replica that does not answer is left out: it lets nobody in that it does not know.
 *
 * @throws MayflyError `target_*`; it may then stand at some nodes, and come to others until `createDeadlineAt`
 */
export async function issueUser(
  nodes: Nodes,
  changes: GuardedChanges,
  handle: AccountHandle,
  request: IssueRequest<RedisPermission>,
  signal: AbortSignal,
): Promise<IssuedAccount> {
  requireAccountNames([handle])
  const { accountName } = handle
  const rule = aclRule(request.permission, request.parameters)
  const password = new Secret(randomBytes(32).toString('base64url'))
  const change: GuardedChange = {
    deadlineAt: request.createDeadlineAt,
    before: [],
    change: () => [createCommand(accountName, password, rule)],
  }
  const members = membersToIssueAt(await nodes.recent(signal))
  let usable: readonly Member[]
  try {
    usable = (await Promise.all(members.map((member) => issueAt(member, changes, change, signal)))).flat()
  } catch (error) {
    // What failed may be what was thought of who is primary.
    nodes.forget()
    throw error
  }
  for (const { file } of usable) file.made(accountName)
  return {
    fields: {
      ...placeOf(nodes.settings, usable),
      username: accountName,
      password,
      connection_url: connectionUrl(nodes.settings, accountName, password),
    },
    boundTo: 'none',
    expiresAt: request.expiresAt,
  }
}

/** @returns nothing for a replica that cannot be reached: what may be there all the same, a revocation has to end too */
async function issueAt(
  member: Member,
  changes: GuardedChanges,
  change: GuardedChange,
  signal: AbortSignal,
): Promise<readonly Member[]> {
  try {
    const [reply] = await changes.run('issue', member, change, signal)
    if (reply instanceof Error) throw ruleError(reply)
    return [member]
  } catch (error) {
    const isLost = error instanceof MayflyError && error.code === 'target_unreachable'
    if (isLost && member.facts.role === 'replica') return []
    throw error
  }
}

/** What stands in the ACL: the password itself is in no command, and so in no list, log or MONITOR. */
export function passwordHash(password: Secret): string {
  return createHash('sha256').update(password.reveal()).digest('hex')
}

/** @throws MayflyError where keys would be out of reach: a primary is missing */
export function membersToIssueAt({ members, unreachable }: Topology): readonly Member[] {
  for (const { error, isPrimary } of unreachable) {
    // A login that is refused at one node only would make credentials that work here and there.
    if (isPrimary || error.code === 'target_rights_missing') throw error
  }
  const usable = members.filter((member) => member.guardedBy !== undefined)
  if (usable.some((member) => member.facts.role === 'primary')) return usable
  throw new MayflyError('target_unreachable', {
    log: 'redis: no primary among the nodes that answer',
    publicDetail: 'the target has no primary now',
  })
}

/**
 * Makes a user, and changes none that is there. ACL SETUSER does not know the difference, but it refuses a pattern of keys,
 * and with it the whole command, where a user has `allkeys`. So ours have it, with no command at all that could use it;
 * what they may do stands in a selector of its own (Redis documentation, "ACL", "Key permissions and selectors").
 */
function createCommand(accountName: string, password: Secret, rule: readonly string[]): Command {
  const refuseKnown = '~mayfly:new'
  const nothing = ['resetchannels', '-@all', 'allkeys']
  const selector = `(${rule.join(' ')})`
  return ['ACL', 'SETUSER', accountName, refuseKnown, 'on', `#${passwordHash(password)}`, ...nothing, selector]
}

/** `ERR Error in ACL SETUSER modifier '…': …` */
function ruleError(error: Error): MayflyError {
  const log = `redis: issue: ${error.message}`
  if (/Adding a pattern after the \*/i.test(error.message)) {
    return new MayflyError('target_refused', { log, publicDetail: 'an account of this name exists already' })
  }
  if (!/Unknown command or category/i.test(error.message)) return replyError(error, 'issue')
  return new MayflyError('target_refused', {
    log,
    publicDetail: 'the target does not know a command or a category of this role',
    hint: 'name commands as this server does (ACL CAT), or load the module that has them',
  })
}

function placeOf(settings: RedisSettings, members: readonly Member[]): Readonly<Record<string, string | number>> {
  const { host, port } = settings
  const nodes = members.map((member) => addressText(member.node.address)).join(',')
  return { host, port, ...(members.length > 1 && { nodes }) }
}

/** `rediss` is with TLS (IANA registration of the two schemes). */
function connectionUrl({ host, port, tls }: RedisSettings, username: string, password: Secret): Secret {
  const scheme = tls.mode === 'verify_full' ? 'rediss' : 'redis'
  return new Secret(`${scheme}://${username}:${password.reveal()}@${addressText({ host, port })}`)
}
