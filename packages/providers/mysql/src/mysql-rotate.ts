/**
 * Changing the password of an account that Mayfly did not make. Only accounts that the table `rotatable_account` at the
 * target lists: the procedures refuse any other.
 *
 * An account has one password here, so the caller alternates between two accounts (`other_account`).
 */
import { MayflyError } from '@mayfly/domain'
import type { Secret } from '@mayfly/provider-kit'
import mysql from 'mysql2/promise'
import { readError, targetError } from './mysql-error.ts'
import { connectionOptions, type Sessions } from './mysql-session.ts'
import { nativeHash, passwordHash } from './password-hash.ts'
import { pause } from './pause.ts'

const rotateTimeoutMs = 10_000
const sessionLooks = 40
const pauseMs = 25

export async function rotateAccount(
  sessions: Sessions,
  account: string,
  next: Secret,
  signal: AbortSignal,
): Promise<void> {
  const { user, host } = parseAccount(account)
  await sessions.run('rotate', signal, (session) =>
    session.call('rotate', [user, host, passwordHash(next, session.flavour)], rotateTimeoutMs),
  )
}

export async function endPreviousSecret(
  sessions: Sessions,
  account: string,
  current: Secret,
  signal: AbortSignal,
): Promise<void> {
  const { user, host } = parseAccount(account)
  await rotateAccount(sessions, account, current, signal)
  for (let look = 0; look < sessionLooks; look += 1) {
    if (look > 0) await pause(pauseMs, 'rotate', signal)
    const [row] = await sessions.run('rotate', signal, (session) => session.call('end_rotated_sessions', [user, host]))
    if (Number(row?.['seen']) === 0) return
  }
  throw new MayflyError('target_refused', {
    publicDetail: 'sessions of the account go on, or new ones keep coming with the present password',
    hint: 'end what still uses the account, then try again',
  })
}

/** @throws MayflyError where the account cannot be tried from here, whatever its password */
export async function accountAccepts(
  sessions: Sessions,
  account: string,
  secret: Secret,
  signal: AbortSignal,
): Promise<boolean> {
  const { user, host } = parseAccount(account)
  if (signal.aborted) throw new MayflyError('target_timeout', { log: 'mysql: accepts: aborted by the caller' })
  const tried = await tryLogin(sessions, user, secret)
  if (tried !== undefined) {
    if (tried === `${user}@${host}`) return true
    throw cannotBeTried("the target takes Mayfly's tries for another account of this name")
  }
  // Refused: a wrong password, or no way in from here. The target itself knows which.
  const kept = await sessions.run('accepts', signal, async (session) =>
    session.flavour === 'mariadb'
      ? Number((await session.call('keeps_hash', [user, host, nativeHash(secret)]))[0]?.['kept']) === 1
      : false,
  )
  if (kept) throw cannotBeTried('the target keeps this password, and does not let the account in from where Mayfly is')
  return false
}

/** @returns the account that the target took the login for; undefined where it was refused */
async function tryLogin(sessions: Sessions, user: string, secret: Secret): Promise<string | undefined> {
  let connection: mysql.Connection | undefined
  try {
    connection = await mysql.createConnection(
      connectionOptions(sessions.settings, { username: user, password: secret.reveal() }),
    )
    const [[row]] = await connection.query<mysql.RowDataPacket[]>('select current_user() as account')
    return String(row?.['account'])
  } catch (error) {
    if (readError(error).number === 1045) return undefined
    throw targetError(error, 'accepts')
  } finally {
    connection?.destroy()
  }
}

function cannotBeTried(publicDetail: string): MayflyError {
  return new MayflyError('target_refused', {
    publicDetail,
    hint: "let the account's host part cover the address of Mayfly",
  })
}

/** `app@10.0.0.%`, `'app'@'%'` or `app` alone, which the target reads as `app@%`. */
export function parseAccount(text: string): { readonly user: string; readonly host: string } {
  const at = text.lastIndexOf('@')
  const [user, host] = at < 0 ? [text, '%'] : [text.slice(0, at), text.slice(at + 1)]
  const parts = { user: unquoted(user), host: unquoted(host) }
  if (parts.user !== '' && parts.host !== '' && text.length <= 335) return parts
  throw new MayflyError('request_invalid', {
    publicDetail: "an account is written as the target spells it, e.g. `'app'@'%'`",
    fields: [{ pointer: '/account', detail: 'is not an account' }],
  })
}

function unquoted(text: string): string {
  return /^'[^']*'$|^`[^`]*`$|^"[^"]*"$/.test(text) ? text.slice(1, -1) : text
}
