/**
 * What to do about a server that ran on this cluster before: killed with its Mayfly, killed alone, still shutting down,
 * or started by someone else.
 *
 * Promise: no second server is started beside a living one, no lock file of a living one is touched, and a server
 * whose Mayfly died is ended in order rather than joined, because it is tied to a process that is gone.
 */
import { MayflyError } from '@mayfly/domain'
import type { LogSink } from './embedded-postgres.ts'
import { isPostgresOn } from './process-identity.ts'
import { disownPostmasterPid, readPostmasterPid } from './postmaster-pid.ts'
import { sendSignal } from './send-signal.ts'
import { waitFor } from './wait-for.ts'

/** A fast shutdown writes out what is in memory, which on a slow disk takes long. */
const shutdownTimeoutMs = 60_000

/**
 * @param serverMayRun what the claim on the data directory says: a killed owner's server may still be running
 * @throws MayflyError `configuration_invalid`: a server runs that no Mayfly started
 * @throws MayflyError `database_unavailable`: a killed owner's server does not end
 */
export async function settlePreviousServer(
  deps: { logger: LogSink; pgCtl: string; signal: AbortSignal },
  clusterDir: string,
  serverMayRun: boolean,
): Promise<void> {
  const pid = await readPostmasterPid(clusterDir)
  if (pid === undefined || pid === process.pid) return
  if (!(await isPostgresOn(pid, clusterDir))) {
    if (isTaken(pid)) await disownPostmasterPid(clusterDir)
    return
  }
  if (!serverMayRun) {
    throw new MayflyError('configuration_invalid', {
      publicDetail: `a PostgreSQL that Mayfly did not start (process ${pid}) runs on the data directory`,
      hint: 'stop it first, or choose another `MAYFLY_DATA_DIR`',
      log: clusterDir,
    })
  }
  deps.logger.warn({ pid }, 'ending a database server whose Mayfly was killed')
  await sendSignal(deps, pid, 'SIGINT')
  const gone = async (): Promise<boolean> => !(await isPostgresOn(pid, clusterDir))
  if (await waitFor(gone, { withinMs: shutdownTimeoutMs, everyMs: 20, signal: deps.signal })) return
  throw new MayflyError('database_unavailable', {
    publicDetail: 'the embedded database of a killed Mayfly does not end',
    hint: `look at process ${pid}; end it with \`kill -QUIT ${pid}\`, which loses nothing that was committed`,
    log: clusterDir,
  })
}

/** True where the number belongs to some process, of whatever user. */
function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH')
  }
}
