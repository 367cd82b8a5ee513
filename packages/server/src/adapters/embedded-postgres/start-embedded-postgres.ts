/**
 * An embedded PostgreSQL: the npm binaries, started and watched by Mayfly itself.
 *
 * Promise: reachable from this machine only, by SCRAM only; ends when this process ends, however it ends; a start after
 * any crash of either finds what was committed; never two servers on one cluster. Decision 0003.
 * Limit: one machine. Not here: starting again after a crash (supervise-embedded-postgres.ts), sealing the password.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { MayflyError } from '@mayfly/domain'
import type { Secret } from '@mayfly/provider-kit'
import pg from 'pg'
import { claimDataDir, type DataDirClaim } from './claim-data-dir.ts'
import { createClusterIfMissing, superuser } from './create-cluster.ts'
import type {
  EmbeddedPostgres,
  EmbeddedPostgresOptions,
  LogSink,
  ServerAddress,
  ServerExit,
  StopMode,
} from './embedded-postgres.ts'
import { findBinaries, type PostgresBinaries } from './find-binaries.ts'
import { findFreePort } from './find-free-port.ts'
import { launchServer, type Launch, type LaunchDeps } from './launch-server.ts'
import { makeDataDir, makeSocketDir } from './make-data-dir.ts'
import { chooseRunUser } from './run-user.ts'
import { makeScramVerifier } from './scram-verifier.ts'
import { sendSignal } from './send-signal.ts'
import { serverAddress } from './server-address.ts'
import { serverArguments, type ListenAt } from './server-settings.ts'
import { settlePreviousServer } from './settle-previous-server.ts'

const silent: LogSink = { info() {}, warn() {}, error() {} }

const portAttempts = 5
const leftoverAttempts = 100
const leftoverPauseMs = 100
const fastStopTimeoutMs = 60_000

/**
 * Starts a server on a data directory, which is made where it is missing, and resolves when it takes connections.
 * After a crash that includes replaying the log, so there is no time limit but the signal's.
 *
 * @throws MayflyError `configuration_invalid`: in use by another process, no binaries for this platform, a directory
 *   that the server's user cannot reach, a password that does not open the cluster
 * @throws MayflyError `database_unavailable`: the server did not start; its log says why
 * @throws RangeError the password is not 1 to 128 printable ASCII characters
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { durable = true, logger = silent, signal = new AbortController().signal, version = 18 } = options
  signal.throwIfAborted()
  const superuserVerifier = makeScramVerifier(options.superuserPassword)
  const runUser = await chooseRunUser(options.runAs)
  const dataDir = await makeDataDir(options.dataDir, runUser)
  const { cacheDir, packageDir } = options
  const binaries = await findBinaries({ version, runUser, cacheDir, packageDir })
  const deps: LaunchDeps = { binaries, logger, signal }
  const claim = await claimDataDir(dataDir)
  let serverMayRun = claim.serverMayRun
  try {
    const clusterDir = await createClusterIfMissing(deps, { dataDir, version, superuserVerifier, runUser, durable })
    await settlePreviousServer({ logger, signal, pgCtl: binaries.pgCtl }, clusterDir, serverMayRun)
    serverMayRun = false
    const socketDir = options.listen === 'socket' ? await makeSocketDir(dataDir, runUser) : undefined
    const argumentsAt = (at: ListenAt): string[] =>
      serverArguments(clusterDir, at, { chosen: options.settings ?? {}, durable })
    const launched = await launchOnAPort(deps, { clusterDir, runUser }, argumentsAt, socketDir, options.port)
    const server = watch({ binaries, logger, claim }, serverAddress(launched.at), launched)
    try {
      await provePassword(server, options.superuserPassword)
      signal.throwIfAborted()
    } catch (error) {
      await server.stop('fast')
      throw error
    }
    return server
  } catch (error) {
    await claim.release(serverMayRun ? 'given_up' : 'released')
    throw error
  }
}

interface Launched {
  readonly pid: number
  readonly exited: Promise<ServerExit>
  readonly at: ListenAt
}

async function launchOnAPort(
  deps: LaunchDeps,
  launch: Omit<Launch, 'args'>,
  argumentsAt: (at: ListenAt) => string[],
  socketDir: string | undefined,
  fixedPort: number | undefined,
): Promise<Launched> {
  let portsTried = 0
  for (let leftovers = 0; leftovers < leftoverAttempts;) {
    const at = { port: fixedPort ?? (await findFreePort()), socketDir }
    const launched = await launchServer(deps, { ...launch, args: argumentsAt(at) })
    if (launched.outcome === 'ready') return { pid: launched.pid, exited: launched.exited, at }
    if (launched.outcome === 'still_in_use') {
      // They end by themselves once they notice that their postmaster is gone; nothing tells us when.
      leftovers += 1
      await pause(leftoverPauseMs, undefined, { signal: deps.signal })
    } else if ((portsTried += 1) >= (fixedPort === undefined ? portAttempts : 1)) {
      throw new MayflyError('database_unavailable', {
        publicDetail: `the port ${at.port} of the embedded database is taken by another program`,
        hint: 'try again, or end the other program',
      })
    }
  }
  throw new MayflyError('database_unavailable', {
    publicDetail: 'sessions of a killed embedded database do not end',
    hint: 'end the remaining `postgres` processes of the data directory',
    log: launch.clusterDir,
  })
}

function watch(
  deps: { binaries: PostgresBinaries; logger: LogSink; claim: DataDirClaim },
  address: ServerAddress,
  { pid, exited: ended }: Launched,
): EmbeddedPostgres {
  let asked = false
  let gone = false
  const exited = ended.then(async (exit) => {
    gone = true
    if (!asked) deps.logger.error({ pid, ...exit }, 'the embedded database ended without being asked to')
    try {
      await deps.claim.release('released')
    } catch (error) {
      // The data directory is gone or full. The claim ends with this process anyway.
      deps.logger.warn({ err: error }, 'the data directory could not be released')
    }
    return exit
  })
  const signals = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' } as const
  const stop = async (mode: StopMode): Promise<void> => {
    asked = true
    if (!gone) await sendSignal(deps.binaries, pid, signals[mode])
    // A session stuck in the kernel can hold up a fast shutdown for ever; an immediate one leaves it behind.
    const harder = async (): Promise<void> => {
      if (!gone) await sendSignal(deps.binaries, pid, 'SIGQUIT')
    }
    const timer = mode === 'fast' ? setTimeout(() => void harder(), fastStopTimeoutMs) : undefined
    await exited
    clearTimeout(timer)
  }
  return { ...address, pid, stop, exited }
}

/** Logs in once, so that a password that does not belong to this cluster is found here and not by the first query. */
async function provePassword(server: EmbeddedPostgres, password: Secret): Promise<void> {
  const client = new pg.Client({
    connectionString: server.connectionUrl(superuser, password, 'postgres'),
    connectionTimeoutMillis: 30_000,
  })
  // A server killed at this very moment also fails the call below, or ends `exited`; unheard, the event ends the process.
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (cause) {
    const refused = cause instanceof pg.DatabaseError && cause.code === '28P01'
    throw new MayflyError(refused ? 'configuration_invalid' : 'database_unavailable', {
      publicDetail: refused
        ? 'the superuser password does not open the embedded database'
        : 'the embedded database does not take connections',
      ...(refused && { hint: 'it was made with another password: restore the sealed one that belongs to it' }),
      cause,
    })
  } finally {
    await client.end()
  }
}
