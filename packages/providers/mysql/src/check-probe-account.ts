import { MayflyError } from '@mayfly/domain'
import { type AccountHandle, type CheckFinding, type IssuedAccount, Secret, type Target } from '@mayfly/provider-kit'
import mysql from 'mysql2/promise'
import { readError } from './mysql-error.ts'
import type { MysqlPermission } from './mysql-permission.ts'
import { connectionOptions, type Sessions } from './mysql-session.ts'
import { newPassword } from './password-hash.ts'

export type ProbeTarget = Pick<Target<MysqlPermission>, 'issue' | 'revoke' | 'observe'>

const probeLifeMs = 60_000

/** Issues an account, logs in, tries a wrong password, cuts, and looks whether the session died. */
export async function checkProbeAccount(
  sessions: Sessions,
  target: ProbeTarget,
  permission: MysqlPermission,
  handle: AccountHandle,
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> {
  const { account_host: accountHost, client_certificates: certificates } = sessions.settings
  if (accountHost.mode === 'attested_address' || certificates !== undefined) {
    return [
      {
        check: 'login',
        outcome: 'warned',
        detail: 'no login was tried: accounts are bound to an address or a certificate that is not Mayfly’s',
        hint: 'issue a credential to a workload, and see it log in',
      },
    ]
  }
  const findings: CheckFinding[] = []
  let session: mysql.Connection | undefined
  try {
    const issued = await target.issue(
      handle,
      {
        permission,
        parameters: {},
        expiresAt: new Date(Date.now() + probeLifeMs),
        createDeadlineAt: new Date(Date.now() + probeLifeMs / 4),
      },
      signal,
    )
    const login = await tryLogin(sessions, issued, passwordOf(issued))
    if (login.refused !== undefined) return [refusedFinding(sessions, login.refused)]
    session = login.connection
    const [[row]] = await session.query<mysql.RowDataPacket[]>(
      `select substring_index(current_user(), '@', 1) as account, current_role() as role`,
    )
    if (row?.['account'] !== handle.accountName) return [otherAccountFinding]
    findings.push({ check: 'login', outcome: 'passed', detail: 'an account was made and used' })
    findings.push(await wrongPasswordFinding(sessions, issued))
    findings.push(...(await revokeFindings(target, handle, session, signal)))
  } finally {
    session?.destroy()
    // Nothing is left behind, whatever happened; a removed account is removed once more in a few milliseconds.
    await target.revoke([handle], silent, signal.aborted ? AbortSignal.timeout(10_000) : signal)
  }
  return findings
}

const otherAccountFinding: CheckFinding = {
  check: 'login',
  outcome: 'failed',
  detail: 'the target takes the login for another account, an anonymous one or that of a proxy',
  hint: "drop the accounts of the user '', and take out PROXY grants",
}

async function wrongPasswordFinding(sessions: Sessions, issued: IssuedAccount): Promise<CheckFinding> {
  const wrong = await tryLogin(sessions, issued, newPassword())
  if (wrong.refused !== undefined) {
    return { check: 'password', outcome: 'passed', detail: 'a wrong password is refused' }
  }
  wrong.connection.destroy()
  return {
    check: 'password',
    outcome: 'failed',
    detail: 'the target lets a login in with a wrong password, so no end of a credential means anything',
    hint: 'look for --skip-grant-tables, and for a proxy that checks no passwords',
  }
}

async function revokeFindings(
  target: ProbeTarget,
  handle: AccountHandle,
  session: mysql.Connection,
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> {
  const startedAt = performance.now()
  let cutMs: number | undefined
  let reason: string | undefined
  await target.revoke(
    [handle],
    {
      cut: async () => {
        cutMs = Math.round(performance.now() - startedAt)
      },
      removed: async () => undefined,
      pending: async (_handle, why) => {
        reason = why
      },
    },
    signal,
  )
  const alive = await isAlive(session)
  const [seen] = await target.observe([handle], signal)
  const cut: CheckFinding =
    cutMs !== undefined && !alive
      ? { check: 'cut', outcome: 'passed', detail: `the account was cut and its session ended in ${cutMs} ms` }
      : {
          check: 'cut',
          outcome: 'failed',
          detail: alive ? 'an open session went on after the cut' : (reason ?? 'the account could not be cut'),
          hint: 'look for a proxy between the client and the target',
        }
  const removal: CheckFinding =
    seen?.state === 'absent'
      ? { check: 'removal', outcome: 'passed', detail: 'the target says that the account is absent' }
      : { check: 'removal', outcome: 'failed', detail: reason ?? 'the target still has the account' }
  return [cut, removal]
}

async function isAlive(session: mysql.Connection): Promise<boolean> {
  try {
    await session.query('select 1')
    return true
  } catch {
    return false
  }
}

interface Refusal {
  readonly number: number
  readonly message: string
}
type LoginTry = { readonly connection: mysql.Connection; readonly refused?: undefined } | { readonly refused: Refusal }

/** @throws MayflyError where the target cannot be reached: that is no refusal */
async function tryLogin(sessions: Sessions, issued: IssuedAccount, password: Secret): Promise<LoginTry> {
  const { database, username } = issued.fields
  try {
    const connection = await mysql.createConnection({
      ...connectionOptions(sessions.settings, { username: String(username), password: password.reveal() }),
      ...(database === undefined ? {} : { database: String(database) }),
    })
    // The cut ends this session; unheard, that would end the process.
    connection.on('error', () => undefined)
    return { connection }
  } catch (error) {
    const { number, message, code } = readError(error)
    if (number !== undefined) return { refused: { number, message } }
    throw new MayflyError('target_unreachable', {
      log: `mysql: probe login: ${code ?? 'no code'}: ${message}`,
      publicDetail: 'the account that was made could not be tried: the connection failed',
      hint: 'look at what stands between Mayfly and the target, e.g. a proxy that does not know the account',
    })
  }
}

function refusedFinding(sessions: Sessions, { number }: Refusal): CheckFinding {
  const failed = { check: 'login', outcome: 'failed' } as const
  if (number === 1044 || number === 1049) {
    return {
      ...failed,
      detail: 'the role has no right in the schema that holders are told to use, or there is no such schema',
      hint: 'correct `database` of the role or of the resource, or grant the role something there',
    }
  }
  if (number === 1045 && sessions.settings.account_host.mode === 'network') {
    return {
      check: 'login',
      outcome: 'warned',
      detail: 'the target refuses the login from where Mayfly is; the network of `account_host` may not hold Mayfly',
      hint: 'issue a credential to a workload, and see it log in',
    }
  }
  return {
    ...failed,
    detail: `the target refuses the login that was made (${number})`,
    hint: "drop the anonymous accounts (the user ''), which take the place of others on their host",
  }
}

function passwordOf(issued: IssuedAccount): Secret {
  const { password } = issued.fields
  return password instanceof Secret ? password : new Secret('')
}

const silent = {
  cut: async () => undefined,
  removed: async () => undefined,
  pending: async () => undefined,
}
