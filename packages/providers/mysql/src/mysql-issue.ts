import { MayflyError } from '@mayfly/domain'
import {
  type AccountHandle,
  type IssueRequest,
  type IssuedAccount,
  requireAccountNames,
  Secret,
} from '@mayfly/provider-kit'
import { accountHostOf, bindingUnder } from './account-host.ts'
import { requiredCertificateOf } from './client-certificate.ts'
import type { MysqlPermission } from './mysql-permission.ts'
import type { Sessions } from './mysql-session.ts'
import { newPassword, passwordHash } from './password-hash.ts'

/**
 * Makes one account with a random password and the role of the permission, for the host and with the certificate that the
 * resource binds to.
 *
 * The target ends the call at `createDeadlineAt`, also while it waits for a lock, and refuses one that arrives later. What
 * remains: it may have ended between two statements; then an account without a role is left, which the second look finds.
 *
 * @throws MayflyError `target_*`, `request_invalid`
 */
export async function issueAccount(
  sessions: Sessions,
  handle: AccountHandle,
  request: IssueRequest<MysqlPermission>,
  signal: AbortSignal,
): Promise<IssuedAccount> {
  const { permission, expiresAt, createDeadlineAt } = request
  const { settings } = sessions
  refuseUnusable(handle, request)
  const host = accountHostOf(settings, request.holder)
  const certificate = requiredCertificateOf(settings, request.holder)
  const password = newPassword()
  const usesTls = settings.tls.mode === 'verify_full' && !settings.host.startsWith('/')
  await sessions.run('issue', signal, (session) =>
    session.call(
      'issue',
      [
        handle.accountName,
        host,
        passwordHash(password, session.flavour),
        permission.role,
        certificate !== undefined ? 'SUBJECT' : usesTls ? 'SSL' : 'NONE',
        certificate?.issuer ?? null,
        certificate?.subject ?? null,
        permission.connection_limit ?? settings.connection_limit,
        utcText(createDeadlineAt),
      ],
      createDeadlineAt.getTime() - Date.now(),
    ),
  )
  const database = permission.database ?? settings.database
  return {
    fields: {
      host: settings.host,
      port: settings.port,
      ...(database === undefined ? {} : { database }),
      ...(settings.tls.mode === 'verify_full' && settings.tls.server_name !== undefined
        ? { tls_server_name: settings.tls.server_name }
        : {}),
      username: handle.accountName,
      password,
      connection_url: connectionUrl(sessions, handle.accountName, password, database),
    },
    boundTo: bindingUnder(settings),
    expiresAt,
  }
}

function refuseUnusable(handle: AccountHandle, request: IssueRequest<MysqlPermission>): void {
  requireAccountNames([handle])
  const parameter = Object.keys(request.parameters)[0]
  if (parameter !== undefined) {
    throw new MayflyError('request_invalid', {
      publicDetail: 'a role of MySQL takes no parameters',
      hint: 'make one role for each set of rights',
      fields: [{ pointer: '/parameters', detail: 'must be empty' }],
    })
  }
}

/** `2026-11-22 11:31:00.123`, as the procedures compare it with `utc_timestamp`. */
function utcText(at: Date): string {
  return at.toISOString().replace('T', ' ').replace('Z', '')
}

/** In the form of MySQL's own clients; those of other makers read the same but for the name of the TLS mode. */
function connectionUrl(
  { settings }: Sessions,
  username: string,
  password: Secret,
  database: string | undefined,
): Secret {
  const { host, port, tls } = settings
  const query = new URLSearchParams({ 'ssl-mode': tls.mode === 'verify_full' ? 'VERIFY_IDENTITY' : 'DISABLED' })
  let address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  if (host.startsWith('/')) {
    address = 'localhost'
    query.set('socket', host)
  }
  return new Secret(
    `mysql://${username}:${password.reveal()}@${address}/${encodeURIComponent(database ?? '')}?${query.toString()}`,
  )
}
