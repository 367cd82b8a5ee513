import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { MayflyError } from '@mayfly/domain'
import pg from 'pg'

/** The login that owns the tables where the given login is a superuser, whom row-level security would not bind. */
export const storeRole = 'mayfly_store'

const taken = ['host', 'port', 'sslmode', 'sslrootcert'] as const
const roleParameter = 'mayfly_role'

/**
 * Turns a `postgres://` URL into connection options: TLS verified off loopback, schema `mayfly`, int8 as number.
 *
 * `sslmode=verify-full` (default off loopback; `sslrootcert=FILE` for a CA of one's own) or `disable`, which is taken
 * on loopback and unix sockets only. Weaker modes are refused: they check nothing. A unix socket is named by
 * `?host=/directory`, as for libpq (PostgreSQL 18 documentation, section 32.1.1.2); TLS does not exist there.
 * Parameters that are not known are refused: a setting of security that is misspelt must not be lost in silence.
 *
 * @param statementTimeoutMs what the server lets one statement take; 0 leaves it to the server. A connection that
 *   has not answered after that and as long again (5 s at most) is given up: a server that is gone enforces no timeout.
 * @throws MayflyError `configuration_invalid`; it never holds the URL, which has a password in it
 */
export function connectionOptions(url: string, statementTimeoutMs: number): pg.ClientConfig {
  const parsed = parseUrl(url)
  const { host, port } = addressOf(parsed)
  const socket = host.startsWith('/')
  const local = socket || isLoopback(host)
  const sslmode = parsed.searchParams.get('sslmode') ?? (local ? 'disable' : 'verify-full')
  if (sslmode !== 'verify-full' && !(sslmode === 'disable' && local)) {
    throw refused(
      `sslmode \`${sslmode}\` does not verify the server`,
      'use `sslmode=verify-full`, with `sslrootcert=FILE` for a CA of your own',
    )
  }
  const password = decoded(parsed.password, 'the password')
  const role = parsed.searchParams.get(roleParameter)
  return {
    host,
    port,
    user: decoded(parsed.username, 'the user'),
    ...(password === '' ? {} : { password }),
    database: decoded(parsed.pathname.slice(1), 'the database'),
    ssl: sslmode === 'disable' || socket ? false : tlsOptions(host, parsed.searchParams.get('sslrootcert')),
    application_name: 'mayfly',
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...(statementTimeoutMs === 0
      ? {}
      : {
          statement_timeout: statementTimeoutMs,
          query_timeout: statementTimeoutMs + Math.min(statementTimeoutMs, 5_000),
        }),
    // Law 10: nothing that waits for another system may keep a transaction, and its locks, open.
    idle_in_transaction_session_timeout: 30_000,
    options: `-c search_path=mayfly,pg_catalog${role === null ? '' : ` -c role=${storeRole}`}`,
    types: { getTypeParser },
  }
}

/** The same database, with the rights of `storeRole` instead of the login's own. */
export function asStoreRole(url: string): string {
  const parsed = parseUrl(url)
  parsed.searchParams.set(roleParameter, storeRole)
  return parsed.href
}

function parseUrl(url: string): URL {
  // libpq takes a URL without a host; a URL by the standard must have one where it has a login.
  const whole = url.replace(/^(postgres(?:ql)?:\/\/[^/?#]*@)(?=\/)/, '$1localhost')
  const parsed = URL.canParse(whole) ? new URL(whole) : undefined
  const path = parsed?.pathname ?? ''
  // What follows a stray `/` of a password would be taken for the database's name, and be shown in messages.
  if (parsed === undefined || !/^postgres(ql)?:$/.test(parsed.protocol) || !/^\/[^/@]+$/.test(path) || parsed.hash) {
    throw refused(
      'not a postgres:// URL with a database',
      'write it as `postgres://user:password@host:5432/database`, with `%40` for `@`, `%2F` for `/`, `%23` for `#`, `%25` for `%`',
    )
  }
  for (const name of parsed.searchParams.keys()) {
    if (name !== roleParameter && !taken.some((known) => known === name)) {
      throw refused(`the parameter \`${name}\` is not known`, `it takes \`${taken.join('`, `')}\``)
    }
  }
  const role = parsed.searchParams.get(roleParameter)
  if (role !== null && role !== storeRole) {
    throw refused(`\`${roleParameter}\` is set by Mayfly itself`, `leave \`${roleParameter}\` out`)
  }
  return parsed
}

function addressOf(parsed: URL): { host: string; port: number } {
  const named = parsed.searchParams.get('host') ?? decoded(parsed.hostname, 'the host')
  const host = named.replace(/^\[(.*)\]$/, '$1')
  const port = Number(parsed.searchParams.get('port') ?? (parsed.port === '' ? 5432 : parsed.port))
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw refused('the port is not a number from 1 to 65535', 'PostgreSQL listens on 5432 unless told otherwise')
  }
  return { host: host === '' ? '127.0.0.1' : host, port }
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // Not the cause: its message may quote the text, and the text may be the password.
    throw refused(`${what} holds a \`%\` that stands for nothing`, 'write `%25` for a `%`')
  }
}

function tlsOptions(host: string, rootCert: string | null): NonNullable<pg.ClientConfig['ssl']> {
  return {
    rejectUnauthorized: true,
    // Who the certificate must name. An address is no server name (RFC 6066 section 3) and is checked as an address.
    ...(isIP(host) === 0 ? { servername: host } : { host }),
    ...(rootCert === null ? {} : { ca: readRootCert(rootCert) }),
  }
}

export function isLoopback(host: string): boolean {
  return host.toLowerCase() === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

const int8 = 20

// Counts and leaf indexes fit a number: they stay far below 2^53.
function getTypeParser(oid: number, format?: 'text' | 'binary'): unknown {
  if (oid === int8 && format !== 'binary') return Number
  return pg.types.getTypeParser(oid, format)
}

function readRootCert(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw refused(`sslrootcert \`${path}\` cannot be read`, 'name a PEM file that this user may read', cause)
  }
}

function refused(what: string, hint: string, cause?: unknown): MayflyError {
  return new MayflyError('configuration_invalid', { publicDetail: `\`MAYFLY_DATABASE_URL\`: ${what}`, hint, cause })
}
