import { sql } from 'kysely'
import type { Tx } from './database.ts'
import type { Schema } from './schema.gen.ts'

const pageSize = 2_000

/** Reads a whole table of the tenant in pages by its key, so that no statement grows with the table. */
export async function* scanTable(
  tx: Tx,
  table: keyof Schema,
  key: readonly string[],
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  const columns = sql.join(key.map((column) => sql.ref(column)))
  let after: readonly unknown[] | undefined
  for (;;) {
    const beyond = after === undefined ? sql`true` : sql`(${columns}) > (${sql.join(after)})`
    const { rows } = await sql<Record<string, unknown>>`
      select * from ${sql.table(table)} where ${beyond} order by ${columns} limit ${pageSize}`.execute(tx.query)
    yield* rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageSize) return
    after = key.map((column) => last[column])
  }
}
