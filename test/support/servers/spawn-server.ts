/** Starts a server's process so that it ends with us, however we end, and not before it is ready. */
import { type ChildProcess, spawn } from 'node:child_process'
import { access } from 'node:fs/promises'
import { until } from '../until.ts'

export interface ServerProcess {
  readonly pid: number
  /** The last lines that it printed, for a message. */
  output(): string
  /** True until the process has ended. */
  isRunning(): boolean
  /** Ends it by its id and waits; SIGKILL where it does not end within ten seconds. Idempotent. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

export interface ServerCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** Who it runs as, where we are root: the server must not be. */
  readonly runAs?: { readonly uid: number; readonly gid: number } | undefined
  /** True once it answers. Asked again and again until then; what it throws ends the start. */
  ready(): Promise<boolean>
  /** Default 30,000. */
  readonly readyWithinMs?: number
}

const setpriv = '/usr/bin/setpriv'
const keepChars = 8_000

export async function spawnServer(options: ServerCommand): Promise<ServerProcess> {
  const child = await start(options)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-keepChars)
    })
  }
  let running = true
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      output += error.message
      running = false
      resolve()
    })
    child.once('exit', () => {
      running = false
      resolve()
    })
  })
  const killNow = () => {
    if (running) child.kill('SIGKILL')
  }
  process.once('exit', killNow)

  async function stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (running) child.kill(signal)
    const hard = setTimeout(killNow, 10_000)
    await ended
    clearTimeout(hard)
    process.off('exit', killNow)
  }

  const { command, readyWithinMs = 30_000 } = options
  try {
    await until(
      async () => {
        if (!running) throw new Error(`${command} ended before it was ready:\n${output}`)
        return options.ready()
      },
      { withinMs: readyWithinMs, everyMs: 20, describe: `${command} is ready` },
    )
  } catch (error) {
    await stop('SIGKILL')
    throw new Error(`${command} did not start:\n${output}`, { cause: error })
  }
  return { pid: child.pid ?? 0, output: () => output, isRunning: () => running, stop }
}

/** `setpriv` asks the kernel to end the server when we end; elsewhere our own exit does. */
async function start({ command, args, cwd, env, runAs }: ServerCommand): Promise<ChildProcess> {
  const tied = await access(setpriv).then(
    () => true,
    () => false,
  )
  const as = runAs === undefined ? [] : [`--reuid=${runAs.uid}`, `--regid=${runAs.gid}`, '--clear-groups']
  const [file, argv] = tied ? [setpriv, [...as, '--pdeathsig=KILL', command, ...args]] : [command, [...args]]
  return spawn(file, argv, {
    ...(cwd === undefined ? {} : { cwd }),
    env: env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(tied || runAs === undefined ? {} : { uid: runAs.uid, gid: runAs.gid }),
  })
}
