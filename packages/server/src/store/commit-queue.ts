/**
 * Requests that share a round trip: for the one path where each request is small and there are many (decision 0009).
 *
 * Promise: one batch of a tenant is under way at a time; what comes meanwhile waits and goes together in the next. Each
 * caller hears of its own row, and of a write only after the commit is durable. One bad row fails alone: the batch is
 * halved until it is found. A connection lost at commit leaves the outcome unknown, and the caller is told so.
 * Limit: rows of one batch stand or fall by the same transaction only in timing, never in meaning: each is its own change.
 */
import { MayflyError, type TenantId } from '@mayfly/domain'
import pg from 'pg'
import { type Database, sqlStateOf } from './database.ts'

export interface BatchQueue<Item, Answer> {
  submit(tenantId: TenantId, item: Item): Promise<Answer>
}

export interface BatchQueueOptions<Item, Answer> {
  readonly database: Database
  /** Runs all items in one go, inside the tenant's transaction; answers in their order. */
  readonly run: (client: pg.PoolClient, items: readonly Item[], tenantId: TenantId) => Promise<readonly Answer[]>
  /** Two items of one key never share a batch: the second would not see the first. */
  readonly keyOf?: (item: Item) => string
  /** Items in a batch at most; default 64. */
  readonly maxBatch?: number
}

interface Waiting<Item, Answer> {
  readonly item: Item
  readonly done: (answer: Answer) => void
  readonly fail: (error: unknown) => void
}

export function openBatchQueue<Item, Answer>(options: BatchQueueOptions<Item, Answer>): BatchQueue<Item, Answer> {
  const maxBatch = options.maxBatch ?? 64
  const waitingOf = new Map<TenantId, Waiting<Item, Answer>[]>()

  async function work(tenantId: TenantId, waiting: Waiting<Item, Answer>[]): Promise<void> {
    // What this turn of the event loop still brings goes along.
    await new Promise((next) => setImmediate(next))
    while (waiting.length > 0) await settle(tenantId, takeBatch(waiting))
    waitingOf.delete(tenantId)
  }

  function takeBatch(waiting: Waiting<Item, Answer>[]): readonly Waiting<Item, Answer>[] {
    const { keyOf } = options
    if (keyOf === undefined) return waiting.splice(0, maxBatch)
    const keys = new Set<string>()
    const batch: Waiting<Item, Answer>[] = []
    const rest: Waiting<Item, Answer>[] = []
    for (const one of waiting) {
      const key = keyOf(one.item)
      if (batch.length === maxBatch || keys.has(key)) rest.push(one)
      else {
        keys.add(key)
        batch.push(one)
      }
    }
    waiting.splice(0, waiting.length, ...rest)
    return batch
  }

  async function settle(tenantId: TenantId, batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await inTransaction(tenantId, batch)
      batch.forEach((one, index) => one.done(answers[index] as Answer))
    } catch (error) {
      const state = sqlStateOf(error)
      if (batch.length > 1 && /^(22|23|40|54)/.test(state)) {
        const half = batch.length >> 1
        await settle(tenantId, batch.slice(0, half))
        await settle(tenantId, batch.slice(half))
        return
      }
      for (const one of batch) one.fail(error)
    }
  }

  async function inTransaction(
    tenantId: TenantId,
    batch: readonly Waiting<Item, Answer>[],
  ): Promise<readonly Answer[]> {
    return options.database.withClient(async (client) => {
      try {
        // Sent together, before the first answer is back, where the connection pipelines.
        await client.query(`begin; select set_config('mayfly.tenant_id', ${pg.escapeLiteral(tenantId)}, true)`)
        const answers = await options.run(
          client,
          batch.map(({ item }) => item),
          tenantId,
        )
        if (answers.length !== batch.length) throw new MayflyError('internal', { log: 'a batch lost an answer' })
        await commit(client)
        return answers
      } catch (error) {
        await client.query('rollback').catch(() => undefined)
        throw error
      }
    })
  }

  return {
    submit: (tenantId, item) =>
      new Promise((done, fail) => {
        const waiting = waitingOf.get(tenantId)
        if (waiting !== undefined) {
          waiting.push({ item, done, fail })
          return
        }
        const first = [{ item, done, fail }]
        waitingOf.set(tenantId, first)
        void work(tenantId, first)
      }),
  }
}

async function commit(client: pg.PoolClient): Promise<void> {
  try {
    await client.query('commit')
  } catch (cause) {
    if (sqlStateOf(cause) !== '' && !/^(08|57)/.test(sqlStateOf(cause))) throw cause
    throw new MayflyError('database_unavailable', {
      log: 'the connection was lost at commit: the outcome is unknown',
      publicDetail: 'the database was lost at the last moment, and it is not known whether this took effect',
      hint: 'make a new proof and try again',
      cause,
    })
  }
}
