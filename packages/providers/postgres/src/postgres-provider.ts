/**
 * The `postgres` credential provider: one login for each credential, on PostgreSQL 15 to 18.
 *
 * Promise: a login ends at the target itself at `expiresAt` (for password logins), and by `revoke` at any time: no new
 * login, no open session, then absent, with nothing left behind that it made.
 * Limits: see `guarantees.limits`.
 */
import { MayflyError } from '@mayfly/domain'
import type {
  AccountHandle,
  AccountProvider,
  Adoptable,
  BulkRevocable,
  Enumerable,
  Renewable,
  RevokeReport,
  SessionObserver,
  Target,
} from '@mayfly/provider-kit'
import { accountNameOf, credentialOfAccountName, requireAccountNames } from './account-name.ts'
import { adoptLogin, postgresOwnLogin } from './adopt-login.ts'
import { createroleWay } from './createrole-way.ts'
import { functionsWay } from './functions-way.ts'
import { checkTarget } from './postgres-check.ts'
import { cutAccounts } from './postgres-cut.ts'
import { createroleGuide, functionsGuide } from './postgres-guide.ts'
import { issueLogin } from './postgres-issue.ts'
import { listAccountNames, observeAccounts } from './postgres-observe.ts'
import { type PostgresPermission, postgresPermission } from './postgres-permission.ts'
import { removeAccounts } from './postgres-remove.ts'
import { type Sessions, openSessions } from './postgres-session.ts'
import { type PostgresSecret, type PostgresSettings, postgresSecret, postgresSettings } from './postgres-settings.ts'
import { type PostgresWay, batchSize } from './postgres-way.ts'

export type PostgresTarget = Target<PostgresPermission> &
  Renewable &
  Enumerable &
  BulkRevocable &
  SessionObserver &
  Adoptable<PostgresSecret>

export const postgresProvider = {
  kind: 'postgres',
  title: 'PostgreSQL',
  settings: postgresSettings,
  secret: postgresSecret,
  addressSettings: ['host', 'port', 'database', 'tls'],
  permission: postgresPermission,
  guarantees: {
    expiryEnforcedBy: 'target',
    revokeCutsOpenSessions: true,
    bindings: ['none'],
    limits: [
      'at `expires_at` the target refuses new logins by itself; open sessions are ended by Mayfly',
      'behind a pooler that logs in with one user of its own, the target never sees the credential and cannot end it',
      'sessions on a read replica are not ended; the replica refuses new logins once it has replayed the change',
      'on PostgreSQL 15 a login can make objects in the name of its group, which outlive it, where the group has CREATE',
      'a group that owns objects lets its members change them; what they change stays',
    ],
  },
  guide: () => `${functionsGuide()}\n${commentedOut(createroleGuide())}`,
  ownLogin: postgresOwnLogin,
  plan: (credentialId) => ({ credentialId, accountName: accountNameOf(credentialId) }),
  credentialOf: (accountName) => credentialOfAccountName(accountName),

  async open({ settings, secret }): Promise<PostgresTarget> {
    const sessions = openSessions(settings, secret)
    const way =
      settings.rights.mode === 'functions'
        ? functionsWay(sessions)
        : createroleWay(sessions, settings.rights.creator_roles)
    const target: PostgresTarget = {
      issue: (handle, request, signal) => issueLogin(sessions, way, handle, request, signal),
      revoke: (handles, report, signal) => revokeLogins(sessions, way, handles, report, signal),
      observe: (handles, signal) => observeAccounts(sessions, handles, signal),
      listAccounts: (signal) => listAccountNames(sessions, signal),
      revokeBatchSize: batchSize,
      listSessions: (signal) => way.listSessions(signal),
      async cutSessions(open, signal) {
        if (open.length > 0) await way.cutSessions(open, signal)
      },
      async renew(handle, expiresAt, signal) {
        requireAccountNames([handle])
        if (await way.renew(handle.accountName, expiresAt, signal)) return
        throw new MayflyError('credential_not_renewable', {
          log: `postgres: renew of ${handle.accountName}: absent, cut or past its end`,
        })
      },
      adopt: (next, signal) => adoptLogin(sessions, next, signal),
      check: (probe, signal) => checkTarget(sessions, target, probe, signal),
      close: () => sessions.close(),
    }
    return target
  },
} satisfies AccountProvider<PostgresSettings, PostgresPermission, PostgresSecret>

/** Cuts all of them before it removes any: authority ends first. */
async function revokeLogins(
  sessions: Sessions,
  way: PostgresWay,
  handles: readonly AccountHandle[],
  report: RevokeReport,
  signal: AbortSignal,
): Promise<void> {
  requireAccountNames(handles)
  if (signal.aborted) throw new MayflyError('target_timeout', { log: 'postgres: revoke: aborted by the caller' })
  const byName = new Map(handles.map((handle) => [handle.accountName, handle]))
  const handlesOf = (names: readonly string[]) => names.flatMap((name) => byName.get(name) ?? [])
  const tellPending = async (pending: ReadonlyMap<string, string>) => {
    for (const [name, reason] of pending) {
      for (const handle of handlesOf([name])) await report.pending(handle, reason)
    }
  }

  const cut: (readonly string[])[] = []
  for (const names of batches([...byName.keys()])) {
    const outcome = await cutAccounts(sessions, way, names, signal, (done) => report.cut(handlesOf(done)))
    cut.push(outcome.cut)
    await tellPending(outcome.pending)
  }
  for (const names of cut.filter((names) => names.length > 0)) {
    const outcome = await removeAccounts(sessions, way, names, signal)
    if (outcome.removed.length > 0) await report.removed(handlesOf(outcome.removed))
    await tellPending(outcome.pending)
  }
}

function batches(names: readonly string[]): readonly (readonly string[])[] {
  const result: (readonly string[])[] = []
  for (let at = 0; at < names.length; at += batchSize) result.push(names.slice(at, at + batchSize))
  return result
}

/** The second way is printed too, as a comment: what is printed can be run as it is. */
function commentedOut(sql: string): string {
  return sql.trimEnd().replaceAll(/^/gm, '-- ') + '\n'
}
