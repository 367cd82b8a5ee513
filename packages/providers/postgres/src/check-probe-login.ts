import {
  type AccountHandle,
  type CheckFinding,
  type CheckProbe,
  type IssuedAccount,
  type Target,
} from '@mayfly/provider-kit'
import type pg from 'pg'
import { checkCertificateAsked, checkOwnRule, makeProbeKey, rulesHint } from './check-certificates.ts'
import type { CertificateRule } from './client-certificate.ts'
import type { PostgresPermission } from './postgres-permission.ts'
import type { ClientKey, Sessions } from './postgres-session.ts'
import type { PostgresWay } from './postgres-way.ts'
import { type LoginWith, passwordOf, type Refusal, tryLogin } from './probe-login.ts'
import { newPassword } from './scram-verifier.ts'

/** What a check works with: the target as others use it, and beside it what they cannot see. */
export interface CheckedTarget {
  readonly sessions: Sessions
  readonly way: PostgresWay
  /** Where logins need a client certificate. */
  readonly rule: CertificateRule | undefined
  readonly target: Pick<Target<PostgresPermission>, 'issue' | 'revoke' | 'observe'>
  /** Opens a new session of Mayfly's own login, and closes it. */
  logInAnew(signal: AbortSignal): Promise<void>
}

/** How long the probe's login may live if this process dies in the middle: the target ends it by itself. */
const probeLifeMs = 60_000

/**
 * Issues a login, logs in, tries a wrong password, cuts, and looks whether the session died. Where logins need a client
 * certificate, a second one is made: its certificate must not open the first.
 */
export async function checkProbeLogin(
  checked: CheckedTarget,
  permission: PostgresPermission,
  { newHandle }: Pick<CheckProbe<PostgresPermission>, 'newHandle'>,
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> {
  const { sessions, target, rule } = checked
  const findings: CheckFinding[] = []
  const handles: AccountHandle[] = []
  let session: pg.Client | undefined
  try {
    const probe = await makeProbe(checked, permission, newHandle(), handles, signal)
    const login = await tryLogin(sessions, probe.issued, passwordOf(probe.issued), probe.with)
    if (login.refused !== undefined) return [refusedFinding(checked, login.refused)]
    session = login.client
    findings.push({ check: 'login', outcome: 'passed', detail: 'a login was made and used' })
    findings.push(await wrongPasswordFinding(checked, probe))
    if (rule !== undefined) {
      const other = await makeProbe(checked, permission, newHandle(), handles, signal)
      const { client } = other.with
      if (client !== undefined) {
        findings.push(...(await checkCertificateAsked(sessions, rule.group, probe.issued, client)))
      }
      const anew = (limit: AbortSignal) => checked.logInAnew(limit)
      findings.push(...(await checkOwnRule(sessions, checked.way, rule.group, other.handle, anew, signal)))
    }
    findings.push(...(await revokeFindings(target, probe.handle, session, signal)))
  } finally {
    // Nothing is left behind, whatever happened; a removed account is removed once more in a few milliseconds.
    await target.revoke(handles, silent, signal.aborted ? AbortSignal.timeout(10_000) : signal)
    await session?.end()
  }
  return findings
}

interface Probe {
  readonly handle: AccountHandle
  readonly issued: IssuedAccount
  readonly with: LoginWith
}

async function makeProbe(
  { target, rule }: CheckedTarget,
  permission: PostgresPermission,
  handle: AccountHandle,
  handles: AccountHandle[],
  signal: AbortSignal,
): Promise<Probe> {
  handles.push(handle)
  const key = rule === undefined ? undefined : makeProbeKey()
  const issued = await target.issue(
    handle,
    {
      permission,
      parameters: {},
      expiresAt: new Date(Date.now() + probeLifeMs),
      createDeadlineAt: new Date(Date.now() + probeLifeMs / 4),
      ...(key && { holder: { publicKey: key.publicKeyPem } }),
    },
    signal,
  )
  const client: ClientKey | undefined = key && {
    certificatePem: String(issued.fields['client_certificate']),
    privateKeyPem: key.privateKeyPem,
  }
  return { handle, issued, with: client === undefined ? {} : { client } }
}

async function wrongPasswordFinding({ sessions }: CheckedTarget, probe: Probe): Promise<CheckFinding> {
  const wrong = await tryLogin(sessions, probe.issued, newPassword(), probe.with)
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
  target: CheckedTarget['target'],
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

function refusedFinding({ sessions, rule }: CheckedTarget, { code, message }: Refusal): CheckFinding {
  const failed = { check: 'login', outcome: 'failed' } as const
  // F0000: pg_hba.conf asks for a certificate, and there is nothing to judge it by.
  if (rule !== undefined && (code === 'TLS' || code === 'F0000')) {
    return {
      ...failed,
      detail: 'the target does not trust the client CA of the resource',
      hint: 'put what `mayfly resource document RESOURCE client-ca.pem` prints into the file that `ssl_ca_file` of the target names, and reload it',
    }
  }
  if (rule !== undefined && /pg_hba/.test(message)) {
    return {
      ...failed,
      detail: 'pg_hba.conf of the target does not let the login in from here with its client certificate',
      hint: rulesHint(sessions, rule.group),
    }
  }
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

const silent = {
  cut: async () => undefined,
  removed: async () => undefined,
  pending: async () => undefined,
}
