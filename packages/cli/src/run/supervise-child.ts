/** Runs the command of `mayfly run` as a shell would: signals go on to it, its exit code comes back. */
import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'

export interface ChildEnd {
  /** As a shell tells it: 128 + n where a signal ended it, 127 where there is no such command, 126 where it may not run. */
  readonly exitCode: number
  /** For people, e.g. `exit 0`, `SIGTERM`. */
  readonly how: string
}

const passedOn = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const
/** A terminal sends these to its whole foreground group: the command has them already, and twice means "at once" to many. */
const fromTerminal = ['SIGINT', 'SIGQUIT'] as const

export interface SignalCatcher {
  /** The first signal that asked to end, if any did. */
  readonly caught: () => NodeJS.Signals | undefined
  /** From now on signals go to this process. */
  passTo(child: ChildProcess): void
  release(): void
}

/** From here until `release` no signal ends this process: what was issued must be ended first. */
export function catchSignals(): SignalCatcher {
  let child: ChildProcess | undefined
  let caught: NodeJS.Signals | undefined
  const handlers = new Map<NodeJS.Signals, () => void>()
  const handle = (signal: NodeJS.Signals, pass: boolean) => {
    const handler = () => {
      if (signal !== 'SIGUSR1' && signal !== 'SIGUSR2') caught ??= signal
      if (pass) child?.kill(signal)
    }
    handlers.set(signal, handler)
    process.on(signal, handler)
  }
  for (const signal of passedOn) handle(signal, true)
  for (const signal of fromTerminal) handle(signal, !process.stdin.isTTY)
  return {
    caught: () => caught,
    passTo(started) {
      child = started
      // It came between the last look and the start.
      if (caught !== undefined) started.kill(caught)
    },
    release() {
      for (const [signal, handler] of handlers) process.off(signal, handler)
    },
  }
}

export async function superviseChild(
  [file = '', ...args]: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  signals: SignalCatcher,
): Promise<ChildEnd> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: 'inherit', env: { ...env } })
    child.on('spawn', () => signals.passTo(child))
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return
      if (error.code === 'ENOENT') resolve({ exitCode: 127, how: `there is no command \`${file}\`` })
      else resolve({ exitCode: 126, how: `\`${file}\` could not be started (${error.code ?? error.message})` })
    })
    child.on('exit', (code, signal) => {
      resolve(
        signal === null
          ? { exitCode: code ?? 1, how: `exit ${code ?? 1}` }
          : { exitCode: 128 + constants.signals[signal], how: signal },
      )
    })
  })
}
