import type { Secret } from '@mayfly/provider-kit'

/** The PostgreSQL releases whose binaries can be had. Mayfly's own store runs on 18; 15 is the oldest target tested. */
export type EmbeddedVersion = 18 | 15

/**
 * `smart` waits until the last client has gone, however long that takes; `fast` ends the sessions and writes a
 * checkpoint; `immediate` ends at once, and the next start replays the log. None of them loses a committed row.
 */
export type StopMode = 'smart' | 'fast' | 'immediate'

export interface ServerExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Where a server's log lines go. A pino logger fits. */
export interface LogSink {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** How to reach a server. */
export interface ServerAddress {
  /** `127.0.0.1`, or the socket directory where the server listens on a socket only. */
  readonly host: string
  readonly port: number
  /** Set where the server listens on a socket only. */
  readonly socketDir?: string
  /** The name of the one superuser. */
  readonly superuser: string
  /** A `postgres://` URL that holds the password in plain text: for a driver, never for a log. */
  readonly connectionUrl: (user: string, password: Secret, database: string) => string
}

/** A running server that this process started. */
export interface EmbeddedPostgres extends ServerAddress {
  /** The postmaster. */
  readonly pid: number
  /** Ends the server and resolves when it has gone. May be called again, also with a harder mode. */
  stop(mode: StopMode): Promise<void>
  /** Resolves when the server has gone, whoever ended it. Never rejects. */
  readonly exited: Promise<ServerExit>
}

/** The user that PostgreSQL runs as where Mayfly itself runs as root. */
export interface RunUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

export interface EmbeddedPostgresOptions {
  /** A directory of Mayfly's own, made where it is missing. The cluster lies in it, in a folder named after the release. */
  readonly dataDir: string
  /** 1 to 128 printable ASCII characters; generated, not chosen by a person. Never written to disk. */
  readonly superuserPassword: Secret
  /** Default `loopback`: TCP on 127.0.0.1 only. `socket`: a Unix socket in a directory that only its user may enter. */
  readonly listen?: 'loopback' | 'socket'
  /** Default: a free port, taken at random. */
  readonly port?: number
  /** Default 18. */
  readonly version?: EmbeddedVersion
  /** More server settings. Those that keep the server closed and its log clean are refused. */
  readonly settings?: Readonly<Record<string, string>>
  /** Default true. False gives up crash safety for speed: only for data that may be lost. */
  readonly durable?: boolean
  /** As root: the user to run as. Default: the first of `postgres`, `_postgres`, `nobody` that exists. */
  readonly runAs?: string
  /** Where npm put the binaries. Default: looked up as Node does. */
  readonly packageDir?: string
  /** Where binaries are copied when they cannot be used in place. Default: see `copy-binaries.ts`. */
  readonly cacheDir?: string
  readonly logger?: LogSink
  /** Ends the attempt to start. Has no effect on a server that has started. */
  readonly signal?: AbortSignal
}
