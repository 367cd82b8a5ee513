import { z } from 'zod'

/** Letters, digits and signs that need no quoting anywhere; templates (`{{…}}`), queue names and blanks are none of them. */
const token = /^[A-Za-z0-9_$/=:@+-]{1,100}$/

const subject = z
  .string()
  .max(255)
  .refine(
    (text) => {
      const tokens = text.split('.')
      return tokens.every((part, at) => part === '*' || (part === '>' && at === tokens.length - 1) || token.test(part))
    },
    {
      error:
        'not a subject: tokens of letters, digits and `_$/=:@+-`, joined by dots; `*` for one token, `>` at the end for the rest',
    },
  )

const subjects = z
  .array(subject)
  .max(64)
  .refine((all) => new Set(all).size === all.length, { error: 'a subject is named twice' })

const rules = z.strictObject({
  allow: subjects.min(1),
  deny: subjects.default([]),
})

/**
 * What a role permits: subjects, by name or pattern. What is not allowed is denied: without `publish` nothing may be
 * published, without `subscribe` nothing be subscribed to.
 */
export const natsPermission = z
  .strictObject({
    publish: rules.optional(),
    subscribe: rules.optional(),
    /** A service may answer where a request says to, without that subject being listed. */
    allow_responses: z
      .strictObject({
        /** How many messages to one request. */
        max_messages: z.int().min(1).max(1_000_000).default(1),
        /** How long after the request, in milliseconds. */
        ttl_ms: z.int().min(1).max(3_600_000).default(5_000),
      })
      .optional(),
    /** May await replies, at an inbox that no other credential may listen to: told to the holder as `inbox_prefix`. */
    private_inbox: z.boolean().default(false),
    max_subscriptions: z.int().min(1).max(1_000_000).optional(),
    max_payload_bytes: z.int().min(1).max(67_108_864).optional(),
  })
  .refine((permission) => permission.publish !== undefined || permission.subscribe !== undefined, {
    error: 'permits nothing: name subjects in `publish` or `subscribe`',
    path: ['publish'],
  })
export type NatsPermission = z.output<typeof natsPermission>
