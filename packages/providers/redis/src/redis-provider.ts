/**
 * The `redis` credential provider: one ACL user for each credential, on Redis 7.0 or later and Valkey.
 *
 * Promise: `revoke` ends a user and all its connections at every node of the target within milliseconds, seen there.
 * A create that comes too late is refused by the target itself.
 * Limits: see `guarantees.limits`.
 */
import {
  accountNameOf,
  type AccountProvider,
  type Adoptable,
  type BulkRevocable,
  credentialOfAccountName,
  type Enumerable,
  type Rotatable,
  type SessionObserver,
  type Target,
} from '@mayfly/provider-kit'
import { acceptsPassword, adoptLogin, endPreviousPassword, redisOwnLogin, rotatePassword } from './change-password.ts'
import { guardedChanges } from './guarded-changes.ts'
import { checkTarget } from './redis-check.ts'
import { redisGuide } from './redis-guide.ts'
import { issueUser } from './redis-issue.ts'
import { listAccountNames, observeUsers } from './redis-observe.ts'
import { type RedisPermission, redisPermission } from './redis-permission.ts'
import { revokeBatchSize, revokeUsers } from './redis-revoke.ts'
import { cutUserSessions, listUserSessions } from './redis-sessions.ts'
import { type RedisSecret, type RedisSettings, redisSecret, redisSettings } from './redis-settings.ts'
import { openNodes } from './redis-topology.ts'

export type RedisTarget = Target<RedisPermission> &
  Enumerable &
  BulkRevocable &
  SessionObserver &
  Rotatable &
  Adoptable<RedisSecret>

export const redisProvider = {
  kind: 'redis',
  title: 'Redis and Valkey',
  settings: redisSettings,
  secret: redisSecret,
  addressSettings: ['host', 'port', 'tls', 'nodes'],
  permission: redisPermission,
  guarantees: {
    expiryEnforcedBy: 'mayfly',
    revokeCutsOpenSessions: true,
    bindings: ['none'],
    limits: [
      'the target knows no end of a user: while Mayfly is down, nobody ends credentials at their time',
      'Mayfly’s login may run ACL SETUSER, with which whoever steals it can make a user that may do everything',
      'a user that somebody saved comes back with a restart or ACL LOAD until Mayfly has saved it out, or finds and removes it again',
      'a user that somebody wrote into redis.conf (CONFIG REWRITE) comes back with each restart until its administrator takes it out',
      'a replica that its primary has lost sight of is asked for ten minutes more; name replicas in `nodes` to hold them to it',
      'a script that a revoked user has started is finished before its end takes effect',
      'behind a proxy that logs in with a user of its own, the target never sees the credential and cannot end it',
      'permissions hold in every database of the server: Redis does not confine a user to one',
    ],
  },
  guide: () => redisGuide(),
  ownLogin: redisOwnLogin,
  rotation: { overlap: 'same_account' },
  plan: (credentialId) => ({ credentialId, accountName: accountNameOf(credentialId) }),
  credentialOf: credentialOfAccountName,

  async open({ settings, secret }): Promise<RedisTarget> {
    const nodes = openNodes(settings, secret)
    const changes = guardedChanges()
    const passwords = { nodes, changes, own: secret }
    const target: RedisTarget = {
      revokeBatchSize,
      issue: (handle, request, signal) => issueUser(nodes, changes, handle, request, signal),
      revoke: (handles, report, signal) => revokeUsers(nodes, handles, report, signal),
      observe: (handles, signal) => observeUsers(nodes, handles, signal),
      listAccounts: (signal) => listAccountNames(nodes, signal),
      listSessions: (signal) => listUserSessions(nodes, signal),
      cutSessions: (sessions, signal) => cutUserSessions(nodes, sessions, signal),
      rotate: (account, next, signal) => rotatePassword(passwords, account, next, signal),
      endPrevious: (account, current, signal) => endPreviousPassword(passwords, account, current, signal),
      accepts: (account, tried, signal) => acceptsPassword(passwords, account, tried, signal),
      adopt: (next, signal) => adoptLogin(passwords, next, signal),
      check: (probe, signal) => checkTarget(nodes, secret, target, probe, signal),
      close: async () => nodes.close(),
    }
    return target
  },
} satisfies AccountProvider<RedisSettings, RedisPermission, RedisSecret>
