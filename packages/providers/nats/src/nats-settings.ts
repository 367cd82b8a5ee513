import { isIP } from 'node:net'
import { Secret } from '@mayfly/provider-kit'
import { z } from 'zod'
import { readCredentials } from './nats-credentials.ts'
import { isPublicNkey, type NkeyKind, readSeed } from './nkey.ts'

const server = z
  .string()
  .max(260)
  .refine((text) => hostOf(text) !== undefined, { error: 'not `host:port`; an IPv6 address stands in brackets' })

const tls = z.discriminatedUnion('mode', [
  /** The chain must lead to `ca_pem` (default: the CAs that Node trusts) and the certificate must name the host. */
  z.strictObject({
    mode: z.literal('verify_full'),
    ca_pem: z.string().includes('-----BEGIN CERTIFICATE-----', { error: 'not a PEM certificate' }).optional(),
    /** The server expects the TLS handshake before it says anything (`handshake_first`, NATS 2.10.4 and later). */
    handshake_first: z.boolean().default(false),
  }),
  /** What is published crosses the wire readable. Logins do not: they are signatures. */
  z.strictObject({ mode: z.literal('disabled_loopback_only') }),
])

function publicNkey(kind: NkeyKind, letter: string) {
  return z.string().refine((text) => isPublicNkey(kind, text), {
    error: `not the public nkey of an ${kind}: 56 characters that begin with \`${letter}\``,
  })
}

/** Where the target is, how it is trusted, and which account is meant. Times in milliseconds, as the names say. */
export const natsSettings = z
  .strictObject({
    /** Servers of one cluster or supercluster, each as `host:port`; the first that answers is used. */
    servers: z.array(server).min(1).max(16),
    tls: tls.default({ mode: 'verify_full', handshake_first: false }),
    /** Of the account that the credentials are of. One resource for an account: its revocations have one writer. */
    account_public_key: publicNkey('account', 'A'),
    /**
     * Who else may sign this account's JWT: the operator, or signing keys that people use. What another key has signed is
     * not taken over, so that nobody can slip something under Mayfly's signature.
     */
    trusted_operator_keys: z.array(publicNkey('operator', 'O')).max(16).default([]),
    /** How holders may connect. Leaf nodes and MQTT are left out: what hangs behind them is not seen. */
    connection_types: z
      .array(z.enum(['STANDARD', 'WEBSOCKET']))
      .min(1)
      .default(['STANDARD']),
    /** Holders connect from the address from which they come to Mayfly: no NAT, no proxy in between. */
    bind_source_address: z.boolean().default(false),
    connect_timeout_ms: z.int().min(100).max(60_000).default(5_000),
    request_timeout_ms: z.int().min(100).max(60_000).default(5_000),
  })
  .superRefine((settings, context) => {
    if (settings.tls.mode !== 'disabled_loopback_only') return
    for (const [at, text] of settings.servers.entries()) {
      if (isLoopback(hostOf(text) ?? '')) continue
      context.addIssue({
        code: 'custom',
        path: ['servers', at],
        message: 'TLS can be disabled on a loopback address only; use `verify_full`',
      })
    }
  })
export type NatsSettings = z.output<typeof natsSettings>

function hidden(isRight: (text: string) => boolean, error: string) {
  return z.union(
    [
      z
        .string()
        .max(16_384)
        .refine(isRight, { error })
        .transform((text) => new Secret(text.trim())),
      z.instanceof(Secret),
    ],
    { error },
  )
}

const isSeed = (kind: NkeyKind) => (text: string) => readSeed(kind, text.trim()) !== undefined

/** The parts become `Secret`: seal what was entered, not what was parsed. */
export const natsSecret = z.strictObject({
  /** Signs users: the seed of a signing key of the account that nobody else uses. */
  account_signing_key: hidden(isSeed('account'), 'not the seed of an account: 58 characters that begin with `SA`'),
  /** Signs the account's JWT, with what is revoked: the seed of a signing key of the operator. The stronger secret. */
  operator_signing_key: hidden(isSeed('operator'), 'not the seed of an operator: 58 characters that begin with `SO`'),
  /** Tells the servers: the credentials file of a user of the system account. */
  system_credentials: hidden(
    (text) => readCredentials(text) !== undefined,
    'not a credentials file: a user JWT and a user seed between their lines of dashes',
  ),
})
export type NatsSecret = z.output<typeof natsSecret>

/** @returns undefined for what is not `host:port` */
function hostOf(text: string): string | undefined {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})$/.exec(text) ?? []
  if (port === undefined || Number(port) < 1 || Number(port) > 65_535) return undefined
  return bracketed === undefined ? plain : isIP(bracketed) === 6 ? bracketed : undefined
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}
