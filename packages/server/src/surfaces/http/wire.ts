/** Shapes that many routes share: how ids, references, times and pages look on the wire. */
import { z } from 'zod'

/**
 * RFC 3339 on the wire (answers in UTC), `Date` in code: parsed in requests, written by handlers' answers. A whole
 * number of milliseconds.
 */
export const timestamp = z
  .codec(z.iso.datetime({ offset: true, error: 'not an RFC 3339 time, e.g. `2026-11-22T11:31:00Z`' }), z.date(), {
    decode: (text) => new Date(text),
    encode: (date) => date.toISOString(),
  })
  .meta({ id: 'Timestamp', description: 'A point in time, RFC 3339', examples: ['2026-11-22T11:31:00Z'] })

/** The id of one kind of thing: `id<OwnerId>()`. */
export function id<T extends string>(): z.ZodType<T, string> {
  return z
    .string()
    .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, { error: 'not an id (a lower-case UUID)' })
    .meta({ format: 'uuid', examples: ['0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f'] }) as unknown as z.ZodType<T, string>
}

/** An id or a name; which of both is told apart by `isId`. */
export const ref = z
  .string()
  .min(1)
  .max(200)
  .regex(/^\P{Cc}*$/u, { error: 'holds control characters' })
  .meta({ id: 'Ref', description: 'An id, or a name', examples: ['orders-team'] })

/** `?limit=&cursor=`: extend it with the filters of the list. */
export const pageQuery = z.strictObject({
  limit: z.coerce
    .number({ error: 'not a number' })
    .int({ error: 'not a whole number' })
    .min(1, { error: 'must be at least 1' })
    .max(200, { error: 'must be at most 200' })
    .default(50)
    .meta({ description: 'How many items at most, 1 to 200' }),
  cursor: z.string().min(1).max(1000).optional().meta({ description: 'The `next_cursor` of the page before' }),
})

/** `{ items, next_cursor }`; `next_cursor` is null on the last page. */
export function page<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    next_cursor: z.string().nullable(),
  })
}

/** The proof that a change stands in the audit log, or will within the maximum merge delay. */
export const entry = z
  .object({
    entry_id: id(),
    leaf_hash: z.string().meta({ description: 'RFC 6962 leaf hash, base64' }),
    promise: z.string().meta({ description: 'The signed promise of inclusion (docs/formats/promise.md)' }),
  })
  .meta({ id: 'Entry', description: 'The audit entry of the change' })
