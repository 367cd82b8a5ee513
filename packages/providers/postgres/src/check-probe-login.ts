import { MayflyError } from '@mayfly/domain'
import { type AccountHandle, type CheckFinding, type IssuedAccount, Secret, type Target } from '@mayfly/provider-kit'
import pg from 'pg'
import { readError } from './postgres-error.ts'
import type { PostgresPermission } from './postgres-permission.ts'
import { type Sessions, connectionOptions } from './postgres-session.ts'
import { newPassword } from './scram-verifier.ts'

export type ProbeTarget = Pick<Target<PostgresPermission>, 'issue' | 'revoke' | 'observe'>

/** How long the probe's login may live if this process dies in the middle: the target ends it by itself. */
const probeLifeMs = 60_000

/** Issues a login, logs in, tries a wrong password, cuts, and looks whether the session died. */
export async function checkProbeLogin(
  sessions: Sessions,
  target: ProbeTarget,
  permission: PostgresPermission,
  handle: AccountHandle,
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> {
  const findings: CheckFinding[] = []
  const expiresAt = new Date(Date.now() + probeLifeMs)
  let session: pg.Client | undefined
  try {
    const issued = await target.issue(
      handle,
      { permission, parameters: {}, expiresAt, createDeadlineAt: new Date(Date.now() + probeLifeMs / 4) },
      signal,
    )
    const login = await tryLogin(sessions, issued, passwordOf(issued))
    if (login.refused !== undefined) return [refusedFinding(login.refused)]
    session = login.client
    findings.push({ check: 'login', outcome: 'passed', detail: 'a login was made and used' })
    findings.push(await wrongPasswordFinding(sessions, issued))
    findings.push(...(await revokeFindings(target, handle, session, signal)))
  } finally {
    // Nothing is left behind, whatever happened; a removed account is removed once more in a few milliseconds.
    await target.revoke([handle], silent, signal.aborted ? AbortSignal.timeout(10_000) : signal)
    await session?.end()
  }
  return findings
}

async function wrongPasswordFinding(sessions: Sessions, issued: IssuedAccount): Promise<CheckFinding> {
  const wrong = await tryLogin(sessions, issued, newPassword())
  if (wrong.refused !== undefined) {
    return { check: 'password', outcome: 'passed', detail: 'a wrong password is refused' }
  }
  await wrong.client.end()
  return {
    check: 'password',
    outcome: 'failed',
    detail:
      'the target lets a login in with a wrong password (method `trust` or the like), so no end of a credential means anything',
    hint: 'set `scram-sha-256` in pg_hba.conf of the target',
  }
}

async function revokeFindings(
  target: ProbeTarget,
  handle: AccountHandle,
  session: pg.Client,
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
      ? { check: 'cut', outcome: 'passed', detail: `the login was cut and its session ended in ${cutMs} ms` }
      : {
          check: 'cut',
          outcome: 'failed',
          detail: alive ? 'an open session went on after the cut' : (reason ?? 'the login could not be cut'),
          hint: 'look for a pooler between the client and the target',
        }
  const removed: CheckFinding =
    seen?.state === 'absent'
      ? { check: 'removal', outcome: 'passed', detail: 'the target says that the login is absent' }
      : { check: 'removal', outcome: 'failed', detail: reason ?? 'the target still has the login' }
  return [cut, removed]
}

async function isAlive(session: pg.Client): Promise<boolean> {
  try {
    await session.query('select 1')
    return true
  } catch {
    return false
  }
}

type LoginTry = { client: pg.Client; refused?: undefined } | { refused: { code: string; message: string } }

/** @throws MayflyError where the target cannot be reached: that is no refusal */
async function tryLogin(sessions: Sessions, issued: IssuedAccount, password: Secret): Promise<LoginTry> {
  const client = new pg.Client(
    connectionOptions(sessions.settings, {
      username: String(issued.fields['username']),
      password: password.reveal(),
      database: String(issued.fields['database']),
    }),
  )
  // The cut ends this session; without a listener that would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return { client }
  } catch (error) {
    await client.end()
    const { code, message } = readError(error)
    if (code !== undefined && /^(28|3D|42|53)/.test(code)) return { refused: { code, message } }
    throw new MayflyError('target_unreachable', {
      log: `postgres: probe login: ${code ?? 'no code'}: ${message}`,
      publicDetail: 'the login that was made could not be tried: the connection failed',
      hint: 'look at what stands between Mayfly and the target, e.g. a pooler that does not know the login',
    })
  }
}

function refusedFinding({ code, message }: { code: string; message: string }): CheckFinding {
  const failed = { check: 'login', outcome: 'failed' } as const
  if (/pg_hba/.test(message)) {
    return {
      ...failed,
      detail: 'pg_hba.conf of the target has no line that lets the login in from here',
      hint: 'add a line with `scram-sha-256` for these logins and this database',
    }
  }
  if (code === '28P01') {
    return {
      ...failed,
      detail:
        'the target refuses the password that it was given: something there changes passwords, or does not use them',
      hint: 'look for a password filter (e.g. credcheck) and at the method in pg_hba.conf',
    }
  }
  return {
    ...failed,
    detail: `the target refuses the login (${code})`,
    hint: 'the group needs CONNECT on the database, and the database must take connections',
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
