/** What every command is given: the process as it was started, and the way to the server. */
import type { Connection, ConnectMore } from './connect.ts'
import type { Output } from './output.ts'

export interface GlobalOptions {
  readonly url?: string
  readonly json?: true
  readonly progress?: true
  readonly as?: string
  readonly keyFile?: string
  readonly tokenFile?: string
  readonly tokenEnv?: string
  readonly trustBundle?: string
}

export type Environment = Readonly<Record<string, string | undefined>>

export interface Cli {
  readonly env: Environment
  readonly cwd: string
  readonly out: Output
  readonly now: () => Date
  /** All of standard input. */
  readonly readStdin: () => Promise<string>
  readonly options: () => GlobalOptions
  /** The server, and who asks: `identity`, else as the options say. `signal`: default that of the process. @throws UsageError where that is not known */
  readonly connect: (identity?: string, signal?: AbortSignal, more?: ConnectMore) => Promise<Connection>
  /** The command ends with this code although nothing failed, e.g. that of a child. */
  readonly exitWith: (code: number) => void
  /** What SIGHUP does in place of ending the command, for a server. */
  readonly onHangUp: (act: () => void) => void
  /** Aborted on SIGINT, SIGTERM and SIGHUP, except while `run` has its own use for them. */
  readonly signal: AbortSignal
}
