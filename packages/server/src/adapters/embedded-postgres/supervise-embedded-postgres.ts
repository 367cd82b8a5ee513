/**
 * Keeps an embedded server running: what ends without being asked to is started again on the same port, so that
 * connection pools find it where it was.
 *
 * Limit: between the two, connections fail; who uses the database must bear that. A server that cannot be started is
 * tried for ever, ever more slowly, and every failure is logged: it may be a full disk that someone empties.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type {
  EmbeddedPostgres,
  EmbeddedPostgresOptions,
  LogSink,
  ServerAddress,
  ServerExit,
  StopMode,
} from './embedded-postgres.ts'
import { startEmbeddedPostgres } from './start-embedded-postgres.ts'

export type SupervisionEvent =
  | { readonly event: 'exited'; readonly exit: ServerExit }
  | { readonly event: 'restarted'; readonly pid: number }
  | { readonly event: 'restart_failed'; readonly error: unknown; readonly nextTryMs: number }

export interface SuperviseOptions extends EmbeddedPostgresOptions {
  /** Told of what happens to the server after its first start, other than by `stop`. Must not throw. */
  readonly onEvent?: (event: SupervisionEvent) => void
}

export interface SupervisedPostgres extends ServerAddress {
  /** The present postmaster; undefined while there is none. */
  readonly pid: number | undefined
  /** Ends server and supervision. May be called again, also with a harder mode. */
  stop(mode: StopMode): Promise<void>
}

const firstPauseMs = 100
const longestPauseMs = 10_000
/** A server that ran this long is not in a crash loop: the next restart is quick again. */
const steadyAfterMs = 60_000

/** How long to wait before a restart: at once after a long run, else 0.1 s doubling to 10 s. */
export function restartPauseMs(failuresInARow: number): number {
  return failuresInARow === 0 ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** (failuresInARow - 1))
}

/** Starts a server and keeps it running. @throws as `startEmbeddedPostgres`, for the first start only */
export async function superviseEmbeddedPostgres(options: SuperviseOptions): Promise<SupervisedPostgres> {
  const stopping = new AbortController()
  const tell = options.onEvent ?? ((): void => {})
  let server: EmbeddedPostgres | undefined = await startEmbeddedPostgres(options)
  const { host, port, socketDir, superuser, connectionUrl } = server

  const keepRunning = async (first: EmbeddedPostgres): Promise<void> => {
    let current = first
    let failures = 0
    for (;;) {
      const startedMs = performance.now()
      const exit = await current.exited
      server = undefined
      if (stopping.signal.aborted) return
      tell({ event: 'exited', exit })
      if (performance.now() - startedMs >= steadyAfterMs) failures = 0
      const next = await restart({ ...options, port, signal: stopping.signal }, failures, tell)
      if (next === undefined) return
      server = current = next
      failures += 1
      // Told to stop in the moment in which it came up: `stop` has seen no server.
      if (stopping.signal.aborted) await next.stop('fast')
      else tell({ event: 'restarted', pid: next.pid })
    }
  }
  const ended = keepRunning(server)

  return {
    host,
    port,
    ...(socketDir !== undefined && { socketDir }),
    superuser,
    connectionUrl,
    get pid() {
      return server?.pid
    },
    async stop(mode) {
      stopping.abort()
      await server?.stop(mode)
      await ended
    },
  }
}

/** @returns undefined where it was told to stop */
async function restart(
  options: EmbeddedPostgresOptions & { signal: AbortSignal },
  failuresBefore: number,
  tell: (event: SupervisionEvent) => void,
): Promise<EmbeddedPostgres | undefined> {
  const logger: LogSink | undefined = options.logger
  for (let failures = failuresBefore; ; failures += 1) {
    try {
      const pauseMs = restartPauseMs(failures)
      if (pauseMs > 0) await pause(pauseMs, undefined, { signal: options.signal })
      return await startEmbeddedPostgres(options)
    } catch (error) {
      if (options.signal.aborted) return undefined
      const nextTryMs = restartPauseMs(failures + 1)
      logger?.error({ err: error, nextTryMs }, 'the embedded database could not be started again')
      tell({ event: 'restart_failed', error, nextTryMs })
    }
  }
}
