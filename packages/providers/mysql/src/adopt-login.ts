/**
 * Mayfly's own login at the target: which one it is, its next password, and the change to it (law 12).
 *
 * A login may always change its own password, so this needs no right and no procedure.
 * Limit: sessions that are open stay open.
 */
import { canonicalJson, MayflyError } from '@mayfly/domain'
import { changeOwnLogin, isLoginRefused, type OwnLogin, Secret } from '@mayfly/provider-kit'
import { openSessions, type Session, type Sessions } from './mysql-session.ts'
import type { MysqlSecret, MysqlSettings } from './mysql-settings.ts'
import { nativeHash, newPassword } from './password-hash.ts'

const adoptTimeoutSeconds = 10

export const mysqlOwnLogin: OwnLogin<MysqlSettings, MysqlSecret> = {
  keyOf: ({ settings, secret }) => canonicalJson([settings.host.toLowerCase(), settings.port, secret.username]),
  next: ({ username }) => new Secret(canonicalJson({ username, password: newPassword().reveal() })),
}

/** @throws MayflyError `target_*`; see `Adoptable` */
export async function adoptLogin(sessions: Sessions, next: MysqlSecret, signal: AbortSignal): Promise<void> {
  if (next.username !== sessions.username) {
    throw new MayflyError('internal', { log: 'mysql: the next secret is of another login' })
  }
  await changeOwnLogin(
    () => sessions.run('adopt', signal, (session) => changeOwnPassword(session, next.password)),
    () => logsIn(sessions.settings, next, signal),
    {
      log: 'mysql: adopt: the new password is not taken',
      publicDetail: 'the target does not log its own login in with the password that it keeps for it',
      hint: 'let the login be identified by its password (`mysql_native_password`), or set `adopt_login` of the resource to false',
    },
  )
}

async function changeOwnPassword(session: Session, password: Secret): Promise<void> {
  if (session.flavour === 'mariadb') {
    await session.query(`set statement max_statement_time = ${adoptTimeoutSeconds} for set password = ?`, [
      nativeHash(password),
    ])
    return
  }
  // MySQL takes no hash from the login itself; it writes `<secret>` into its logs in the password's place.
  await session.query('set session lock_wait_timeout = ?', [adoptTimeoutSeconds])
  await session.query('alter user user() identified by ?', [password.reveal()])
}

/** Logs in anew: where the target asks another authority (PAM, a socket), its own password means nothing. */
async function logsIn(settings: MysqlSettings, next: MysqlSecret, signal: AbortSignal): Promise<boolean> {
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
