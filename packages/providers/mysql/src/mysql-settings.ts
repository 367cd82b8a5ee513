import { isIP } from 'node:net'
import { Secret } from '@mayfly/provider-kit'
import { z } from 'zod'
import { netmaskOf } from './account-host.ts'

const name = (what: string, maxBytes: number) =>
  z
    .string()
    .min(1)
    .refine((text) => Buffer.byteLength(text) <= maxBytes && !/\p{Cc}/u.test(text), {
      error: `${what} has 1 to ${maxBytes} bytes, none of them a control character`,
    })

const tls = z.discriminatedUnion('mode', [
  /**
   * The chain must lead to `ca_pem` (default: the CAs that Node trusts) and the certificate must name `server_name`
   * (default: `host`).
   */
  z.strictObject({
    mode: z.literal('verify_full'),
    ca_pem: z.string().includes('-----BEGIN CERTIFICATE-----', { error: 'not a PEM certificate' }).optional(),
    server_name: z
      .string()
      .regex(/^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?$/, {
        error: 'a DNS name in the certificate of the target',
      })
      .refine((text) => isIP(text) === 0, { error: 'a DNS name in the certificate of the target, not an address' })
      .optional(),
  }),
  /** The passwords cross the wire in a form that a listener can use. */
  z.strictObject({ mode: z.literal('disabled_loopback_only') }),
])

/** From where an issued account may log in; it is the host part of the account's name at the target. */
const accountHost = z.discriminatedUnion('mode', [
  /** From anywhere that reaches the target. */
  z.strictObject({ mode: z.literal('any') }),
  /** From the address where the workload proved itself, and from no other. Not behind NAT. */
  z.strictObject({ mode: z.literal('attested_address') }),
  /** From one IPv4 network, as the target sees it: e.g. the addresses behind which NAT hides the workloads. */
  z.strictObject({
    mode: z.literal('network'),
    network: z.string().refine((text) => netmaskOf(text) !== undefined, {
      error: 'an IPv4 network with its prefix length from 8 to 32 and no bits set behind it, e.g. `10.1.2.0/24`',
    }),
  }),
])

const oneLineName = /^(\/[A-Za-z][A-Za-z0-9.]{0,30}=[ -.0-~]{1,64}){1,16}$/

/** A distinguished name in OpenSSL's one-line form, e.g. `/O=Example/CN=Example CA`. */
const distinguishedName = z
  .string()
  .regex(oneLineName, { error: "a name in OpenSSL's one-line form, e.g. `/O=Example/CN=Example CA`" })

/** Which certificate of the holder's own a login must be made with, beside its password. */
const clientCertificates = z.strictObject({
  /** Subject of the CA that signs it, which the target trusts (`ssl_ca`). */
  issuer: distinguishedName,
  /**
   * Subject of the holder's certificate. `{common_name}` is that of the certificate request that the holder sends as its
   * public key; `{key_sha256}` is the SHA-256 of its public key (SPKI, DER) in hex, for a CA that names keys so.
   */
  subject_template: distinguishedName
    .refine((text) => /\{(common_name|key_sha256)\}/.test(text), {
      error: 'it must hold `{common_name}` or `{key_sha256}`, or every holder would have the same subject',
    })
    .refine((text) => !/[{}]/.test(text.replaceAll(/\{(common_name|key_sha256)\}/g, '')), {
      error: 'only `{common_name}` and `{key_sha256}` can stand in braces',
    }),
})

/** Where the target is, how it is trusted, and how Mayfly works there. Times in milliseconds, as the names say. */
export const mysqlSettings = z
  .strictObject({
    /** A host name, an IP address, or the absolute path of a Unix socket. */
    host: z.string().min(1).max(255),
    port: z.int().min(1).max(65_535).default(3306),
    tls: tls.default({ mode: 'verify_full' }),
    /** The schema that holds Mayfly's procedures. */
    schema: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,22}$/, { error: 'a lower-case name of at most 23 characters `[a-z0-9_]`' })
      .default('mayfly'),
    /** The schema that holders are told to use, unless the role says otherwise. */
    database: name('a schema', 64).optional(),
    account_host: accountHost.default({ mode: 'any' }),
    client_certificates: clientCertificates.optional(),
    /** How many sessions one account may hold open, unless the role says otherwise. */
    connection_limit: z.int().min(1).max(10_000).default(10),
    /** How many connections Mayfly itself holds open at most. */
    pool_size: z.int().min(1).max(64).default(8),
    connect_timeout_ms: z.int().min(100).max(60_000).default(5_000),
    statement_timeout_ms: z.int().min(1_000).max(300_000).default(30_000),
  })
  .superRefine((settings, context) => {
    const { tls: trust, host } = settings
    const fault = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message })
    if (trust.mode === 'disabled_loopback_only' && !isLoopback(host)) {
      fault(['tls', 'mode'], 'TLS can be disabled on a loopback address or a Unix socket only; use `verify_full`')
    }
    if (trust.mode === 'verify_full' && isIP(host) !== 0 && trust.server_name === undefined) {
      fault(['tls', 'server_name'], '`host` is an address: say which DNS name the certificate of the target holds')
    }
    if (settings.client_certificates !== undefined && trust.mode !== 'verify_full') {
      fault(['client_certificates'], 'client certificates need TLS: set `tls.mode` to `verify_full`')
    }
  })
export type MysqlSettings = z.output<typeof mysqlSettings>

/** Mayfly's own login at the target. The password becomes a `Secret`: seal what was entered, not what was parsed. */
export const mysqlSecret = z.strictObject({
  username: name('a user name', 80),
  password: z.union([
    z
      .string()
      .min(1)
      .transform((password) => new Secret(password)),
    z.instanceof(Secret),
  ]),
})
export type MysqlSecret = z.output<typeof mysqlSecret>

export function isLoopback(host: string): boolean {
  if (host.startsWith('/') || host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}
