/**
 * The `mysql` credential provider: one account for each credential, on MariaDB 10.6 and later and on MySQL 8.
 *
 * Promise: an account ends by `revoke` at any time: no new login, no open session, then absent for every host, seen at the
 * target. Limits: see `guarantees.limits`.
 */
import { MayflyError } from '@mayfly/domain'
import {
  accountNameOf,
  type AccountHandle,
  type AccountProvider,
  type Adoptable,
  type BulkRevocable,
  credentialOfAccountName,
  type Enumerable,
  type Renewable,
  requireAccountNames,
  type RevokeReport,
  type Rotatable,
  type SessionObserver,
  type Target,
  inBatches,
} from '@mayfly/provider-kit'
import { bindingUnder } from './account-host.ts'
import { adoptLogin, mysqlOwnLogin } from './adopt-login.ts'
import { checkTarget } from './mysql-check.ts'
import { cutAccounts } from './mysql-cut.ts'
import { mysqlGuide } from './mysql-guide.ts'
import { issueAccount } from './mysql-issue.ts'
import { cutOpenSessions, listAccountNames, listOpenSessions, observeAccounts } from './mysql-observe.ts'
import { type MysqlPermission, mysqlPermission } from './mysql-permission.ts'
import { removeAccounts } from './mysql-remove.ts'
import { accountAccepts, endPreviousSecret, rotateAccount } from './mysql-rotate.ts'
import { openSessions, type Sessions } from './mysql-session.ts'
import { type MysqlSecret, mysqlSecret, type MysqlSettings, mysqlSettings } from './mysql-settings.ts'

export type MysqlTarget = Target<MysqlPermission> &
  Renewable &
  Enumerable &
  BulkRevocable &
  SessionObserver &
  Rotatable &
  Adoptable<MysqlSecret>

/** More at once does not end them sooner, and stalls the logins of others for longer. */
const batchSize = 200

export const mysqlProvider = {
  kind: 'mysql',
  title: 'MySQL and MariaDB',
  settings: mysqlSettings,
  secret: mysqlSecret,
  addressSettings: ['host', 'port', 'tls', 'schema'],
  permission: mysqlPermission,
  guarantees: {
    expiryEnforcedBy: 'mayfly',
    revokeCutsOpenSessions: true,
    bindings: ['key', 'address', 'none'],
    holderKeys: ['csr', 'spki'],
    limits: [
      'while Mayfly is down nothing ends at `expires_at`: the target knows no end of an account shorter than a day, so a renewal changes nothing there',
      'on a Galera cluster only sessions on the node that Mayfly talks to are ended; accounts are locked and removed on all',
      'behind a proxy that logs in with one user of its own, the target never sees the credential and cannot end it',
      'with `performance_schema` off, an account is not called cut while any session works that may be inside a routine of another definer',
      'a transaction that was prepared with XA outlives its session, and the target does not say whose it was',
      'routines, views, triggers and events that a credential made stay; what needs their definer fails (1449), also a write to a table with such a trigger',
      '`account_host` and `client_certificates` bind new logins: a session that is open stays where it is until the cut',
      'on MySQL 8 the procedures were written from its documentation and have not been judged by a server of it',
    ],
  },
  rotation: { overlap: 'other_account' },
  bindingsUnder: (settings) => [bindingUnder(settings)],
  guide: () => mysqlGuide(),
  ownLogin: mysqlOwnLogin,
  plan: (credentialId) => ({ credentialId, accountName: accountNameOf(credentialId) }),
  credentialOf: credentialOfAccountName,

  async open({ settings, secret }): Promise<MysqlTarget> {
    const sessions = openSessions(settings, secret)
    const target: MysqlTarget = {
      revokeBatchSize: batchSize * 5,
      issue: (handle, request, signal) => issueAccount(sessions, handle, request, signal),
      revoke: (handles, report, signal) => revokeAccounts(sessions, handles, report, signal),
      observe: (handles, signal) => observeAccounts(sessions, handles, signal),
      listAccounts: (signal) => listAccountNames(sessions, signal),
      listSessions: (signal) => listOpenSessions(sessions, signal),
      cutSessions: (open, signal) => cutOpenSessions(sessions, open, signal),
      /** The end is kept by Mayfly alone: this only asks whether there is still something to renew. */
      async renew(handle, _expiresAt, signal) {
        const [seen] = await observeAccounts(sessions, [handle], signal)
        if (seen?.state === 'usable') return
        throw new MayflyError('credential_not_renewable', {
          log: `mysql: renew of ${handle.accountName}: ${seen?.state ?? 'no answer'}`,
        })
      },
      rotate: (account, next, signal) => rotateAccount(sessions, account, next, signal),
      endPrevious: (account, current, signal) => endPreviousSecret(sessions, account, current, signal),
      accepts: (account, tried, signal) => accountAccepts(sessions, account, tried, signal),
      adopt: (next, signal) => adoptLogin(sessions, next, signal),
      check: (probe, signal) => checkTarget(sessions, target, probe, signal),
      close: () => sessions.close(),
    }
    return target
  },
} satisfies AccountProvider<MysqlSettings, MysqlPermission, MysqlSecret>

/** Cuts all of them before it removes any: authority ends first. */
async function revokeAccounts(
  sessions: Sessions,
  handles: readonly AccountHandle[],
  report: RevokeReport,
  signal: AbortSignal,
): Promise<void> {
  requireAccountNames(handles)
  if (signal.aborted) throw new MayflyError('target_timeout', { log: 'mysql: revoke: aborted by the caller' })
  const byName = new Map(handles.map((handle) => [handle.accountName, handle]))
  const handlesOf = (names: readonly string[]) => names.flatMap((name) => byName.get(name) ?? [])
  const tellPending = async (pending: ReadonlyMap<string, string>) => {
    for (const [name, reason] of pending) {
      for (const handle of handlesOf([name])) await report.pending(handle, reason)
    }
  }

  const outcome = await cutAccounts(sessions, inBatches([...byName.keys()], batchSize), signal, (done) =>
    report.cut(handlesOf(done)),
  )
  await tellPending(outcome.pending)
  await tellPending(
    await removeAccounts(sessions, inBatches(outcome.cut, batchSize), signal, (done) =>
      report.removed(handlesOf(done)),
    ),
  )
}
