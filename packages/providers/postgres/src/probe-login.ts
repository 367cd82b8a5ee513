import { MayflyError } from '@mayfly/domain'
import { type IssuedAccount, Secret } from '@mayfly/provider-kit'
import pg from 'pg'
import { readError } from './postgres-error.ts'
import { type ClientKey, connectionOptions, type Sessions } from './postgres-session.ts'

export interface LoginWith {
  /** Shown where the target asks for it. */
  readonly client?: ClientKey
  /** Without TLS, although the settings want it: to see whether the target lets that pass. No password is sent in clear. */
  readonly plain?: true
}

export interface Refusal {
  /** SQLSTATE; `TLS` where the target broke off the handshake, or the session right after it. */
  readonly code: string
  readonly message: string
}
export type LoginTry = { readonly client: pg.Client; readonly refused?: undefined } | { readonly refused: Refusal }

/** @throws MayflyError where the target cannot be reached: that is no refusal */
export async function tryLogin(
  sessions: Sessions,
  issued: IssuedAccount,
  password: Secret,
  { client: shown, plain }: LoginWith = {},
): Promise<LoginTry> {
  const client = new pg.Client({
    ...connectionOptions(
      sessions.settings,
      {
        username: String(issued.fields['username']),
        password: password.reveal(),
        database: String(issued.fields['database']),
      },
      shown,
    ),
    ...(plain === true && { ssl: false }),
  })
  // The cut ends this session; without a listener that would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return { client }
  } catch (error) {
    await client.end()
    const { code, message } = readError(error)
    if (code !== undefined && /^(28|3D|42|53|F0)/.test(code)) return { refused: { code, message } }
    // A certificate that the target does not take ends the connection; with TLS 1.3 only after the handshake.
    const brokenOff = /^(ERR_SSL|ECONNRESET$|EPIPE$)/.test(code ?? '') || /terminated unexpectedly/.test(message)
    if (shown !== undefined && brokenOff) return { refused: { code: 'TLS', message } }
    throw new MayflyError('target_unreachable', {
      log: `postgres: probe login: ${code ?? 'no code'}: ${message}`,
      publicDetail: 'the login that was made could not be tried: the connection failed',
      hint: 'look at what stands between Mayfly and the target, e.g. a pooler that does not know the login',
    })
  }
}

export function passwordOf(issued: IssuedAccount): Secret {
  const { password } = issued.fields
  return password instanceof Secret ? password : new Secret('')
}
