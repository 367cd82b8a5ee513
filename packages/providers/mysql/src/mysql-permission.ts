import { z } from 'zod'

const name = (maxLength: number) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .refine((text) => !/\p{Cc}/u.test(text), { error: 'a name cannot hold a control character' })

/**
 * What a role permits: one role that exists at the target, never statements. It holds the privileges; an account gets none
 * of its own. One, because MariaDB has one active role in a session: to combine several, grant them to one.
 */
export const mysqlPermission = z.strictObject({
  role: name(128),
  /** The schema that the holder is told to use; the setting `database` if absent. */
  database: name(64).optional(),
  /** How many sessions the account may hold open; the setting `connection_limit` if absent. */
  connection_limit: z.int().min(1).max(10_000).optional(),
})
export type MysqlPermission = z.output<typeof mysqlPermission>
