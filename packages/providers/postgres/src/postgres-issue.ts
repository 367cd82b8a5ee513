import { MayflyError } from '@mayfly/domain'
import { type AccountHandle, type IssueRequest, type IssuedAccount, Secret } from '@mayfly/provider-kit'
import { requireAccountNames } from './account-name.ts'
import type { PostgresPermission } from './postgres-permission.ts'
import type { Sessions } from './postgres-session.ts'
import type { PostgresWay } from './postgres-way.ts'
import { newPassword, scramVerifier } from './scram-verifier.ts'

/**
 * Makes one login with a random password, as a member of the groups of its role, with an end that the target enforces.
 *
 * @throws MayflyError `target_*`; after an abort or a timeout the login may still come to be until `createDeadlineAt`
 */
export async function issueLogin(
  sessions: Sessions,
  way: PostgresWay,
  handle: AccountHandle,
  request: IssueRequest<PostgresPermission>,
  signal: AbortSignal,
): Promise<IssuedAccount> {
  const { permission, expiresAt } = request
  const { settings } = sessions
  refuseUnusable(handle, request)
  const password = newPassword()
  await way.issue(
    {
      accountName: handle.accountName,
      verifier: await scramVerifier(password, settings.scram_iterations),
      memberOf: permission.member_of,
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
    },
    boundTo: 'none',
    expiresAt,
  }
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
