/**
 * The way to PostgreSQL.
 *
 * Promise: every statement runs in a transaction that has said whose rows it may see (`mayfly.tenant_id`), and row-level
 * security holds it to that (decision 0008). There is no other way to a table of a tenant.
 * Not here: what the statements say (`<noun>-rows.ts`), and hot paths that share one commit (`commit-queue.ts`).
 */
import { setTimeout as pause } from 'node:timers/promises'
import { MayflyError, type TenantId } from '@mayfly/domain'
import { Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, type Dialect, type Driver } from 'kysely'
import pg from 'pg'
import { connectionOptions } from './connection-options.ts'
import { explainConnectFailure } from './explain-connect-failure.ts'
import { type Listening, listenTo } from './listen-to.ts'
import { preparedNameOf } from './prepared-names.ts'
import type { Schema } from './schema.gen.ts'

export interface Tx {
  readonly tenantId: TenantId
  readonly query: Kysely<Schema>
  /** Runs `work` once the transaction is durable, and not at all if it rolls back. For wake-ups, never for truth. */
  afterCommit(work: () => void): void
  /**
   * The next statement is the last, and the commit goes along with it: one wait less where each counts. It is durable once
   * the transaction has returned. What `work` throws after that statement has answered takes nothing back.
   */
  commitWithNext(): void
}

export interface DatabaseOptions {
  readonly url: string
  /** Connections at most; default 16. */
  readonly poolSize?: number
  /** Milliseconds that one statement may take; default 15,000. */
  readonly statementTimeoutMs?: number
  /** Milliseconds to wait for a connection, new or out of the pool; default 5,000. */
  readonly connectTimeoutMs?: number
  /** Called with what goes wrong on an idle connection, e.g. a restart of the server. */
  readonly onError?: (error: Error) => void
}

export interface Database {
  /**
   * Runs `work` in one transaction of one tenant; commits when it returns, rolls back when it throws. A deadlock or
   * serialisation failure is tried again, at most three times, so `work` must have no effect outside the transaction.
   * Its statements end with it: one that comes later is refused.
   *
   * @throws MayflyError `database_unavailable`: no connection, or it was lost. Where the commit was under way, the public
   *   detail says that the outcome is not known; else nothing took effect
   * @throws MayflyError `version_conflict`: deadlock or serialisation failure three times
   * @throws MayflyError `internal`: `work` returned although a statement had failed; nothing took effect
   */
  transaction<T>(tenantId: TenantId, work: (tx: Tx) => Promise<T>): Promise<T>
  /** The same, read only and over one snapshot of the database: all its statements see the same moment. */
  snapshot<T>(tenantId: TenantId, work: (tx: Tx) => Promise<T>): Promise<T>
  /** One transaction for the tables that belong to no tenant (`tenant`, `installation`). Tables of a tenant throw here. */
  outsideTenants<T>(work: (query: Kysely<Schema>) => Promise<T>): Promise<T>
  /** Calls `onNotice` for each NOTIFY on `channel`, and once after each reconnection with '' (some may have been missed). */
  listen(channel: string, onNotice: (payload: string) => void): Promise<{ close(): Promise<void> }>
  /**
   * A raw connection of the pool, for statements where each microsecond counts. The caller sets the tenant, and must have
   * no statement under way when `work` ends. The connection is closed when `work` throws or leaves a transaction open.
   */
  withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T>
  /** Waits for what is under way; ends every connection, those that listen too. May be called again. */
  close(): Promise<void>
}

const retryable = new Set(['40001', '40P01'])
const attempts = 3
/** After a schema change each connection of the pool may hold one; each is closed as it is found. */
const maxStalePlans = 250

export function openDatabase(options: DatabaseOptions): Database {
  const settings = connectionOptions(options.url, options.statementTimeoutMs ?? 15_000)
  const onError = options.onError ?? (() => undefined)
  const pool = new pg.Pool({
    ...settings,
    max: options.poolSize ?? 16,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    // What does not wait for an answer is sent at once; the server keeps the order.
    pipeline: true,
    // oxlint-disable-next-line typescript/no-misused-promises -- the pool waits for it; its types do not say so
    onConnect: refuseUnboundLogin,
  })
  // Without a listener an idle connection that breaks would end the process.
  pool.on('error', onError)
  const listening = new Set<Listening>()
  let closed: Promise<void> | undefined

  async function connect(): Promise<pg.PoolClient> {
    try {
      return await pool.connect()
    } catch (cause) {
      throw cause instanceof MayflyError ? cause : explainNoConnection(cause)
    }
  }

  /** One connection for `work`. Another uses it only where it is known to be as it was. */
  async function useConnection<T>(
    work: (client: pg.PoolClient, broken: () => boolean) => Promise<T>,
    restore: (client: pg.PoolClient) => Promise<boolean>,
  ): Promise<T> {
    const client = await connect()
    let breakage: Error | undefined
    // The pool listens to idle connections only. Unheard, the end of one in use would end the process.
    const onBreak = (error: Error): void => {
      breakage ??= error
    }
    client.on('error', onBreak)
    let clean = false
    try {
      const result = await work(client, () => breakage !== undefined)
      clean = breakage === undefined && client.getTransactionStatus() === 'I'
      return result
    } catch (error) {
      clean = breakage === undefined && !isSpent(error) && (await restore(client))
      throw error instanceof MayflyError ? error : (findUnavailability(error, breakage) ?? error)
    } finally {
      client.off('error', onBreak)
      client.release(!clean)
    }
  }

  async function once<T>(tenantId: TenantId | '', work: (turn: Turn) => Promise<T>, begin = 'begin'): Promise<T> {
    for (let closed = 0; ; closed++) {
      try {
        return await runIn(begin, tenantId, work)
      } catch (error) {
        if (!isStalePlan(error) || closed === maxStalePlans) throw error
      }
    }
  }

  async function runIn<T>(begin: string, tenantId: TenantId | '', work: (turn: Turn) => Promise<T>): Promise<T> {
    const after: (() => void)[] = []
    const result = await useConnection(async (client, broken) => {
      // One message. The id is a UUID by its type and is quoted all the same.
      // No table is read from end to end while there is an index. The plan by which a connection checks a foreign key is made
      // once, while a table may be small enough to be read whole, and serves when it has grown (migration 0016).
      const opening = `${begin}; select set_config('mayfly.tenant_id', ${pg.escapeLiteral(tenantId)}, true), set_config('enable_seqscan', 'off', true)`
      const turn = openTurn(client, opening, after)
      let outcome: T
      try {
        outcome = await work(turn)
      } catch (error) {
        throw turn.committing() !== undefined && (broken() || isLoss(rootOf(error))) ? outcomeUnknown(error) : error
      } finally {
        turn.end()
      }
      if (turn.begun()) await endWith(turn.committing() ?? commitOn(client, broken()))
      return outcome
    }, rollBack)
    for (const then of after) {
      try {
        then()
      } catch (error) {
        // It is committed: the caller must not hear that it failed.
        onError(asError(error))
      }
    }
    return result
  }

  return {
    async transaction(tenantId, work) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await once(tenantId, (turn) => work(txOf(tenantId, turn)))
        } catch (error) {
          if (!retryable.has(sqlStateOf(rootOf(error)))) throw error
          if (attempt < attempts) {
            // At once it would take back the lock that the other was just given, and they would meet again.
            await pause(attempt * (10 + Math.random() * 20))
            continue
          }
          throw new MayflyError('version_conflict', {
            log: `refused ${attempts} times: ${messageOf(error)}`,
            cause: error,
          })
        }
      }
    },
    async snapshot(tenantId, work) {
      try {
        return await once(
          tenantId,
          (turn) => work(txOf(tenantId, turn)),
          'begin isolation level repeatable read read only',
        )
      } catch (error) {
        // Here it is the work that is wrong, not the server.
        if (sqlStateOf(rootOf(error)) !== readOnly) throw error
        throw new MayflyError('internal', { log: 'a snapshot was asked to write', cause: error })
      }
    },
    // An empty setting, not none: what a connection was used for before must not be taken for the tenant.
    outsideTenants: (work) => once('', ({ query }) => work(query)),
    // After a failure it may be inside a transaction, or have settings of the session.
    withClient: (work) => useConnection(work, () => Promise.resolve(false)),
    async listen(channel, onNotice) {
      const one = await listenTo(settings, channel, { onNotice, onError })
      listening.add(one)
      return {
        async close() {
          listening.delete(one)
          await one.close()
        },
      }
    },
    close() {
      closed ??= closeAll(pool, listening)
      return closed
    },
  }
}

async function closeAll(pool: pg.Pool, listening: ReadonlySet<Listening>): Promise<void> {
  await Promise.all([...listening].map((one) => one.close()))
  await pool.end()
}

/** Row-level security does not bind such a login, and nobody would notice until tenants saw each other's rows. */
async function refuseUnboundLogin(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ unbound: boolean }>(
    'select rolsuper or rolbypassrls as unbound from pg_roles where rolname = current_user',
  )
  if (rows[0]?.unbound === false) return
  throw new MayflyError('configuration_invalid', {
    publicDetail: 'the login of the database is not bound by row-level security',
    hint: 'use the URL that `migrate` returns, which takes on a role without special rights',
  })
}

function explainNoConnection(cause: unknown): MayflyError {
  if (messageOf(cause) === 'timeout exceeded when trying to connect') {
    return new MayflyError('database_unavailable', {
      publicDetail: 'every connection to the database is in use',
      hint: 'try again; if it goes on, raise `MAYFLY_DATABASE_POOL_SIZE`',
      cause,
    })
  }
  const { publicDetail = '', log = '' } = explainConnectFailure(cause)
  return new MayflyError('database_unavailable', { log: `${publicDetail}: ${log}`, cause })
}

function commitOn(client: pg.PoolClient, broken: boolean): Promise<pg.QueryResult> {
  if (broken) throw new MayflyError('database_unavailable', { log: 'the connection was lost before the commit' })
  return client.query('commit')
}

async function endWith(commit: Promise<pg.QueryResult>): Promise<void> {
  const { command } = await commit.catch((cause: unknown) => {
    const refused = sqlStateOf(cause) !== '' && !isLoss(cause)
    throw refused ? cause : outcomeUnknown(cause)
  })
  if (command === 'COMMIT') return
  // PostgreSQL answers the commit of a failed transaction with ROLLBACK, and calls it no error.
  throw new MayflyError('internal', {
    log: 'a statement failed and the work went on regardless: the transaction was rolled back',
  })
}

function outcomeUnknown(cause: unknown): MayflyError {
  return new MayflyError('database_unavailable', {
    log: `the connection was lost at the commit: ${messageOf(cause)}`,
    publicDetail: 'the database was lost at the last moment, and it is not known whether this took effect',
    hint: 'look whether it did before you try again',
    cause,
  })
}

async function rollBack(client: pg.PoolClient): Promise<boolean> {
  try {
    await client.query('rollback')
    return true
  } catch {
    // Nothing to tell the caller that the first error does not; the connection is closed.
    return false
  }
}

interface Turn {
  readonly query: Kysely<Schema>
  readonly afterCommit: (work: () => void) => void
  readonly commitWithNext: () => void
  /** Whether anything was sent. */
  readonly begun: () => boolean
  /** The commit, where it went along with the last statement. */
  readonly committing: () => Promise<pg.QueryResult> | undefined
  readonly end: () => void
}

type Send = (statement: pg.QueryConfig) => Promise<pg.QueryResult>

/**
 * What one transaction may do on its connection. A statement that comes after the end is refused: a branch that was left
 * behind (`Promise.all` waits for none after the first failure) would otherwise run in the next transaction, which may be
 * another tenant's.
 *
 * It begins with its first statement, without waiting in between: only a lost connection fails the one, and the other too.
 */
function openTurn(client: pg.PoolClient, opening: string, after: (() => void)[]): Turn {
  let ended = false
  let begun = false
  let isLast = false
  let committing: Promise<pg.QueryResult> | undefined
  const assertOpen = (): void => {
    if (ended) throw new MayflyError('internal', { log: 'a statement came after the end of its transaction' })
  }
  const send: Send = async (statement) => {
    assertOpen()
    const beginning = begun ? undefined : client.query(opening)
    begun = true
    const answer = client.query(statement)
    if (isLast) {
      ended = true
      committing = client.query('commit')
      // Heard where the transaction ends; if the statement fails, nobody gets there.
      committing.catch(() => undefined)
    }
    const [result] = await Promise.all([answer, beginning])
    return result
  }
  return {
    query: overClient(send),
    afterCommit(work) {
      assertOpen()
      after.push(work)
    },
    commitWithNext() {
      assertOpen()
      isLast = true
    },
    begun: () => begun,
    committing: () => committing,
    end() {
      ended = true
    },
  }
}

function txOf(tenantId: TenantId, { query, afterCommit, commitWithNext }: Turn): Tx {
  return { tenantId, query, afterCommit, commitWithNext }
}

/** kysely over one connection that is already inside its transaction. */
function overClient(send: Send): Kysely<Schema> {
  const connection = {
    async executeQuery<R>(compiled: { sql: string; parameters: readonly unknown[] }) {
      const values = [...compiled.parameters]
      // What has no values may be several statements in one text, which cannot be prepared.
      const name = values.length === 0 ? undefined : preparedNameOf(compiled.sql)
      const result = await send({ text: compiled.sql, values, ...(name !== undefined && { name }) })
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

/** A prepared statement whose tables a newer server has changed since. The connection that holds it is of no more use. */
function isStalePlan(error: unknown): boolean {
  const root = rootOf(error)
  // Its words are the server's language; the routine that says it is not.
  return root instanceof pg.DatabaseError && root.code === '0A000' && root.routine === 'RevalidateCachedQuery'
}

/** SQLSTATE of a PostgreSQL error, or an empty string. */
export function sqlStateOf(error: unknown): string {
  return error instanceof pg.DatabaseError ? (error.code ?? '') : ''
}

/** The constraint that refused a row, or an empty string. */
export function constraintOf(error: unknown): string {
  return error instanceof pg.DatabaseError ? (error.constraint ?? '') : ''
}

/**
 * What of an error is the database's failing and not the work's: nothing but what the server says by its SQLSTATE, or a
 * connection that is known to have broken. The words of an error prove nothing.
 */
function findUnavailability(error: unknown, breakage: Error | undefined): MayflyError | undefined {
  const root = rootOf(error)
  const unavailable = (why: string, publicDetail?: string): MayflyError =>
    new MayflyError('database_unavailable', {
      log: [why, messageOf(root), ...(breakage === undefined ? [] : [breakage.message])].join(': '),
      ...(publicDetail !== undefined && { publicDetail }),
      cause: error,
    })
  if (breakage !== undefined || isLoss(root)) return unavailable('the connection was lost')
  const state = sqlStateOf(root)
  if (state === tookTooLong) return unavailable('a statement was ended', 'the database took too long')
  if (state === readOnly) return unavailable('the server takes no writes: it is a standby')
  return state.startsWith('53') ? unavailable('the server is short of something') : undefined
}

const tookTooLong = '57014'
const readOnly = '25006'

/** Whether a connection is of no more use: lost, holding plans of tables that are others now, or to a standby. */
function isSpent(error: unknown): boolean {
  const root = rootOf(error)
  return isLoss(root) || isStalePlan(root) || sqlStateOf(root) === readOnly
}

/** The end of the connection as the server tells it (appendix A: class 08, 57P01 to 57P05), or its silence. */
function isLoss(error: unknown): boolean {
  const state = sqlStateOf(error)
  if (state !== '') return state.startsWith('08') || state.startsWith('57P')
  return messageOf(error) === 'Query read timeout'
}

/** The error that the others were made of. */
function rootOf(error: unknown): unknown {
  let root = error
  while (root instanceof MayflyError && root.cause !== undefined) root = root.cause
  return root
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
