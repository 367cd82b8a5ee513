import { isFetchableUrl, Secret } from '@mayfly/provider-kit'
import { z } from 'zod'

export const rabbitmqSettings = z.strictObject({
  /** The management API (plugin `rabbitmq_management`), without a trailing slash. `https:`, or `http:` on this very machine. */
  management_url: z
    .string()
    .max(500)
    .refine((url) => isFetchableUrl(url) && !url.endsWith('/') && !url.includes('?'), {
      error: 'write the https address of the management API, without user, query or trailing slash',
    })
    .meta({ description: 'the management API, e.g. https://rabbit.example.com:15671' }),
  /** Of a private authority; default: those that Node trusts. */
  ca_pem: z.string().includes('-----BEGIN CERTIFICATE-----', { error: 'not a PEM certificate' }).optional(),
  /** Where holders connect by AMQP; told to them. */
  host: z.string().min(1).max(255).meta({ description: 'where holders connect by AMQP' }),
  port: z.int().min(1).max(65_535).default(5671),
  /** Default for holders: AMQP over TLS. */
  amqp_tls: z.boolean().default(true),
  timeout_ms: z.int().min(100).max(60_000).default(10_000),
  max_concurrent_calls: z.int().min(1).max(32).default(8),
})
export type RabbitmqSettings = z.output<typeof rabbitmqSettings>

/** Mayfly's own user there. It needs the tag `administrator`, and no permission in any virtual host. */
export const rabbitmqSecret = z.strictObject({
  username: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[^:\p{Cc}]+$/u, { error: 'holds a colon or a control character' }),
  password: z.union([
    z
      .string()
      .min(1)
      .max(1_000)
      .transform((password) => new Secret(password)),
    z.instanceof(Secret),
  ]),
})
export type RabbitmqSecret = z.output<typeof rabbitmqSecret>
