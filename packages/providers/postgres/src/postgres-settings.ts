import { isIP } from 'node:net'
import { canonicalJson } from '@mayfly/domain'
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

/**
 * Logins need, beside the password, a certificate for a key that the workload keeps, signed by the client CA of the
 * resource. pg_hba.conf of the target must say so for the group.
 */
const clientCertificates = z.strictObject({
  /** The group that every such login is put into beside those of its role; it holds no rights. */
  group: roleName.default('mayfly_certificate'),
  /** How long a certificate lives, in days; a renewal of its credential goes no further. */
  lifetime_days: z.int().min(1).max(398).default(90),
})

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
    client_certificates: clientCertificates.optional(),
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
    if (settings.client_certificates !== undefined) {
      const fault = (message: string) => context.addIssue({ code: 'custom', path: ['client_certificates'], message })
      if (settings.tls.mode !== 'verify_full') {
        fault('client certificates need TLS: set `tls.mode` to `verify_full`')
      } else if (settings.host.startsWith('/')) {
        fault('client certificates need TLS, which a Unix socket does not have: set `host` to a name or an address')
      }
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

const keptSecret = (schema: z.ZodString) =>
  z.union([schema.transform((text) => new Secret(text)), z.instanceof(Secret)])

/** Mayfly's own login at the target. The password becomes a `Secret`: seal what was entered, not what was parsed. */
export const postgresSecret = z
  .strictObject({
    username: roleName,
    password: keptSecret(z.string().min(1)),
    /** The client CA; with `client_certificates` and nothing entered, Mayfly makes it. Else both. */
    client_ca_certificate_pem: z
      .string()
      .max(16_384)
      .includes('-----BEGIN CERTIFICATE-----', { error: 'not a PEM certificate' })
      .optional(),
    client_ca_private_key_pem: keptSecret(
      z.string().max(16_384).includes('PRIVATE KEY-----', { error: 'not a private key in PEM' }),
    ).optional(),
  })
  .refine(
    (secret) => (secret.client_ca_certificate_pem === undefined) === (secret.client_ca_private_key_pem === undefined),
    {
      error: 'enter the certificate and the key of the client CA, or neither: then Mayfly makes it',
      path: ['client_ca_certificate_pem'],
    },
  )
export type PostgresSecret = z.output<typeof postgresSecret>

/** Back to what `postgresSecret` parses, to be sealed. */
export function secretText(secret: PostgresSecret): Secret {
  const revealed = Object.entries(secret).map(([name, value]) => [
    name,
    value instanceof Secret ? value.reveal() : value,
  ])
  return new Secret(canonicalJson(Object.fromEntries(revealed)))
}

export function isLoopback(host: string): boolean {
  if (host.startsWith('/') || host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}
