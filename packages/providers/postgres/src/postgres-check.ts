/**
 * `resource check` for PostgreSQL: proves by doing that what Mayfly promises here will hold.
 *
 * Each line stands alone: one that fails does not hide the others. Leaves nothing behind.
 */
import { MayflyError, publicReason } from '@mayfly/domain'
import { type CheckFinding, type CheckProbe, isLoginRefused } from '@mayfly/provider-kit'
import { checkGroups } from './check-groups.ts'
import { type CheckedTarget, checkProbeLogin } from './check-probe-login.ts'
import { checkCreateroleRights, checkFunctions } from './check-rights.ts'
import { groupsOf } from './postgres-issue.ts'
import type { PostgresPermission } from './postgres-permission.ts'
import type { Row, Sessions } from './postgres-session.ts'

/** VALID UNTIL and the deadline of a create are judged by the target's clock. */
const clockToleranceMs = 2_000

export async function checkTarget(
  checked: CheckedTarget,
  probe: CheckProbe<PostgresPermission>,
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> {
  const { sessions, rule } = checked
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

  const reached = await attempt('connection', () => checkConnection(sessions, signal))
  if (!reached) return findings
  const { rights } = sessions.settings
  const { permission } = probe
  await attempt('rights', () =>
    rights.mode === 'functions'
      ? checkFunctions(sessions, signal)
      : checkCreateroleRights(sessions, rights.creator_roles, permission ? groupsOf(permission, rule) : [], signal),
  )
  if (!permission) {
    findings.push({
      check: 'login',
      outcome: 'warned',
      detail: 'no login was tried, because there is no role to try yet',
      hint: 'register a role of this resource, then check again',
    })
    return findings
  }
  await attempt('groups', () => checkGroups(sessions, groupsOf(permission, rule), signal))
  await attempt('login', () => checkProbeLogin(checked, permission, probe, signal))
  return findings
}

export function failedBy(check: string, error: MayflyError): CheckFinding {
  return {
    check,
    outcome: 'failed',
    detail: publicReason(error),
    ...(error.options.hint === undefined ? {} : { hint: error.options.hint }),
  }
}

async function checkConnection(sessions: Sessions, signal: AbortSignal): Promise<readonly CheckFinding[]> {
  const askedAt = Date.now()
  const { row, keyPid } = await sessions.run('check', signal, async (session) => ({
    row: (await session.query(connectionQuery))[0] ?? {},
    keyPid: session.backendKeyPid,
  }))
  const answeredAt = Date.now()
  return [
    versionFinding(row),
    tlsFinding(sessions, row),
    poolerFinding(sessions, row, keyPid),
    clockFinding(row, askedAt, answeredAt),
    ...(row['in_recovery'] === true
      ? [
          {
            check: 'primary',
            outcome: 'failed' as const,
            detail: 'the target is a replica, where nothing can be created or cut',
            hint: 'set `host` to the primary',
          },
        ]
      : []),
  ]
}

const connectionQuery = `
  select current_setting('server_version_num')::integer as version, current_setting('server_version') as version_name,
         pg_backend_pid() as pid, session_user::text as login, clock_timestamp() as target_now,
         pg_is_in_recovery() as in_recovery,
         (select ssl from pg_stat_ssl where pid = pg_backend_pid()) as tls`

function versionFinding(row: Row): CheckFinding {
  const detail = `PostgreSQL ${String(row['version_name'])}; Mayfly's login is no superuser`
  if (Number(row['version']) >= 150_000) return { check: 'connection', outcome: 'passed', detail }
  return {
    check: 'connection',
    outcome: 'failed',
    detail: `PostgreSQL ${String(row['version_name'])} is older than 15`,
    hint: 'upgrade the target',
  }
}

function tlsFinding(sessions: Sessions, row: Row): CheckFinding {
  if (sessions.settings.tls.mode === 'verify_full' && row['tls'] === true) {
    return { check: 'tls', outcome: 'passed', detail: 'the connection is encrypted and the certificate names the host' }
  }
  // Settings refuse this off loopback, and a verified connection without TLS does not come about.
  return {
    check: 'tls',
    outcome: 'warned',
    detail: 'TLS is off; every password crosses this machine in a form that a listener can use',
    hint: 'use `verify_full` as soon as the target is on another machine',
  }
}

/** A server tells each client the pid of its backend. A pooler makes that number up, because it shares backends. */
function poolerFinding(sessions: Sessions, row: Row, keyPid: number | undefined): CheckFinding {
  const login = String(row['login'])
  if (login !== sessions.username) {
    return {
      check: 'pooler',
      outcome: 'failed',
      detail:
        'something between Mayfly and the target logs in with a user of its own, so the target never sees credentials',
      hint: 'name the address of the PostgreSQL server itself, or take the forced user out of the pooler',
    }
  }
  if (keyPid !== undefined && keyPid !== row['pid']) {
    return {
      check: 'pooler',
      outcome: 'warned',
      detail: 'there is a pooler such as PgBouncer between Mayfly and the target',
      hint:
        'name the address of the PostgreSQL server itself in the settings; where clients go through the pooler, its auth_query must return ' +
        'nothing for roles that are not rolcanlogin or are past rolvaliduntil',
    }
  }
  return { check: 'pooler', outcome: 'passed', detail: 'Mayfly talks to the server itself, not to a pooler' }
}

function clockFinding(row: Row, askedAt: number, answeredAt: number): CheckFinding {
  const targetNow = row['target_now'] instanceof Date ? row['target_now'].getTime() : Number.NaN
  const offMs = Math.max(0, targetNow - answeredAt, askedAt - targetNow)
  if (offMs <= clockToleranceMs) {
    return { check: 'clock', outcome: 'passed', detail: `the clocks differ by less than ${clockToleranceMs / 1_000} s` }
  }
  return {
    check: 'clock',
    outcome: 'failed',
    detail: `the clocks of the target and of Mayfly differ by ${(offMs / 1_000).toFixed(1)} s; logins would end too early or too late`,
    hint: 'keep both in time with NTP',
  }
}
