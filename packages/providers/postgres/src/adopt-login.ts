/**
 * Mayfly's own login at the target: which one it is, its next password, and the change to it (law 12).
 *
 * Promise: the new password never reaches the target, only its verifier; a change that nobody waits for any more is given
 * up by the target itself. A login may always change its own password, so this needs no right and no function.
 * Limit: sessions that are open stay open.
 */
import { canonicalJson, MayflyError } from '@mayfly/domain'
import { changeOwnLogin, isLoginRefused, type OwnLogin } from '@mayfly/provider-kit'
import { underDeadline } from './functions-way.ts'
import { openSessions, type Sessions } from './postgres-session.ts'
import { type PostgresSecret, type PostgresSettings, secretText } from './postgres-settings.ts'
import { quoteIdentifier } from './quote-identifier.ts'
import { quoteLiteral } from './quote-literal.ts'
import { newPassword, scramVerifier } from './scram-verifier.ts'

const adoptTimeoutMs = 10_000

export const postgresOwnLogin: OwnLogin<PostgresSettings, PostgresSecret> = {
  keyOf: ({ settings, secret }) => canonicalJson([settings.host.toLowerCase(), settings.port, secret.username]),
  // All that is sealed with it stays: the target knows the client CA.
  next: (current) => secretText({ ...current, password: newPassword() }),
}

/** @throws MayflyError `target_*`; see `Adoptable` */
export async function adoptLogin(sessions: Sessions, next: PostgresSecret, signal: AbortSignal): Promise<void> {
  const { settings, username } = sessions
  if (next.username !== username) {
    throw new MayflyError('internal', { log: 'postgres: the next secret is of another login' })
  }
  const verifier = await scramVerifier(next.password, settings.scram_iterations)
  await changeOwnLogin(
    async () => {
      await sessions.run('adopt', signal, (session) =>
        underDeadline(session, new Date(Date.now() + adoptTimeoutMs), [
          // Two at once would not wait for each other: the second fails with "tuple concurrently updated".
          `select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('mayfly adopt'), pg_catalog.hashtext(session_user))`,
          `alter role ${quoteIdentifier(username)} password ${quoteLiteral(verifier)}`,
        ]),
      )
    },
    () => logsIn(settings, next, signal),
    {
      log: 'postgres: adopt: the new password is not taken',
      publicDetail: 'the target does not log its own login in with the password that it keeps for it',
      hint: 'let pg_hba.conf say `scram-sha-256` for the login, or set `adopt_login` of the resource to false',
    },
  )
}

/** Logs in anew: where the target asks another authority (LDAP, a certificate), its own password means nothing. */
async function logsIn(settings: PostgresSettings, next: PostgresSecret, signal: AbortSignal): Promise<boolean> {
  const fresh = openSessions({ ...settings, pool_size: 1 }, next)
  try {
    await fresh.run('adopt', signal, (session) => session.query('select 1'))
    return true
  } catch (error) {
    if (!isLoginRefused(error)) throw error
    return false
  } finally {
    await fresh.close()
  }
}
