/**
 * One connection that waits for NOTIFY, for as long as it is wanted.
 *
 * Promise: a connection that breaks, or that answers no more, is replaced; `onNotice('')` then says that notices may have
 * been missed. Nothing that happens on it ends the process.
 * Limit: PostgreSQL keeps no notice for who is away. Whoever listens must also look by itself now and then.
 */
import { MayflyError } from '@mayfly/domain'
import pg from 'pg'
import { explainConnectFailure } from './explain-connect-failure.ts'

export interface Listening {
  close(): Promise<void>
}

export interface ListenHooks {
  readonly onNotice: (payload: string) => void
  readonly onError: (error: Error) => void
}

const firstWaitMs = 100
const longestWaitMs = 2_000
const heartbeatMs = 15_000

/** @throws MayflyError `database_unavailable`: the first connection does not come about */
export async function listenTo(settings: pg.ClientConfig, channel: string, hooks: ListenHooks): Promise<Listening> {
  let closed = false
  let current: pg.Client | undefined
  let starting: Promise<void> | undefined
  let failures = 0
  let wait: NodeJS.Timeout | undefined

  async function start(): Promise<void> {
    const client = new pg.Client({ ...settings, connectionTimeoutMillis: 5_000 })
    client.on('error', hooks.onError)
    client.on('notification', (notice) => tell(notice.payload ?? ''))
    try {
      await client.connect()
      await client.query(`listen ${pg.escapeIdentifier(channel)}`)
    } catch (error) {
      await client.end()
      throw error
    }
    current = client
    // A host that is gone says nothing: without a question now and then nobody would know.
    const heartbeat = setInterval(() => {
      client.query({ text: 'select', query_timeout: 5_000 } as pg.QueryConfig).catch(() => client.end())
    }, heartbeatMs)
    client.once('end', () => {
      clearInterval(heartbeat)
      if (!closed) startAgain()
    })
  }

  function startAgain(): void {
    wait = setTimeout(
      () => {
        starting = replace()
      },
      Math.min(firstWaitMs * 2 ** failures, longestWaitMs),
    )
  }

  async function replace(): Promise<void> {
    try {
      await start()
      failures = 0
      tell('')
    } catch (error) {
      failures += 1
      hooks.onError(asError(error))
      if (!closed) startAgain()
    }
  }

  function tell(payload: string): void {
    if (closed) return
    try {
      hooks.onNotice(payload)
    } catch (error) {
      // Thrown on, it would surface in the driver's socket and end the process.
      hooks.onError(asError(error))
    }
  }

  try {
    await start()
  } catch (cause) {
    const { publicDetail = '', log = '' } = explainConnectFailure(cause)
    throw new MayflyError('database_unavailable', { log: `${publicDetail}: ${log}`, cause })
  }
  return {
    async close() {
      closed = true
      clearTimeout(wait)
      await starting
      await current?.end()
    },
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
