import { MayflyError } from '@mayfly/domain'
import { type AccountHandle, type IssueRequest, type IssuedAccount, Secret } from '@mayfly/provider-kit'
import { requireAccountNames } from './account-name.ts'
import { type CertificateRule, signClientCertificate } from './client-certificate.ts'
import type { PostgresPermission } from './postgres-permission.ts'
import type { Sessions } from './postgres-session.ts'
import type { PostgresWay } from './postgres-way.ts'
import { newPassword, scramVerifier } from './scram-verifier.ts'

/**
 * Makes one login with a random password, as a member of the groups of its role, with an end that the target enforces.
 * With a certificate rule also the certificate that it has to be made with, which it does not outlive.
 *
 * @throws MayflyError `request_invalid`, `settings_invalid`, `target_*`; after an abort or a timeout the login may still
 * come to be until `createDeadlineAt`
 */
export async function issueLogin(
  sessions: Sessions,
  way: PostgresWay,
  rule: CertificateRule | undefined,
  handle: AccountHandle,
  request: IssueRequest<PostgresPermission>,
  signal: AbortSignal,
): Promise<IssuedAccount> {
  const { permission } = request
  const { settings } = sessions
  refuseUnusable(handle, request)
  const certificate = certificateFor(rule, handle, request)
  const expiresAt = certificate === undefined ? request.expiresAt : earlier(request.expiresAt, certificate.notAfter)
  const password = newPassword()
  await way.issue(
    {
      accountName: handle.accountName,
      verifier: await scramVerifier(password, settings.scram_iterations),
      memberOf: groupsOf(permission, rule),
      connectionLimit: permission.connection_limit ?? settings.connection_limit,
      expiresAt,
      createDeadlineAt: request.createDeadlineAt,
    },
    signal,
  )
  const database = permission.database ?? settings.database
  return {
    fields: {
      host: settings.host,
      port: settings.port,
      database,
      username: handle.accountName,
      password,
      connection_url: connectionUrl(sessions, handle.accountName, password, database),
      ...(certificate && { client_certificate: certificate.certificatePem }),
    },
    boundTo: certificate === undefined ? 'none' : 'key',
    expiresAt,
  }
}

/** As many as one create at the target takes. */
const maxGroups = 16

/** The groups of the role, and the one by which the target knows who needs a certificate. */
export function groupsOf(
  { member_of: groups }: PostgresPermission,
  rule: CertificateRule | undefined,
): readonly string[] {
  if (rule === undefined) return groups
  const all = [...new Set([...groups, rule.group])]
  if (all.length <= maxGroups) return all
  throw new MayflyError('target_refused', {
    publicDetail: `a role of a resource with client certificates has at most ${maxGroups - 1} groups beside \`${rule.group}\``,
    hint: 'make one group that is a member of several, and name that',
  })
}

function certificateFor(
  rule: CertificateRule | undefined,
  handle: AccountHandle,
  { holder }: IssueRequest<PostgresPermission>,
) {
  if (rule !== undefined) return signClientCertificate(rule, handle, holder?.publicKey, new Date())
  if (holder?.publicKey === undefined) return undefined
  // A key that would bind nothing must not look as if it did.
  const detail = 'logins of this resource are bound to no key'
  throw new MayflyError('request_invalid', {
    publicDetail: detail,
    hint: 'leave `public_key` out, or set `client_certificates` of the resource',
    fields: [{ pointer: '/public_key', detail }],
  })
}

function earlier(one: Date, other: Date): Date {
  return one < other ? one : other
}

function refuseUnusable(handle: AccountHandle, request: IssueRequest<PostgresPermission>): void {
  requireAccountNames([handle])
  const parameter = Object.keys(request.parameters)[0]
  if (parameter !== undefined) {
    throw new MayflyError('request_invalid', {
      publicDetail: 'a PostgreSQL role takes no parameters',
      hint: 'make one role for each set of groups',
      fields: [{ pointer: '/parameters', detail: 'must be empty' }],
    })
  }
}

function connectionUrl(sessions: Sessions, username: string, password: Secret, database: string): Secret {
  const { host, port, tls } = sessions.settings
  const query = new URLSearchParams({ sslmode: tls.mode === 'verify_full' ? 'verify-full' : 'disable' })
  let address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  if (host.startsWith('/')) {
    query.set('host', host)
    address = `:${port}`
  }
  return new Secret(
    `postgresql://${username}:${password.reveal()}@${address}/${encodeURIComponent(database)}?${query.toString()}`,
  )
}
