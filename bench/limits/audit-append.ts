/**
 * The limit of appending: the same rows, made beforehand, in the same number of rows a transaction, on raw connections.
 * What is left over for us is making the entry: canonical JSON, its hash, and the way through the store.
 */
import pg from 'pg'

export interface RawRows {
  readonly text: string
  readonly values: readonly unknown[]
}

/** @returns rows a second */
export async function measureRawInsert(
  connection: pg.ClientConfig,
  tenantId: string,
  batches: readonly RawRows[],
  rowsInBatch: number,
  inFlight: number,
): Promise<number> {
  const clients = await Promise.all(
    Array.from({ length: inFlight }, async () => {
      const client = new pg.Client(connection)
      await client.connect()
      await client.query(`select set_config('mayfly.tenant_id', $1, false)`, [tenantId])
      return client
    }),
  )
  const waiting = batches.values()
  const startMs = performance.now()
  await Promise.all(
    clients.map(async (client) => {
      for (const { text, values } of waiting) {
        await client.query('begin')
        await client.query({ name: 'raw-insert', text, values: [...values] })
        await client.query('commit')
      }
    }),
  )
  const rate = (batches.length * rowsInBatch * 1_000) / (performance.now() - startMs)
  await Promise.all(clients.map((client) => client.end()))
  return rate
}
