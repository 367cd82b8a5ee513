import { z } from 'zod'
import { isDangerous } from './dangerous-commands.ts'

/** Categories of Redis (`ACL CAT`) that a role may name. Those that mix all kinds of things are not among them. */
export const permittedCategories = [
  'read',
  'write',
  'pubsub',
  'transaction',
  'scripting',
  'keyspace',
  'string',
  'bitmap',
  'hash',
  'list',
  'set',
  'sortedset',
  'hyperloglog',
  'geo',
  'stream',
  'blocking',
] as const

const parameterName = /^[a-z][a-z0-9_]{0,62}$/
/** `{{name}}`: single braces are hash tags of a cluster. */
export const placeholder = /\{\{([^{}]*)\}\}/g

const pattern = z
  .string()
  .min(1)
  .max(256)
  // Quotes and parentheses mean something where the rule of a user is read from a file.
  .regex(/^[!#-&*-~]+$/, {
    error: 'a pattern is printable ASCII without spaces, quotes and parentheses',
  })
  .refine((text) => [...text.matchAll(placeholder)].every(([, name = '']) => parameterName.test(name)), {
    error: 'a parameter stands in a pattern as `{{name}}`, of `a-z`, `0-9` and `_`',
  })

const key = z.union([
  pattern,
  z.strictObject({ pattern, access: z.enum(['read', 'write', 'read_write']).default('read_write') }),
])

const command = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9_.-]*(\|[a-z][a-z0-9_-]*)?$/, {
    error: 'a command is named in lower case, e.g. `scan` or `xinfo|stream`',
  })
  .refine((name) => !isDangerous(name), {
    error: 'this command administers the server or reaches beyond the keys of a role, and is never permitted',
  })

/** What a role permits: categories, single commands, and patterns of keys and channels. Never rules of Redis itself. */
export const redisPermission = z
  .strictObject({
    categories: z.array(z.enum(permittedCategories)).max(permittedCategories.length).default([]),
    /** Beside those of the categories, e.g. `scan`, which no category gives. */
    commands: z.array(command).max(64).default([]),
    keys: z.array(key).max(32).default([]),
    channels: z.array(pattern).max(32).default([]),
  })
  .refine(({ categories, commands }) => categories.length + commands.length > 0, {
    path: ['categories'],
    error: 'names no command: say at least one category or one command',
  })
export type RedisPermission = z.output<typeof redisPermission>
