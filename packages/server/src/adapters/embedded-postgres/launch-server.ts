/**
 * One attempt to run a server on a cluster: from the start of the process until it takes connections.
 */
import { once } from 'node:events'
import { MayflyError } from '@mayfly/domain'
import type { LogSink, RunUser, ServerExit } from './embedded-postgres.ts'
import type { PostgresBinaries } from './find-binaries.ts'
import { readPostmasterPid } from './postmaster-pid.ts'
import { isPostgresOn } from './process-identity.ts'
import { sendSignal } from './send-signal.ts'
import { readServerLog } from './server-log.ts'
import { spawnTied, type Tie } from './spawn-tied.ts'
import { waitFor } from './wait-for.ts'

export interface LaunchDeps {
  readonly binaries: PostgresBinaries
  readonly logger: LogSink
  readonly signal: AbortSignal
}

export interface Launch {
  readonly clusterDir: string
  readonly args: readonly string[]
  readonly runUser: RunUser | undefined
  readonly tie?: Tie | undefined
}

export type LaunchOutcome =
  | { readonly outcome: 'ready'; readonly pid: number; readonly exited: Promise<ServerExit> }
  /** Another program took the port first. */
  | { readonly outcome: 'port_taken' }
  /** Sessions of a killed server have not ended yet. */
  | { readonly outcome: 'still_in_use' }

/** @throws MayflyError `database_unavailable`: it ended for another reason; @throws the signal's reason */
export async function launchServer(deps: LaunchDeps, launch: Launch): Promise<LaunchOutcome> {
  const { process: child, guarded } = await spawnTied(deps.binaries.postgres, launch.args, launch)
  let announceReady: (() => void) | undefined
  const ready = new Promise<void>((resolve) => (announceReady = resolve))
  const seen = { portTaken: false, stillInUse: false }
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null)
  const log = readServerLog(streams, deps.logger, ({ message }) => {
    // The server's own words, in locale C: the same in all releases that we run.
    if (message.startsWith('database system is ready to accept connections')) announceReady?.()
    if (/^could not bind .*Address already in use/.test(message)) seen.portTaken = true
    if (message.startsWith('pre-existing shared memory block')) seen.stillInUse = true
  })
  const ended = once(child, 'exit').then(([code, signal]): ServerExit => ({ code, signal }))
  const abort = (): void => void child.kill('SIGINT')
  deps.signal.addEventListener('abort', abort)
  try {
    const exit = await Promise.race([ready, ended])
    if (exit !== undefined) {
      await log.ended
      deps.signal.throwIfAborted()
      if (seen.portTaken) return { outcome: 'port_taken' }
      if (seen.stillInUse) return { outcome: 'still_in_use' }
      throw didNotStart(log.tail(), exit)
    }
  } finally {
    deps.signal.removeEventListener('abort', abort)
  }
  const pid = guarded ? await readPostmasterPid(launch.clusterDir) : child.pid
  if (pid === undefined) throw new Error('a server that takes connections has no process id')
  const exited = guarded ? ended.then((exit) => endUnguarded(deps, pid, launch.clusterDir, exit)) : ended
  return { outcome: 'ready', pid, exited }
}

/** A guardian that was killed leaves its server running: it is not ended until the server is. */
async function endUnguarded(deps: LaunchDeps, pid: number, clusterDir: string, exit: ServerExit): Promise<ServerExit> {
  if (!(await isPostgresOn(pid, clusterDir))) return exit
  await sendSignal({ pgCtl: deps.binaries.pgCtl }, pid, 'SIGQUIT')
  const gone = async (): Promise<boolean> => !(await isPostgresOn(pid, clusterDir))
  await waitFor(gone, { withinMs: 60_000, everyMs: 20, signal: new AbortController().signal })
  return exit
}

function didNotStart(log: string, { code, signal }: ServerExit): MayflyError {
  return new MayflyError('database_unavailable', {
    publicDetail: `the embedded database did not start (${signal === null ? `exit code ${code}` : signal})`,
    hint: 'the log holds what the server said',
    log,
  })
}
