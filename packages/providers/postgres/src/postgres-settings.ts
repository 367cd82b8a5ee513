import { isIP } from 'node:net'
import { Secret } from '@mayfly/provider-kit'
import { z } from 'zod'

/** RFC 7677 section 4 asks for at least this many rounds; each costs the target about 2.5 microseconds a create. */
export const scramIterationsDefault = 4096

const roleName = z
  .string()
  .min(1)
  .refine((name) => Buffer.byteLength(name) <= 63, { error: 'a PostgreSQL name has at most 63 bytes' })
  .refine((name) => !name.includes('\0'), { error: 'a PostgreSQL name cannot hold a zero byte' })

const tls = z.discriminatedUnion('mode', [
  /** The chain must lead to `ca_pem` (default: the CAs that Node trusts) and the certificate must name the host. */
  z.strictObject({
    mode: z.literal('verify_full'),
    ca_pem: z.string().includes('-----BEGIN CERTIFICATE-----', { error: 'not a PEM certificate' }).optional(),
  }),
  /** The admin password and every issued password cross the wire in a form that a listener can use. */
  z.strictObject({ mode: z.literal('disabled_loopback_only') }),
])

const howRolesAreMade = z.discriminatedUnion('mode', [
  /** The functions of `mayfly resource guide postgres` are installed; Mayfly's login may only call them. */
  z.strictObject({ mode: z.literal('functions') }),
  /**
   * Mayfly's login has CREATEROLE. From PostgreSQL 16 on a creator is a member of every role that it made, and each
   * change walks that list: give about one creator role for each 200 live logins.
   */
  z.strictObject({ mode: z.literal('createrole'), creator_roles: z.array(roleName).max(200).default([]) }),
])

/** Where the target is, how it is trusted, and how Mayfly works there. Times in milliseconds, as the names say. */
export const postgresSettings = z
  .strictObject({
    /** A host name, an IP address, or the absolute path of a directory with a Unix socket. */
    host: z.string().min(1).max(255),
    port: z.int().min(1).max(65_535).default(5432),
    /** The database that holds Mayfly's functions; also the one that logins are told to use by default. */
    database: roleName,
    tls: tls.default({ mode: 'verify_full' }),
    rights: howRolesAreMade.default({ mode: 'functions' }),
    /** Rounds of the SCRAM verifier. Fewer than 4,096 only with a reason. */
    scram_iterations: z.int().min(1).max(1_000_000).default(scramIterationsDefault),
    scram_iterations_reason: z.string().min(10).max(500).optional(),
    /** How many sessions one login may hold open, unless the role says otherwise. */
    connection_limit: z.int().min(1).max(10_000).default(10),
    /** How many connections Mayfly itself holds open at most, for each database. */
    pool_size: z.int().min(1).max(64).default(8),
    connect_timeout_ms: z.int().min(100).max(60_000).default(5_000),
    statement_timeout_ms: z.int().min(1_000).max(300_000).default(30_000),
  })
  .superRefine((settings, context) => {
    if (settings.tls.mode === 'disabled_loopback_only' && !isLoopback(settings.host)) {
      context.addIssue({
        code: 'custom',
        path: ['tls', 'mode'],
        message: 'TLS can be disabled on a loopback address or a Unix socket only; use `verify_full`',
      })
    }
    if (settings.scram_iterations < scramIterationsDefault && settings.scram_iterations_reason === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['scram_iterations_reason'],
        message: `fewer than ${scramIterationsDefault} SCRAM iterations need a reason`,
      })
    }
  })
export type PostgresSettings = z.output<typeof postgresSettings>

/** Mayfly's own login at the target. The password becomes a `Secret`: seal what was entered, not what was parsed. */
export const postgresSecret = z.strictObject({
  username: roleName,
  password: z.union([
    z
      .string()
      .min(1)
      .transform((password) => new Secret(password)),
    z.instanceof(Secret),
  ]),
})
export type PostgresSecret = z.output<typeof postgresSecret>

export function isLoopback(host: string): boolean {
  if (host.startsWith('/') || host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}
