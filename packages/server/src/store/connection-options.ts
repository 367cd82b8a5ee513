import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { MayflyError } from '@mayfly/domain'
import pg from 'pg'

/** The login that owns the tables where the given login is a superuser, whom row-level security would not bind. */
export const storeRole = 'mayfly_store'

/**
 * Turns a `postgres://` URL into connection options: TLS verified off loopback, schema `mayfly`, int8 as number.
 *
 * `sslmode=verify-full` (default off loopback; `sslrootcert=FILE` for a CA of one's own) or `disable`, which is taken
 * on loopback and unix sockets only. Weaker modes are refused: they check nothing.
 *
 * @throws MayflyError `configuration_invalid`
 */
export function connectionOptions(url: string, statementTimeoutMs: number): pg.ClientConfig {
  const parsed = parseUrl(url)
  const host = parsed.searchParams.get('host') ?? decodeURIComponent(parsed.hostname)
  const local = host === '' || host.startsWith('/') || isLoopback(host.replace(/^\[|\]$/g, ''))
  const sslmode = parsed.searchParams.get('sslmode') ?? (local ? 'disable' : 'verify-full')
  if (sslmode !== 'verify-full' && !(sslmode === 'disable' && local)) {
    throw new MayflyError('configuration_invalid', {
      publicDetail: `\`MAYFLY_DATABASE_URL\`: sslmode \`${sslmode}\` does not verify the server`,
      hint: 'use `sslmode=verify-full`, with `sslrootcert=FILE` for a CA of your own',
    })
  }
  const rootCert = parsed.searchParams.get('sslrootcert')
  const role = parsed.searchParams.get('mayfly_role')
  return {
    host: host === '' ? '127.0.0.1' : host,
    port: parsed.port === '' ? 5432 : Number(parsed.port),
    user: decodeURIComponent(parsed.username),
    ...(parsed.password === '' ? {} : { password: decodeURIComponent(parsed.password) }),
    database: decodeURIComponent(parsed.pathname.slice(1)),
    ...(sslmode === 'disable' ? { ssl: false } : { ssl: tlsOptions(host, rootCert) }),
    application_name: 'mayfly',
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: 30_000,
    options: `-c search_path=mayfly,pg_catalog${role === null ? '' : ` -c role=${role}`}`,
    types: { getTypeParser },
  }
}

function tlsOptions(host: string, rootCert: string | null): NonNullable<pg.ClientConfig['ssl']> {
  return {
    rejectUnauthorized: true,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(rootCert === null ? {} : { ca: readRootCert(rootCert) }),
  }
}

function parseUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !/^postgres(ql)?:$/.test(parsed.protocol) || parsed.pathname.length < 2) {
    throw new MayflyError('configuration_invalid', {
      publicDetail: '`MAYFLY_DATABASE_URL`: not a postgres:// URL with a database',
      hint: 'write it as `postgres://user:password@host:5432/database`',
    })
  }
  return parsed
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

// int8 and numeric counts fit a number here: leaf indexes and counts stay far below 2^53.
function getTypeParser(oid: number, format?: 'text' | 'binary'): unknown {
  if (oid === 20 && format !== 'binary') return Number
  return pg.types.getTypeParser(oid, format)
}

function readRootCert(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new MayflyError('configuration_invalid', {
      publicDetail: `\`MAYFLY_DATABASE_URL\`: sslrootcert \`${path}\` cannot be read`,
      cause,
    })
  }
}
