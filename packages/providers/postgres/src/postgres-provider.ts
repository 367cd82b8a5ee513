/**
 * The `postgres` credential provider: one login for each credential, on PostgreSQL 15 to 18.
 *
 * Promise: a login ends at the target itself at `expiresAt` (for password logins), and by `revoke` at any time: no new
 * login, no open session, then absent, with nothing left behind that it made.
 * Limits: see `guarantees.limits`.
 */
import { MayflyError } from '@mayfly/domain'
import {
  type AccountHandle,
  type AccountProvider,
  type Adoptable,
  type BulkRevocable,
  type Enumerable,
  inBatches,
  type Publisher,
  type Renewable,
  type RevokeReport,
  type Rotatable,
  type SessionObserver,
  type Target,
  type TargetConfig,
} from '@mayfly/provider-kit'
import { accountNameOf, credentialOfAccountName, requireAccountNames } from './account-name.ts'
import { adoptLogin, postgresOwnLogin } from './adopt-login.ts'
import { completeSecret } from './client-authority.ts'
import { certificateRuleOf } from './client-certificate.ts'
import { createroleWay } from './createrole-way.ts'
import { functionsWay } from './functions-way.ts'
import { checkTarget } from './postgres-check.ts'
import { cutAccounts } from './postgres-cut.ts'
import { certificateGuide, createroleGuide, functionsGuide, rotationGuide } from './postgres-guide.ts'
import { issueLogin } from './postgres-issue.ts'
import { listAccountNames, observeAccounts } from './postgres-observe.ts'
import { type PostgresPermission, postgresPermission } from './postgres-permission.ts'
import { removeAccounts } from './postgres-remove.ts'
import { type Sessions, openSessions } from './postgres-session.ts'
import { rotatableOf } from './rotate-account.ts'
import { type PostgresSecret, type PostgresSettings, postgresSecret, postgresSettings } from './postgres-settings.ts'
import { type PostgresWay, batchSize } from './postgres-way.ts'

export type PostgresTarget = Target<PostgresPermission> &
  Renewable &
  Enumerable &
  BulkRevocable &
  SessionObserver &
  Rotatable &
  Publisher &
  Adoptable<PostgresSecret>

/** The client CA: what the target's `ssl_ca_file` is to hold. */
const authorityDocument = 'client-ca.pem'
const authorityMaxAgeSeconds = 3_600

const documents = [{ name: authorityDocument, title: 'CA of the client certificates, PEM' }]

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
    bindings: ['key', 'none'],
    holderKeys: ['csr', 'spki'],
    limits: [
      'at `expires_at` the target refuses new logins by itself; open sessions are ended by Mayfly',
      'behind a pooler that logs in with one user of its own, the target never sees the credential and cannot end it',
      'sessions on a read replica are not ended; the replica refuses new logins once it has replayed the change',
      'on PostgreSQL 15 a login can make objects in the name of its group, which outlive it, where the group has CREATE',
      'a group that owns objects lets its members change them; what they change stays',
      '`client_certificates` binds new logins: a session that is open stays where it is until the cut',
      'with `client_certificates` every CA in `ssl_ca_file` of the target can sign for any login, and pg_hba.conf can be changed there; `resource check` tries it from where Mayfly stands',
    ],
  },
  guide: () =>
    [functionsGuide(), ...[createroleGuide(), certificateGuide(), rotationGuide()].map(commentedOut)].join('\n'),
  bindingsUnder: (settings) => [settings.client_certificates === undefined ? 'none' : 'key'],
  completeSecret,
  documents,
  documentsUnder: (settings) => (settings.client_certificates === undefined ? [] : documents),
  rotation: { overlap: 'other_account' },
  ownLogin: postgresOwnLogin,
  plan: (credentialId) => ({ credentialId, accountName: accountNameOf(credentialId) }),
  credentialOf: (accountName) => credentialOfAccountName(accountName),

  async open(config): Promise<PostgresTarget> {
    const { settings, secret } = config
    const sessions = openSessions(settings, secret)
    const way =
      settings.rights.mode === 'functions'
        ? functionsWay(sessions)
        : createroleWay(sessions, settings.rights.creator_roles)
    const rule = certificateRuleOf(settings, secret)
    const target: PostgresTarget = {
      issue: (handle, request, signal) => issueLogin(sessions, way, rule, handle, request, signal),
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
        const certificateEnd = rule?.endOf(handle.credentialId)
        if (certificateEnd !== undefined && expiresAt > certificateEnd) {
          throw new MayflyError('credential_not_renewable', {
            publicDetail: `its client certificate ends at ${certificateEnd.toISOString()}`,
            hint: 'ask for a new credential, with the same key or another one',
          })
        }
        if (await way.renew(handle.accountName, expiresAt, signal)) return
        throw new MayflyError('credential_not_renewable', {
          log: `postgres: renew of ${handle.accountName}: absent, cut or past its end`,
        })
      },
      ...rotatableOf(sessions),
      adopt: (next, signal) => adoptLogin(sessions, next, signal),
      async publish({ document }) {
        if (rule === undefined || document !== authorityDocument) return undefined
        const body = Buffer.from(rule.authority().certificatePem)
        return { mediaType: 'application/x-pem-file', body, maxAgeSeconds: authorityMaxAgeSeconds }
      },
      check: (probe, signal) =>
        checkTarget({ sessions, way, rule, target, logInAnew: (limit) => logInAnew(config, limit) }, probe, signal),
      close: () => sessions.close(),
    }
    return target
  },
} satisfies AccountProvider<PostgresSettings, PostgresPermission, PostgresSecret>

async function logInAnew({ settings, secret }: TargetConfig<PostgresSettings, PostgresSecret>, signal: AbortSignal) {
  const fresh = openSessions({ ...settings, pool_size: 1 }, secret)
  try {
    await fresh.run('check', signal, (session) => session.query('select 1'))
  } finally {
    await fresh.close()
  }
}

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
  for (const names of inBatches([...byName.keys()], batchSize)) {
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

/** The second way is printed too, as a comment: what is printed can be run as it is. */
function commentedOut(sql: string): string {
  return sql.trimEnd().replaceAll(/^/gm, '-- ') + '\n'
}
