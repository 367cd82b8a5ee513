/**
 * The recommended way: Mayfly's login may call the functions of `sql/functions.sql`, and nothing else.
 */
import type { ObservedSession } from '@mayfly/provider-kit'
import type { Row, Session, Sessions } from './postgres-session.ts'
import type { Blocked, PostgresWay } from './postgres-way.ts'
import { quoteLiteral } from './quote-literal.ts'

/** The functions that this build was written against; `mayfly.functions_version()` must say the same. */
export const functionsVersion = 2

export function functionsWay(sessions: Sessions): PostgresWay {
  const call = (doing: string, signal: AbortSignal, sql: string, values: readonly unknown[]): Promise<readonly Row[]> =>
    sessions.run(doing, signal, (session) => session.query(sql, values))

  return {
    async issue(login, signal) {
      await sessions.run('issue', signal, (session) =>
        underDeadline(session, login.createDeadlineAt, [
          `select mayfly.issue(${[
            quoteLiteral(login.accountName),
            quoteLiteral(login.verifier),
            `array[${login.memberOf.map(quoteLiteral).join(', ')}]::text[]`,
            quoteLiteral(login.expiresAt.toISOString()),
            quoteLiteral(login.createDeadlineAt.toISOString()),
            String(login.connectionLimit),
          ].join(', ')})`,
        ]),
      )
    },

    async renew(accountName, expiresAt, signal) {
      const rows = await call('renew', signal, 'select mayfly.renew($1, $2) as renewed', [accountName, expiresAt])
      return rows[0]?.['renewed'] === true
    },

    async disable(names, signal) {
      return blocked(await call('cut', signal, 'select * from mayfly.disable($1)', [names]))
    },

    async endSessions(names, suspects, endSuspects, signal) {
      const [row] = await call('cut', signal, 'select * from mayfly.end_sessions($1, $2, $3)', [
        names,
        suspects ?? null,
        endSuspects,
      ])
      return {
        busy: textArray(row?.['busy']),
        orphans: Number(row?.['orphans']),
        inFlight: textArray(row?.['in_flight']),
      }
    },

    async listSessions(signal) {
      return (await call('list sessions', signal, 'select * from mayfly.list_sessions()', [])).map(sessionOf)
    },
    async cutSessions(open, signal) {
      await call('cut sessions', signal, 'select mayfly.cut_sessions($1)', [open.map((one) => one.sessionId)])
    },

    async listPrepared(names, signal) {
      const rows = await call('remove', signal, 'select * from mayfly.list_prepared($1)', [names])
      return rows.map((row) => ({
        accountName: String(row['account']),
        gid: String(row['gid']),
        databaseName: String(row['database_name']),
        ownerName: String(row['owner_name']),
      }))
    },

    async adopt(names, signal) {
      await call('remove', signal, 'select mayfly.adopt($1)', [names])
    },
    async strip(names, signal) {
      await call('remove', signal, 'select mayfly.strip($1)', [names])
    },
    async dropOwned(names, signal) {
      return blocked(await call('remove', signal, 'select * from mayfly.drop_owned($1)', [names]))
    },
    async dropRoles(names, signal) {
      return blocked(await call('remove', signal, 'select * from mayfly.remove($1)', [names]))
    },
  }
}

/**
 * Runs statements in one transaction and one round trip that the target gives up at `deadlineAt`, whether its client
 * lives or not: `statement_timeout` bounds each of them by what is left now.
 *
 * What remains: a COMMIT that has begun may end after the deadline (its flush, or a synchronous standby). Hence the
 * second look of law 1.
 */
export function underDeadline(
  session: Session,
  deadlineAt: Date,
  statements: readonly string[],
): Promise<readonly Row[]> {
  // At least 1: a timeout of 0 means none. The function compares the clock with the deadline as well.
  const leftMs = Math.max(1, Math.min(deadlineAt.getTime() - Date.now(), 600_000))
  // It bounds waiting for locks as well.
  return session.script([`set local statement_timeout = ${leftMs}`, ...statements].join('; '))
}

/** A row of `session_id`, `account`, `address`, `since`: what Mayfly's login may not see is null. */
export function sessionOf(row: Row): ObservedSession {
  const { account, address, since } = row
  return {
    sessionId: String(row['session_id']),
    accountName: typeof account === 'string' ? account : undefined,
    ...(typeof address === 'string' ? { sourceAddress: address } : {}),
    ...(since instanceof Date ? { since } : {}),
  }
}

function textArray(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function blocked(rows: readonly Row[]): readonly Blocked[] {
  return rows.map((row) => ({
    accountName: String(row['account']),
    state: String(row['state']),
    reason: typeof row['reason'] === 'string' ? row['reason'] : '',
  }))
}
