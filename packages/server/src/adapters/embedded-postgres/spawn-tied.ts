/**
 * Starts a program whose life is tied to ours: it gets SIGINT (for PostgreSQL: an orderly, fast shutdown) when this
 * process ends, also by SIGKILL.
 *
 * On Linux by the kernel (`prctl(PR_SET_PDEATHSIG)`, through util-linux' `setpriv`); elsewhere by a guardian.
 * The kernel ties it to the *thread* that forks, so a worker thread uses the guardian too: with the kernel's way the
 * server would end with the worker.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { isMainThread } from 'node:worker_threads'
import type { RunUser } from './embedded-postgres.ts'
import { guardianProgram } from './guardian.ts'

export interface TiedProcess {
  readonly process: ChildProcess
  /** True where `process` is a guardian and the program itself is its child. */
  readonly guarded: boolean
}

export type Tie = 'kernel' | 'guardian'

export async function spawnTied(
  program: string,
  args: readonly string[],
  { runUser, tie }: { runUser?: RunUser | undefined; tie?: Tie | undefined } = {},
): Promise<TiedProcess> {
  const options = {
    cwd: '/',
    env: cleanEnvironment(),
    // A process group of its own: Ctrl-C in a terminal reaches Mayfly, which ends its work before its database.
    detached: true,
  } as const
  if ((tie ?? (await chooseTie())) === 'kernel') {
    const user = runUser ? [`--reuid=${runUser.uid}`, `--regid=${runUser.gid}`, '--clear-groups'] : []
    const child = spawn('setpriv', [...user, '--no-new-privs', '--pdeathsig=INT', '--', program, ...args], {
      ...options,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return { process: child, guarded: false }
  }
  // The guardian stays the user that we are: another user may not be able to enter the folder that Node lies in.
  const user = runUser ? [String(runUser.uid), String(runUser.gid)] : ['', '']
  const child = spawn(process.execPath, ['-e', guardianProgram(), '--', ...user, program, ...args], {
    ...options,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  return { process: child, guarded: true }
}

/**
 * Nothing of ours but the search path: `PG*` variables of the person's shell would change the server, and our own
 * environment, which may hold keys, would be readable by the server's user in /proc.
 */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const system = process.platform === 'win32' ? { SystemRoot: process.env['SystemRoot'] } : {}
  return {
    ...system,
    PATH: process.env['PATH'],
    LC_ALL: 'C',
    TZ: 'UTC',
    // Lets the server take over a lock file that names this process (see postmaster-pid.ts), also behind a guardian.
    PG_GRANDPARENT_PID: String(process.pid),
  }
}

let setprivWorks: Promise<boolean> | undefined

async function chooseTie(): Promise<Tie> {
  if (process.platform !== 'linux' || !isMainThread) return 'guardian'
  setprivWorks ??= new Promise((resolve) => {
    // Busybox' setpriv knows no --pdeathsig, and some machines have none.
    execFile('setpriv', ['--no-new-privs', '--pdeathsig=INT', '--', 'true'], (error) => resolve(error === null))
  })
  return (await setprivWorks) ? 'kernel' : 'guardian'
}
