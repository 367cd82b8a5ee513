import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Signals a server; nothing happens where it has gone already. Windows has no signals: `pg_ctl kill` stands in. */
export async function sendSignal(
  deps: { pgCtl: string },
  pid: number,
  signal: 'SIGTERM' | 'SIGINT' | 'SIGQUIT',
): Promise<void> {
  if (process.platform === 'win32') {
    await run(deps.pgCtl, ['kill', signal.slice('SIG'.length), String(pid)])
    return
  }
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
