/**
 * `resource check` for MySQL and MariaDB: proves by doing that what Mayfly promises here will hold.
 *
 * Each line stands alone: one that fails does not hide the others. Leaves nothing behind.
 */
import { MayflyError, publicReason } from '@mayfly/domain'
import { type CheckFinding, type CheckProbe, isLoginRefused } from '@mayfly/provider-kit'
import { checkProbeAccount, type ProbeTarget } from './check-probe-account.ts'
import { checkRights } from './check-rights.ts'
import type { MysqlPermission } from './mysql-permission.ts'
import type { Sessions } from './mysql-session.ts'

/** The deadline of a create is judged by the target's clock. */
const clockToleranceMs = 2_000

export async function checkTarget(
  sessions: Sessions,
  target: ProbeTarget,
  probe: CheckProbe<MysqlPermission>,
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> {
  const findings: CheckFinding[] = []
  const attempt = async (check: string, run: () => Promise<readonly CheckFinding[]>): Promise<boolean> => {
    try {
      findings.push(...(await run()))
      return true
    } catch (error) {
      // Mayfly may have another secret of its login to try.
      if (signal.aborted || !(error instanceof MayflyError) || isLoginRefused(error)) throw error
      findings.push(failedBy(check, error))
      return false
    }
  }

  if (!(await attempt('connection', () => checkConnection(sessions, signal)))) return findings
  await attempt('rights', () => checkRights(sessions, signal))
  const { permission } = probe
  if (!permission) {
    findings.push({
      check: 'login',
      outcome: 'warned',
      detail: 'no login was tried, because there is no role to try yet',
      hint: 'register a role of this resource, then check again',
    })
    return findings
  }
  await attempt('login', () => checkProbeAccount(sessions, target, permission, probe.newHandle(), signal))
  return findings
}

function failedBy(check: string, error: MayflyError): CheckFinding {
  return {
    check,
    outcome: 'failed',
    detail: publicReason(error),
    ...(error.options.hint === undefined ? {} : { hint: error.options.hint }),
  }
}

async function checkConnection(sessions: Sessions, signal: AbortSignal): Promise<readonly CheckFinding[]> {
  const askedAt = Date.now()
  const seen = await sessions.run('check', signal, async (session) => {
    const [row] = await session.query(
      `select connection_id() as id, substring_index(user(), '@', 1) as login, unix_timestamp(utc_timestamp(6)) as target_now`,
    )
    const [status] = await session.query(`show session status like 'Ssl_cipher'`)
    return { session, row, isEncrypted: typeof status?.['Value'] === 'string' && status['Value'] !== '' }
  })
  const answeredAt = Date.now()
  const { session, row, isEncrypted } = seen
  return [
    versionFinding(session.flavour, session.serverVersion),
    tlsFinding(sessions, isEncrypted),
    proxyFinding(sessions, session.greetedId, Number(row?.['id']), String(row?.['login'])),
    clockFinding(Number(row?.['target_now']) * 1_000, askedAt, answeredAt),
  ]
}

function versionFinding(flavour: 'mariadb' | 'mysql', version: string): CheckFinding {
  const [, major = '0', minor = '0', patch = '0'] = /(\d+)\.(\d+)\.(\d+)/.exec(version.replace(/^5\.5\.5-/, '')) ?? []
  const number = Number(major) * 1_000_000 + Number(minor) * 1_000 + Number(patch)
  const least = flavour === 'mariadb' ? 10_006_000 : 8_000_022
  const name = flavour === 'mariadb' ? `MariaDB ${version}` : `MySQL ${version}`
  if (number < least) {
    return {
      check: 'connection',
      outcome: 'failed',
      detail: `${name} is older than ${flavour === 'mariadb' ? '10.6' : '8.0.22'}`,
      hint: 'upgrade the target',
    }
  }
  if (flavour === 'mysql') {
    return {
      check: 'connection',
      outcome: 'warned',
      detail: `${name}: this build was written for MySQL from its documentation, and judged by MariaDB alone`,
      hint: 'try issue and revoke in a place where nothing depends on them before you rely on them',
    }
  }
  return { check: 'connection', outcome: 'passed', detail: `${name}; Mayfly's login is no administrator` }
}

function tlsFinding(sessions: Sessions, isEncrypted: boolean): CheckFinding {
  if (sessions.settings.tls.mode === 'verify_full' && isEncrypted) {
    return { check: 'tls', outcome: 'passed', detail: 'the connection is encrypted and the certificate names the host' }
  }
  // Settings refuse this off loopback, and a verified connection without TLS does not come about.
  return {
    check: 'tls',
    outcome: 'warned',
    detail: 'TLS is off; passwords cross this machine in a form that a listener can use',
    hint: 'use `verify_full` as soon as the target is on another machine',
  }
}

/** A server tells each client the id of its connection. A proxy makes that number up, because it shares connections. */
function proxyFinding(
  sessions: Sessions,
  greetedId: number | undefined,
  connectionId: number,
  login: string,
): CheckFinding {
  if (login === sessions.username && (greetedId === undefined || greetedId === connectionId)) {
    return { check: 'proxy', outcome: 'passed', detail: 'Mayfly talks to the server itself, not to a proxy' }
  }
  return {
    check: 'proxy',
    outcome: 'failed',
    detail:
      'there is a proxy such as ProxySQL or MaxScale between Mayfly and the target, so sessions are not what they seem',
    hint: 'name the address of the server itself; clients that come through a proxy need accounts that the proxy asks the server for',
  }
}

function clockFinding(targetNow: number, askedAt: number, answeredAt: number): CheckFinding {
  const offMs = Math.max(0, targetNow - answeredAt, askedAt - targetNow)
  if (offMs <= clockToleranceMs) {
    return { check: 'clock', outcome: 'passed', detail: `the clocks differ by less than ${clockToleranceMs / 1_000} s` }
  }
  return {
    check: 'clock',
    outcome: 'failed',
    detail: `the clocks of the target and of Mayfly differ by ${(offMs / 1_000).toFixed(1)} s; creates would be refused, or not be in time`,
    hint: 'keep both in time with NTP',
  }
}
