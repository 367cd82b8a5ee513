/**
 * Narrow rows in durable inserts that requests share, written as plainly as it goes: what of a limit is the store. One
 * statement under way at a time; what comes meanwhile goes together in the next.
 */
import pg from 'pg'

interface Row {
  readonly id: string
  readonly data: Buffer
  readonly done: () => void
}

/** @returns what resolves once the row is durable */
export async function openGroupedAppend(url: string): Promise<(id: string, data: Buffer) => Promise<void>> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query('create table if not exists public.bench_append (id uuid not null, data bytea not null)')
  let waiting: Row[] = []
  let underWay = false

  async function appendAll(): Promise<void> {
    underWay = true
    await new Promise((next) => setImmediate(next))
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      await client.query({
        name: 'append',
        text: 'insert into public.bench_append select * from unnest($1::uuid[], $2::bytea[])',
        values: [batch.map((row) => row.id), batch.map((row) => row.data)],
      })
      for (const row of batch) row.done()
    }
    underWay = false
  }

  return (id, data) =>
    new Promise((done) => {
      waiting.push({ id, data, done })
      if (!underWay) void appendAll()
    })
}
