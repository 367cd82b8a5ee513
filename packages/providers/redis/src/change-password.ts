/**
 * Passwords of users that Mayfly did not make: its own login (law 12), and static accounts that cannot go away yet.
 *
 * Promise: an account is never left without a password that somebody knows: the new one is added everywhere, and proved,
 * before the old one is taken away; each step is refused by the target after ten seconds. What would be forgotten at the
 * next start of the server is not done: without an ACL file the old password would be back then, and the new one gone.
 */
import { canonicalJson, MayflyError } from '@mayfly/domain'
import { credentialOfAccountName, type OwnLogin, Secret } from '@mayfly/provider-kit'
import { randomBytes } from 'node:crypto'
import type { GuardedChanges } from './guarded-changes.ts'
import { connectNode, type Command, type Reply } from './redis-connection.ts'
import { replyError, targetError } from './redis-error.ts'
import { passwordHash } from './redis-issue.ts'
import { aborted } from './redis-node.ts'
import { isKnown } from './redis-observe.ts'
import { addressText, type RedisSecret, type RedisSettings } from './redis-settings.ts'
import type { Member, Nodes } from './redis-topology.ts'

const changeWithinMs = 10_000

export const redisOwnLogin: OwnLogin<RedisSettings, RedisSecret> = {
  keyOf: ({ settings, secret }) => canonicalJson([addressText(settings), secret.username]),
  next: ({ username }) => new Secret(canonicalJson({ username, password: randomBytes(32).toString('base64url') })),
}

export interface PasswordDeps {
  readonly nodes: Nodes
  readonly changes: GuardedChanges
  readonly own: RedisSecret
}

/** @throws MayflyError `target_*`; see `Adoptable` */
export async function adoptLogin(deps: PasswordDeps, next: RedisSecret, signal: AbortSignal): Promise<void> {
  const { own } = deps
  if (next.username !== own.username) {
    throw new MayflyError('internal', { log: 'redis: the next secret is of another login' })
  }
  const members = await everyMember(deps.nodes, signal)
  await change(deps, 'adopt', members, own.username, [`#${passwordHash(next.password)}`], signal)
  if (!(await acceptsEverywhere(deps.nodes, members, next.username, next.password, signal))) {
    throw new MayflyError('target_refused', {
      log: 'redis: adopt: the new password is not taken',
      publicDetail: 'the target does not log its own login in with the password that it keeps for it',
      hint: 'see whether something at the target resets its users, or set `adopt_login` of the resource to false',
    })
  }
  await change(deps, 'adopt', members, own.username, ['resetpass', `#${passwordHash(next.password)}`], signal)
  const undo = ['resetpass', `#${passwordHash(own.password)}`]
  await keep(deps, 'adopt', members, own.username, undo, signal)
}

/** See `Rotatable.rotate`. */
export async function rotatePassword(
  deps: PasswordDeps,
  account: string,
  next: Secret,
  signal: AbortSignal,
): Promise<void> {
  refuseAccount(deps, account)
  const members = await everyMember(deps.nodes, signal)
  const hash = passwordHash(next)
  await change(deps, 'rotate', members, account, [`#${hash}`], signal)
  await keep(deps, 'rotate', members, account, [`!${hash}`], signal)
}

/** See `Rotatable.endPrevious`. Who is connected has to log in again, with `current`. */
export async function endPreviousPassword(
  deps: PasswordDeps,
  account: string,
  current: Secret,
  signal: AbortSignal,
): Promise<void> {
  refuseAccount(deps, account)
  const members = await everyMember(deps.nodes, signal)
  await change(deps, 'end previous', members, account, ['resetpass', `#${passwordHash(current)}`], signal)
  for (const { node, file } of members) {
    await node.ask('end previous', [['CLIENT', 'KILL', 'USER', account, 'SKIPME', 'yes']], signal)
    await file.save(signal)
  }
}

/** See `Rotatable.accepts`: true where every node does. */
export async function acceptsPassword(
  deps: PasswordDeps,
  account: string,
  secret: Secret,
  signal: AbortSignal,
): Promise<boolean> {
  refuseAccount(deps, account)
  return acceptsEverywhere(deps.nodes, await everyMember(deps.nodes, signal), account, secret, signal)
}

async function acceptsEverywhere(
  { settings }: Nodes,
  members: readonly Member[],
  username: string,
  password: Secret,
  signal: AbortSignal,
): Promise<boolean> {
  const answers = await Promise.all(
    members.map(async ({ node }) => {
      try {
        const connection = await connectNode(settings, node.address, { username, password }, signal)
        connection.close()
        return true
      } catch (error) {
        if (signal.aborted) throw aborted('log in')
        if (error instanceof Error && error.message.startsWith('WRONGPASS')) return false
        throw targetError(error, `log in at ${node.id}`)
      }
    }),
  )
  return answers.every(Boolean)
}

/** ACL SETUSER makes whom it does not know: an account that is not there is refused first. */
async function change(
  deps: PasswordDeps,
  doing: string,
  members: readonly Member[],
  account: string,
  rules: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const command: Command = ['ACL', 'SETUSER', account, ...rules]
  await Promise.all(
    members.map(async (member) => {
      const [reply] = await deps.changes.run(
        doing,
        member,
        {
          deadlineAt: new Date(Date.now() + changeWithinMs),
          before: [['ACL', 'DRYRUN', account, 'PING']],
          change: ([known]) => refuseUnknown(known, [command]),
        },
        signal,
      )
      if (reply instanceof Error) throw replyError(reply, `${doing} at ${member.node.id}`)
    }),
  )
}

function refuseUnknown(known: Reply | undefined, commands: readonly Command[]): readonly Command[] {
  if (isKnown(known)) return commands
  throw new MayflyError('target_refused', {
    log: 'redis: no such user',
    publicDetail: 'the target has no such account on one of its nodes',
    hint: 'users do not replicate: make it on each node, or correct its name',
  })
}

/** Makes a change outlive the next start of each node, or takes it back. */
async function keep(
  deps: PasswordDeps,
  doing: string,
  members: readonly Member[],
  account: string,
  undo: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const saved: Member[] = []
  for (const member of members) {
    if (await member.file.save(signal)) {
      saved.push(member)
      continue
    }
    await change(deps, doing, members, account, undo, signal)
    for (const { file } of saved) await file.save(signal)
    throw new MayflyError('target_refused', {
      log: `redis: ${doing}: no ACL file at ${member.node.id}`,
      publicDetail: 'the target has no ACL file, so the new password would be forgotten at its next start',
      hint: 'set `aclfile` in redis.conf; for the login of Mayfly itself, `adopt_login: false` of the resource does without',
    })
  }
}

async function everyMember(nodes: Nodes, signal: AbortSignal): Promise<readonly Member[]> {
  const { members, unreachable } = await nodes.look(signal)
  const [missing] = unreachable
  if (missing !== undefined) throw missing.error
  return members
}

function refuseAccount({ own }: PasswordDeps, account: string): void {
  const refuse = (detail: string) =>
    new MayflyError('request_invalid', { publicDetail: detail, fields: [{ pointer: '/account', detail }] })
  if (!/^[\x21-\x7e]{1,128}$/.test(account)) throw refuse('the name of a Redis user is printable ASCII without spaces')
  if (account === 'default') throw refuse('Mayfly never changes the user `default`')
  if (account === own.username) throw refuse("Mayfly's own login is not rotated as an account of others")
  if (credentialOfAccountName(account) !== undefined) throw refuse('this is the account of a credential')
}
