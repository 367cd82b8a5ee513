/**
 * Mayfly's own connections to one target: a small pool, each connection checked before it is used.
 *
 * Promise: nothing is sent over a connection before the target's identity is verified and Mayfly's login is known not to
 * be an administrator's. An abort closes the connection and ends at the target what runs there.
 */
import { connect } from 'node:net'
import { MayflyError } from '@mayfly/domain'
import mysql from 'mysql2/promise'
import { targetError } from './mysql-error.ts'
import type { MysqlSecret, MysqlSettings } from './mysql-settings.ts'
import type { Flavour } from './password-hash.ts'

export type Row = Readonly<Record<string, unknown>>
export type Value = string | number | Date | null

export interface Session {
  readonly flavour: Flavour
  /** As the server writes it, e.g. `10.11.6-MariaDB`. */
  readonly serverVersion: string
  /** The server's id of the connection as told when it began: a proxy makes it up. */
  readonly greetedId: number | undefined
  /** One statement; values are written as literals, see `prepareConnection`. */
  query(sql: string, values?: readonly Value[]): Promise<readonly Row[]>
  /**
   * Calls one of Mayfly's procedures.
   *
   * @param withinMs MariaDB: the server ends the call after this, also while it waits for a lock; default: the setting
   * @returns the rows of its first result
   */
  call(procedure: string, values: readonly Value[], withinMs?: number): Promise<readonly Row[]>
}

export interface Sessions {
  readonly settings: MysqlSettings
  readonly username: string
  /** Runs `use` on a connection. Errors come out as MayflyError. */
  run<Result>(doing: string, signal: AbortSignal, use: (session: Session) => Promise<Result>): Promise<Result>
  close(): Promise<void>
}

interface Known {
  readonly flavour: Flavour
  readonly serverVersion: string
  readonly connectionId: number
}

export function openSessions(settings: MysqlSettings, secret: MysqlSecret): Sessions {
  const known = new WeakMap<object, Known>()
  let pool: mysql.Pool | undefined
  let closing: Promise<void> | undefined

  const openPool = () =>
    mysql.createPool({
      ...connectionOptions(settings, { username: secret.username, password: secret.password.reveal() }),
      connectionLimit: settings.pool_size,
      maxIdle: settings.pool_size,
      idleTimeout: 30_000,
    })

  async function acquire(): Promise<mysql.PoolConnection> {
    pool ??= openPool()
    const connection = await pool.getConnection()
    if (known.has(connection.connection)) return connection
    try {
      // Unheard, a connection that the target ends while it is idle would end this process.
      connection.connection.on('error', () => undefined)
      known.set(connection.connection, await prepareConnection(connection, settings))
      return connection
    } catch (error) {
      connection.destroy()
      throw error
    }
  }

  /** The target goes on with a statement whose client is gone, until it has something to say. */
  async function endAtTarget(connectionId: number): Promise<void> {
    const connection = await acquire()
    try {
      // Its own sessions a login may always end.
      await connection.query(`kill connection ${connectionId}`)
    } finally {
      connection.release()
    }
  }

  return {
    settings,
    username: secret.username,
    async run(doing, signal, use) {
      if (closing) throw new MayflyError('target_unreachable', { log: `mysql: ${doing}: closed` })
      if (signal.aborted) throw aborted(doing)
      const onAbort = Promise.withResolvers<never>()
      onAbort.promise.catch(() => undefined)
      const abort = () => onAbort.reject(aborted(doing))
      signal.addEventListener('abort', abort, { once: true })
      const acquiring = acquire()
      let connection: mysql.PoolConnection | undefined
      let broken = false
      try {
        connection = await Promise.race([acquiring, onAbort.promise])
        const { connection: inner } = connection
        const about = known.get(inner)
        if (about === undefined) throw new MayflyError('internal', { log: 'mysql: a connection that nobody prepared' })
        return await Promise.race([use(sessionOn(connection, settings, about)), onAbort.promise])
      } catch (error) {
        broken = !isServerAnswer(error)
        throw targetError(error, doing)
      } finally {
        signal.removeEventListener('abort', abort)
        if (connection === undefined) {
          acquiring.then(
            (late) => late.release(),
            () => undefined,
          )
        } else if (broken) {
          const about = known.get(connection.connection)
          connection.destroy()
          // What cannot be ended runs into its own time limit.
          if (signal.aborted && about !== undefined && !closing) endAtTarget(about.connectionId).catch(() => undefined)
        } else connection.release()
      }
    },
    close() {
      // The pool passes on why a connection never came about: to whoever closes, that is no fault.
      closing ??= pool === undefined ? Promise.resolve() : pool.end().catch(() => undefined)
      return closing
    },
  }
}

function sessionOn(connection: mysql.PoolConnection, settings: MysqlSettings, about: Known): Session {
  const query: Session['query'] = async (sql, values = []) => {
    const [result] = await connection.query(sql, [...values])
    return firstRows(result)
  }
  return {
    flavour: about.flavour,
    serverVersion: about.serverVersion,
    greetedId: connection.connection.threadId ?? undefined,
    query,
    call(procedure, values, withinMs = settings.statement_timeout_ms) {
      const call = `call ${settings.schema}.${procedure}(${values.map(() => '?').join(', ')})`
      // MySQL has no limit for such statements; there `lock_wait_timeout` of the connection bounds the waiting.
      const limit = `set statement max_statement_time = ${Math.max(1, Math.min(withinMs, 600_000)) / 1_000} for `
      return query(about.flavour === 'mariadb' ? limit + call : call, values)
    },
  }
}

/** How to reach the target as `login`; for Mayfly's own sessions and for a probe's login alike. */
export function connectionOptions(
  settings: MysqlSettings,
  login: { readonly username: string; readonly password: string },
): mysql.ConnectionOptions {
  const { host, port, tls } = settings
  const common = {
    user: login.username,
    password: login.password,
    charset: 'utf8mb4',
    timezone: 'Z',
    connectTimeout: settings.connect_timeout_ms,
    enableKeepAlive: true,
    supportBigNumbers: true,
    // Nothing of ours is read from a file because a server asks for it.
    flags: ['-LOCAL_FILES'],
  } satisfies mysql.ConnectionOptions
  if (host.startsWith('/')) return { ...common, socketPath: host }
  if (tls.mode === 'disabled_loopback_only') return { ...common, host, port }
  return {
    ...common,
    // The library compares the certificate with what it calls the host, and with `localhost` where that is an address.
    host: tls.server_name ?? host,
    port,
    stream: () => connect({ host, port, noDelay: true, keepAlive: true }),
    ssl: {
      ...(tls.ca_pem === undefined ? {} : { ca: tls.ca_pem }),
      rejectUnauthorized: true,
      verifyIdentity: true,
      minVersion: 'TLSv1.2',
    },
  }
}

/**
 * Values are written into statements as literals, which is right for these modes and no other: with
 * NO_BACKSLASH_ESCAPES a literal would end early.
 *
 * @throws MayflyError `target_unsafe` where Mayfly's login has rights of an administrator
 */
async function prepareConnection(connection: mysql.PoolConnection, settings: MysqlSettings): Promise<Known> {
  const [[row]] = await connection.query<mysql.RowDataPacket[]>(
    'select version() as version, connection_id() as connection_id',
  )
  const serverVersion = String(row?.['version'])
  const flavour: Flavour = /mariadb/i.test(serverVersion) ? 'mariadb' : 'mysql'
  const seconds = Math.ceil(settings.statement_timeout_ms / 1_000)
  await connection.query(
    `set session sql_mode = 'STRICT_ALL_TABLES', session time_zone = '+00:00', session lock_wait_timeout = ${seconds}, session autocommit = 1`,
  )
  const [grants] = await connection.query<mysql.RowDataPacket[]>('show grants')
  for (const grant of grants.flatMap((one) => Object.values(one).map(String))) {
    if (!isAdministrators(grant)) continue
    throw new MayflyError('target_unsafe', {
      log: `mysql: ${grant.replace(/ IDENTIFIED .*$/s, '')}`,
      publicDetail: "Mayfly's login at the target has rights on all of it (`ON *.*`)",
      hint: 'make a login of its own with the SQL of `mayfly resource guide mysql`',
    })
  }
  return { flavour, serverVersion, connectionId: Number(row?.['connection_id']) }
}

/** A right on everything makes the login worth more than the procedures that it is for. */
export function isAdministrators(grant: string): boolean {
  const privileges = /^GRANT (.+?) ON \*\.\* TO /s.exec(grant)?.[1]
  return privileges !== undefined && privileges !== 'USAGE'
}

function aborted(doing: string): MayflyError {
  return new MayflyError('target_timeout', { log: `mysql: ${doing}: aborted by the caller` })
}

/** True where the target itself answered with an error, so that the connection is still in a known state. */
function isServerAnswer(error: unknown): boolean {
  return error instanceof Error && 'sqlState' in error && !('fatal' in error && error.fatal === true)
}

/** A CALL gives a list of results, each a list of rows, and a summary; a SELECT gives rows. */
function firstRows(result: unknown): readonly Row[] {
  if (!Array.isArray(result)) return []
  const [first] = result as unknown[]
  return (Array.isArray(first) ? first : first === undefined || isSummary(first) ? [] : result) as Row[]
}

function isSummary(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'affectedRows' in value
}
