import { isIP } from 'node:net'
import { Secret } from '@mayfly/provider-kit'
import { z } from 'zod'

const host = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[A-Za-z0-9._:-]+$/, { error: 'a host is a name or an address, without a scheme or a port' })
const port = z.int().min(1).max(65_535).default(6379)

const tls = z.discriminatedUnion('mode', [
  /** The chain must lead to `ca_pem` (default: the CAs that Node trusts) and the certificate must name the host. */
  z.strictObject({
    mode: z.literal('verify_full'),
    ca_pem: z.string().includes('-----BEGIN CERTIFICATE-----', { error: 'not a PEM certificate' }).optional(),
  }),
  /** Every password crosses the wire as it is. */
  z.strictObject({ mode: z.literal('disabled_loopback_only') }),
])

const nodes = z.discriminatedUnion('mode', [
  /** The server is asked: a cluster for its shards, a primary for its replicas, a replica for its primary. */
  z.strictObject({ mode: z.literal('discovered') }),
  /** These beside `host`, and no others. Not for a cluster, which says itself who is in it. */
  z.strictObject({ mode: z.literal('listed'), others: z.array(z.strictObject({ host, port })).max(64) }),
])

/** Where the target is, which nodes belong to it, and how it is trusted. Times in milliseconds, as the names say. */
export const redisSettings = z
  .strictObject({
    host,
    port,
    tls: tls.default({ mode: 'verify_full' }),
    nodes: nodes.default({ mode: 'discovered' }),
    connect_timeout_ms: z.int().min(100).max(60_000).default(5_000),
    /** A script that runs at the target is finished before anything else there: longer than the longest one. */
    command_timeout_ms: z.int().min(1_000).max(300_000).default(10_000),
  })
  .superRefine((settings, context) => {
    const others = settings.nodes.mode === 'listed' ? settings.nodes.others : []
    const addresses = [settings, ...others].map(addressText)
    if (new Set(addresses).size !== addresses.length) {
      context.addIssue({ code: 'custom', path: ['nodes', 'others'], message: 'a node is named twice' })
    }
    if (settings.tls.mode === 'disabled_loopback_only' && ![settings, ...others].every((one) => isLoopback(one.host))) {
      context.addIssue({
        code: 'custom',
        path: ['tls', 'mode'],
        message: 'TLS can be disabled on a loopback address only; use `verify_full`',
      })
    }
  })
export type RedisSettings = z.output<typeof redisSettings>

/** Mayfly's own login. The password becomes a `Secret`: seal what was entered, not what was parsed. */
export const redisSecret = z.strictObject({
  username: z
    .string()
    .min(1)
    .max(128)
    .regex(/^[\x21-\x7e]+$/, { error: 'the name of a Redis user is printable ASCII without spaces' })
    .refine((name) => name !== 'default', {
      error: 'Mayfly never uses or changes the user `default`: make one of its own (`mayfly resource guide redis`)',
    }),
  password: z.union([
    z
      .string()
      .min(1)
      .max(1_024)
      .transform((password) => new Secret(password)),
    z.instanceof(Secret),
  ]),
})
export type RedisSecret = z.output<typeof redisSecret>

export interface Address {
  readonly host: string
  readonly port: number
}

/** `host:port`, and `[host]:port` for IPv6. Equal text is taken to be an equal node. */
export function addressText({ host: name, port: at }: Address): string {
  return isIP(name) === 6 ? `[${name}]:${at}` : `${name.toLowerCase()}:${at}`
}

export function isLoopback(name: string): boolean {
  if (name === 'localhost' || name === '::1') return true
  return isIP(name) === 4 && name.startsWith('127.')
}
