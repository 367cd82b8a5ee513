import { z } from 'zod'

const name = z
  .string()
  .min(1)
  .refine((text) => Buffer.byteLength(text) <= 63 && !text.includes('\0'), {
    error: 'a PostgreSQL name has 1 to 63 bytes, none of them zero',
  })

/**
 * What a role permits: membership in groups that exist at the target, never statements. The groups hold the
 * privileges; a login gets none of its own, so that it can be removed.
 */
export const postgresPermission = z.strictObject({
  member_of: z
    .array(name)
    .min(1)
    .max(16)
    .refine((names) => new Set(names).size === names.length, { error: 'a group is named twice' }),
  /** The database that the holder is told to connect to; the setting `database` if absent. */
  database: name.optional(),
  /** How many sessions the login may hold open; the setting `connection_limit` if absent. */
  connection_limit: z.int().min(1).max(10_000).optional(),
})
export type PostgresPermission = z.output<typeof postgresPermission>
