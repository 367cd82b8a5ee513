/**
 * Mayfly's own connections to one target: a small pool for each database, each connection checked before it is used.
 *
 * Promise: nothing is sent over a connection before the target's identity is verified and Mayfly's login is known not
 * to be a superuser. An abort closes the connection, and the target ends its statement within a second.
 */
import { isIP } from 'node:net'
import { type PeerCertificate, checkServerIdentity } from 'node:tls'
import { MayflyError } from '@mayfly/domain'
import pg from 'pg'
import { targetError } from './postgres-error.ts'
import type { PostgresSecret, PostgresSettings } from './postgres-settings.ts'

export type Row = Readonly<Record<string, unknown>>

export interface Session {
  /** One statement with parameters. */
  query(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>
  /** Several statements in one round trip and one implicit transaction; the rows of the last one. */
  script(sql: string): Promise<readonly Row[]>
  readonly serverVersion: number
  /** The backend's pid as told when the connection began: a pooler makes it up. */
  readonly backendKeyPid: number | undefined
}

export interface Sessions {
  readonly settings: PostgresSettings
  readonly username: string
  /** Runs `use` on a connection to the setting's database, or to `database`. Errors come out as MayflyError. */
  run<Result>(
    doing: string,
    signal: AbortSignal,
    use: (session: Session) => Promise<Result>,
    database?: string,
  ): Promise<Result>
  close(): Promise<void>
}

export function openSessions(settings: PostgresSettings, secret: PostgresSecret): Sessions {
  const pools = new Map<string, pg.Pool>()
  const versions = new WeakMap<pg.ClientBase, number>()
  let closing: Promise<void> | undefined

  function poolOf(database: string): pg.Pool {
    const known = pools.get(database)
    if (known) return known
    const pool = new pg.Pool({
      ...connectionOptions(settings, { username: secret.username, password: secret.password.reveal(), database }),
      // A cut needs few connections elsewhere; other databases are visited for clearing up only.
      max: database === settings.database ? settings.pool_size : 1,
      idleTimeoutMillis: 30_000,
      allowExitOnIdle: true,
    })
    // Without a listener, a connection that the target closes while idle would end the process. The pool drops it.
    pool.on('error', () => undefined)
    pools.set(database, pool)
    return pool
  }

  return {
    settings,
    username: secret.username,
    async run(doing, signal, use, database = settings.database) {
      if (closing) throw new MayflyError('target_unreachable', { log: `postgres: ${doing}: closed` })
      if (signal.aborted) throw aborted(doing)
      const pool = poolOf(database)
      let client: pg.PoolClient | undefined
      let broken = false
      const onAbort = Promise.withResolvers<never>()
      onAbort.promise.catch(() => undefined)
      const abort = () => {
        broken = true
        onAbort.reject(aborted(doing))
      }
      signal.addEventListener('abort', abort, { once: true })
      const connecting = pool.connect()
      try {
        client = await Promise.race([connecting, onAbort.promise])
        const connected = client
        let serverVersion = versions.get(connected)
        if (serverVersion === undefined) {
          // The pool listens while a connection is idle only: one that the target ends while it is in use would otherwise
          // end this process. The statement under way fails, and says so.
          connected.on('error', () => undefined)
          serverVersion = await Promise.race([prepareConnection(connected, settings), onAbort.promise])
          versions.set(connected, serverVersion)
        }
        const session: Session = {
          query: async (sql, values = []) => (await connected.query<Record<string, unknown>>(sql, [...values])).rows,
          script: async (sql) => lastRows(await connected.query<Record<string, unknown>>(sql)),
          serverVersion,
          backendKeyPid:
            'processID' in connected && typeof connected.processID === 'number' ? connected.processID : undefined,
        }
        return await Promise.race([use(session), onAbort.promise])
      } catch (error) {
        broken ||= !isServerAnswer(error)
        throw targetError(error, doing)
      } finally {
        signal.removeEventListener('abort', abort)
        if (client) client.release(broken)
        else
          connecting.then(
            (late) => late.release(),
            () => undefined,
          )
      }
    },
    close() {
      closing ??= Promise.all([...pools.values()].map((pool) => pool.end())).then(() => undefined)
      return closing
    },
  }
}

/** A client certificate with its key, in PEM. */
export interface ClientKey {
  readonly certificatePem: string
  readonly privateKeyPem: string
}

/** How to reach the target as `login`; for Mayfly's own sessions and for the probe's login alike. */
export function connectionOptions(
  settings: PostgresSettings,
  login: { username: string; password: string; database: string },
  client?: ClientKey,
): pg.ClientConfig {
  return {
    host: settings.host,
    port: settings.port,
    user: login.username,
    password: login.password,
    database: login.database,
    application_name: 'mayfly',
    connectionTimeoutMillis: settings.connect_timeout_ms,
    keepAlive: true,
    ssl:
      settings.tls.mode === 'disabled_loopback_only' || settings.host.startsWith('/')
        ? false
        : {
            ...(settings.tls.ca_pem === undefined ? {} : { ca: settings.tls.ca_pem }),
            ...(client && { cert: client.certificatePem, key: client.privateKeyPem }),
            rejectUnauthorized: true,
            minVersion: 'TLSv1.2',
            // Named here: for an IP address pg leaves the name out, and Node would then compare with `localhost`.
            checkServerIdentity: (_name: string, certificate: PeerCertificate) =>
              checkServerIdentity(settings.host, certificate),
            ...(isIP(settings.host) === 0 ? { servername: settings.host } : {}),
          },
  }
}

/** @returns the server's version, e.g. 180004. @throws MayflyError `target_unsafe` for a superuser. */
async function prepareConnection(client: pg.ClientBase, settings: PostgresSettings): Promise<number> {
  const { rows } = await client.query<{ version: number; superuser: boolean }>(
    `select current_setting('server_version_num')::integer as version,
            (select rolsuper from pg_catalog.pg_roles where rolname = session_user) as superuser,
            pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false),
            pg_catalog.set_config('statement_timeout', $1, false),
            -- A statement whose client is gone is ended within a second, not when it next has something to say.
            pg_catalog.set_config('client_connection_check_interval', '1s', false),
            pg_catalog.set_config('idle_in_transaction_session_timeout', '10s', false)`,
    [`${settings.statement_timeout_ms}ms`],
  )
  const row = rows[0]
  if (!row || row.superuser) {
    throw new MayflyError('target_unsafe', {
      publicDetail: "Mayfly's login at the target is a superuser",
      hint: 'make a login of its own with the SQL of `mayfly resource guide postgres`',
    })
  }
  return row.version
}

function aborted(doing: string): MayflyError {
  return new MayflyError('target_timeout', { log: `postgres: ${doing}: aborted by the caller` })
}

/** True where the target itself answered with an error, so that the connection is still in a known state. */
function isServerAnswer(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.severity === 'ERROR'
}

function lastRows(
  result: pg.QueryResult<Record<string, unknown>> | pg.QueryResult<Record<string, unknown>>[],
): readonly Row[] {
  return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? []
}
