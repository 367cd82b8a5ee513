/**
 * The way to PostgreSQL.
 *
 * Promise: every statement runs in a transaction that has said whose rows it may see (`mayfly.tenant_id`), and row-level
 * security holds it to that (decision 0008). There is no other way to a table of a tenant.
 * Not here: what the statements say (`<noun>-rows.ts`), and hot paths that share one commit (`commit-queue.ts`).
 */
import { MayflyError, type TenantId } from '@mayfly/domain'
import { Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, type Dialect, type Driver } from 'kysely'
import pg from 'pg'
import { connectionOptions } from './connection-options.ts'
import type { Schema } from './schema.gen.ts'

export interface Tx {
  readonly tenantId: TenantId
  readonly query: Kysely<Schema>
  /** Runs `work` once the transaction is durable, and not at all if it rolls back. For wake-ups, never for truth. */
  afterCommit(work: () => void): void
}

export interface DatabaseOptions {
  readonly url: string
  /** Connections at most; default 16. */
  readonly poolSize?: number
  /** Milliseconds that one statement may take; default 15,000. */
  readonly statementTimeoutMs?: number
  /** Called with what goes wrong on an idle connection, e.g. a restart of the server. */
  readonly onError?: (error: Error) => void
}

export interface Database {
  /**
   * Runs `work` in one transaction of one tenant; commits when it returns, rolls back when it throws. A deadlock or
   * serialisation failure is tried again, at most three times, so `work` must have no effect outside the transaction.
   *
   * @throws MayflyError `database_unavailable` when no connection can be had
   */
  transaction<T>(tenantId: TenantId, work: (tx: Tx) => Promise<T>): Promise<T>
  /** The same, read only and over one snapshot of the database: all its statements see the same moment. */
  snapshot<T>(tenantId: TenantId, work: (tx: Tx) => Promise<T>): Promise<T>
  /** For the few tables that belong to no tenant (`tenant`, `installation`). Tables of a tenant throw here. */
  outsideTenants<T>(work: (query: Kysely<Schema>) => Promise<T>): Promise<T>
  /** Calls `onNotice` for each NOTIFY on `channel`, and once after each reconnection (one may have been missed). */
  listen(channel: string, onNotice: (payload: string) => void): Promise<{ close(): Promise<void> }>
  /** A raw connection of the pool, for statements where each microsecond counts. The caller sets the tenant. */
  withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T>
  close(): Promise<void>
}

const retryable = new Set(['40001', '40P01'])

export function openDatabase(options: DatabaseOptions): Database {
  const settings = connectionOptions(options.url, options.statementTimeoutMs ?? 15_000)
  const onError = options.onError ?? (() => undefined)
  const pool = new pg.Pool({ ...settings, max: options.poolSize ?? 16, connectionTimeoutMillis: 5_000 })
  // Without a listener an idle connection that breaks would end the process.
  pool.on('error', onError)

  async function connect(): Promise<pg.PoolClient> {
    try {
      return await pool.connect()
    } catch (cause) {
      throw new MayflyError('database_unavailable', { log: messageOf(cause), cause })
    }
  }

  async function once<T>(tenantId: TenantId, work: (tx: Tx) => Promise<T>, begin = 'begin'): Promise<T> {
    const client = await connect()
    const after: (() => void)[] = []
    let broken: Error | undefined
    const onBreak = (error: Error) => (broken = error)
    client.on('error', onBreak)
    try {
      // One round trip. The id is a UUID by its type and is quoted all the same.
      await client.query(`${begin}; select set_config('mayfly.tenant_id', ${pg.escapeLiteral(tenantId)}, true)`)
      const result = await work({ tenantId, query: overClient(client), afterCommit: (then) => after.push(then) })
      await client.query('commit')
      client.off('error', onBreak)
      client.release()
      for (const then of after) then()
      return result
    } catch (error) {
      const clean = broken === undefined && (await rolledBack(client))
      client.off('error', onBreak)
      // A connection whose state is unknown is closed: the next one to use it must not inherit a transaction.
      client.release(!clean)
      throw error instanceof MayflyError || !isConnectionLoss(error)
        ? error
        : new MayflyError('database_unavailable', { log: messageOf(error), cause: error })
    }
  }

  return {
    async transaction(tenantId, work) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await once(tenantId, work)
        } catch (error) {
          if (attempt === 3 || !retryable.has(sqlStateOf(error))) throw error
        }
      }
    },
    snapshot: (tenantId, work) => once(tenantId, work, 'begin isolation level repeatable read read only'),
    async outsideTenants(work) {
      const client = await connect()
      try {
        return await work(overClient(client))
      } finally {
        client.release()
      }
    },
    async withClient(work) {
      const client = await connect()
      let failed = true
      try {
        const result = await work(client)
        failed = false
        return result
      } finally {
        // After a failure the connection may be inside a transaction.
        client.release(failed)
      }
    },
    listen: (channel, onNotice) => listen(settings, channel, onNotice, onError),
    close: () => pool.end(),
  }
}

async function rolledBack(client: pg.PoolClient): Promise<boolean> {
  try {
    await client.query('rollback')
    return true
  } catch {
    // Nothing to tell the caller that the first error does not; the connection is closed.
    return false
  }
}

async function listen(
  settings: pg.ClientConfig,
  channel: string,
  onNotice: (payload: string) => void,
  onError: (error: Error) => void,
): Promise<{ close(): Promise<void> }> {
  let closed = false
  let client: pg.Client | undefined
  let wait: NodeJS.Timeout | undefined

  async function start(): Promise<void> {
    const next = new pg.Client({ ...settings, keepAlive: true })
    next.on('error', onError)
    next.on('notification', (notice) => onNotice(notice.payload ?? ''))
    await next.connect()
    await next.query(`listen ${pg.escapeIdentifier(channel)}`)
    if (closed) {
      await next.end()
      return
    }
    client = next
    next.on('end', again)
  }
  function again(): void {
    if (closed) return
    wait = setTimeout(() => {
      start().then(
        () => onNotice(''),
        (error: unknown) => {
          onError(error instanceof Error ? error : new Error(String(error)))
          again()
        },
      )
    }, 250)
  }
  await start()
  return {
    async close() {
      closed = true
      clearTimeout(wait)
      await client?.end()
    },
  }
}

/** kysely over one connection that is already inside its transaction. */
function overClient(client: pg.PoolClient): Kysely<Schema> {
  const connection = {
    async executeQuery<R>(compiled: { sql: string; parameters: readonly unknown[] }) {
      const result = await client.query(compiled.sql, [...compiled.parameters])
      return { rows: result.rows as R[], numAffectedRows: BigInt(result.rowCount ?? 0) }
    },
    streamQuery(): never {
      throw new Error('streams are not used')
    },
  }
  const driver: Driver = {
    init: async () => undefined,
    acquireConnection: async () => connection,
    beginTransaction: () => Promise.reject(new Error('a transaction is open already')),
    commitTransaction: () => Promise.reject(new Error('the transaction ends where it began')),
    rollbackTransaction: () => Promise.reject(new Error('the transaction ends where it began')),
    releaseConnection: async () => undefined,
    destroy: async () => undefined,
  }
  const dialect: Dialect = {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => driver,
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }
  return new Kysely<Schema>({ dialect })
}

/** SQLSTATE of a PostgreSQL error, or an empty string. */
export function sqlStateOf(error: unknown): string {
  return error instanceof pg.DatabaseError ? (error.code ?? '') : ''
}

/** The constraint that refused a row, or an empty string. */
export function constraintOf(error: unknown): string {
  return error instanceof pg.DatabaseError ? (error.constraint ?? '') : ''
}

function isConnectionLoss(error: unknown): boolean {
  const state = sqlStateOf(error)
  if (state !== '') return state.startsWith('08') || state.startsWith('57P')
  return error instanceof Error && /connection|ECONN|EPIPE|ETIMEDOUT|terminat/i.test(error.message)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
