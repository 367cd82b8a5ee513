/**
 * Requests that share a round trip: for the one path where each request is small and there are many.
 *
 * Promise: one statement of a tenant is under way at a time; what comes meanwhile waits and goes together in the next.
 * A statement is its own transaction, so each caller hears of a write only after it is durable, and one round trip is all
 * that a batch costs. One bad row fails alone: the batch is halved until it is found. A connection lost under way leaves
 * the outcome unknown, and the callers are told so.
 * Limit: a busy tenant keeps one connection for each of its queues.
 */
import { MayflyError, type TenantId } from '@mayfly/domain'
import pg from 'pg'
import { type Database, sqlStateOf } from './database.ts'

export interface BatchQueue<Item, Answer> {
  submit(tenantId: TenantId, item: Item): Promise<Answer>
}

export interface BatchQueueOptions<Item, Answer> {
  readonly database: Database
  /** Runs all items in one single statement, which sees the tenant's rows only; answers in their order. */
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
    try {
      await options.database.withClient(async (client) => {
        // For the session, not for a transaction: beginning and ending one would cost more than the statement.
        await client.query(`select set_config('mayfly.tenant_id', ${pg.escapeLiteral(tenantId)}, false)`)
        while (waiting.length > 0) await settle(client, tenantId, takeBatch(waiting))
        // The next to use this connection says for itself whose rows it may see. If this fails, it is closed.
        await client.query('reset mayfly.tenant_id')
      })
    } catch (error) {
      // No connection, or it was lost: who was under way has been told; who still waits hears it now.
      for (const one of waiting.splice(0)) one.fail(error)
    }
    if (waiting.length > 0) void work(tenantId, waiting)
    else waitingOf.delete(tenantId)
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

  async function settle(
    client: pg.PoolClient,
    tenantId: TenantId,
    batch: readonly Waiting<Item, Answer>[],
  ): Promise<void> {
    try {
      const items = batch.map(({ item }) => item)
      const answers = await options.run(client, items, tenantId)
      if (answers.length !== items.length) throw new MayflyError('internal', { log: 'a batch lost an answer' })
      batch.forEach((one, index) => one.done(answers[index] as Answer))
    } catch (error) {
      const state = sqlStateOf(error)
      if (batch.length > 1 && /^(22|23|40|54)/.test(state)) {
        const half = batch.length >> 1
        await settle(client, tenantId, batch.slice(0, half))
        await settle(client, tenantId, batch.slice(half))
        return
      }
      const lost = state === '' || /^(08|57)/.test(state)
      for (const one of batch) one.fail(lost && !(error instanceof MayflyError) ? outcomeUnknown(error) : error)
      if (lost) throw error
    }
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

function outcomeUnknown(cause: unknown): MayflyError {
  return new MayflyError('database_unavailable', {
    log: 'the connection was lost under way: the outcome is unknown',
    publicDetail: 'the database was lost at the last moment, and it is not known whether this took effect',
    hint: 'make a new proof and try again',
    cause,
  })
}
