import type { MayflyErrorOptions } from '@mayfly/domain'
import pg from 'pg'

interface Explanation {
  readonly what: string
  readonly hint: string
}

const untrusted: Explanation = {
  what: 'shows a certificate that no trusted CA has signed',
  hint: 'name the file of its CA: `sslrootcert=FILE`',
}
const outOfReach: Explanation = {
  what: 'cannot be reached',
  hint: 'check host and port, that the server runs, and that a firewall lets this machine through',
}

/** SQLSTATE (PostgreSQL 18 documentation, appendix A), or the code of Node's sockets and TLS. */
const byCode: Readonly<Record<string, Explanation>> = {
  '28P01': { what: 'refuses the login', hint: 'check user and password; write `%25` for a `%` and `%40` for an `@`' },
  '28000': {
    what: 'does not let this login in from here',
    hint: 'check the user, that it may log in, and the lines of pg_hba.conf on the server',
  },
  '3D000': {
    what: 'does not exist on its server',
    hint: 'make it there: `create database NAME owner USER`',
  },
  '42501': {
    what: 'does not let this login connect',
    hint: 'grant it there: `grant connect on database NAME to USER`',
  },
  '53300': {
    what: 'has no connection left',
    hint: 'raise `max_connections` on the server, or lower `MAYFLY_DATABASE_POOL_SIZE` on each of Mayfly',
  },
  '57P03': { what: 'is starting or stopping', hint: 'try again in a moment' },
  ENOTFOUND: { what: 'has a host name that nobody knows', hint: 'check the host' },
  EAI_AGAIN: { what: 'has a host name that cannot be looked up now', hint: 'check the name service of this machine' },
  ENOENT: { what: 'has no unix socket there', hint: 'check the directory and the port, and that the server runs' },
  EACCES: { what: 'has a unix socket that this user may not open', hint: 'let this user into its directory' },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    what: 'shows the certificate of another host',
    hint: 'use the host name or address that its certificate names',
  },
  CERT_HAS_EXPIRED: { what: 'shows a certificate that has expired', hint: 'renew it on the server' },
  CERT_NOT_YET_VALID: { what: 'shows a certificate that is not valid yet', hint: 'check the clocks of both machines' },
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
}

/** What the driver says without a code. */
const byMessage: readonly (readonly [RegExp, Explanation])[] = [
  [
    /does not support SSL/,
    { what: 'offers no TLS', hint: 'turn it on there (`ssl = on`): off loopback nothing else is taken' },
  ],
  [/password must be a/, { what: 'asks for a password', hint: 'put it into the URL: `postgres://user:password@…`' }],
]

/**
 * Why no connection came about, and what to do: one sentence each, for whoever runs the server.
 *
 * The driver's own words go to the log. They name hosts and users, but never the password.
 */
export function explainConnectFailure(cause: unknown): MayflyErrorOptions {
  const { what, hint } = explain(cause)
  return { publicDetail: `the database at \`MAYFLY_DATABASE_URL\` ${what}`, hint, log: messageOf(cause), cause }
}

function explain(cause: unknown): Explanation {
  const known = byCode[codeOf(cause)]
  if (known !== undefined) return known
  return byMessage.find(([pattern]) => pattern.test(messageOf(cause)))?.[1] ?? outOfReach
}

function codeOf(error: unknown): string {
  if (error instanceof pg.DatabaseError) return error.code ?? ''
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** A host with several addresses fails with one error for each, and no message of its own. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
