/** The process: signals, streams, exit code. Everything else is told what it needs. */
import { constants } from 'node:os'
import { text } from 'node:stream/consumers'
import { CommanderError } from 'commander'
import type { Cli, GlobalOptions } from './cli.ts'
import { connect } from './connect.ts'
import { describeFailure } from './describe-failure.ts'
import { exitCodes } from './exit-codes.ts'
import { makeOutput } from './output.ts'
import { createProgram } from './program.ts'
import { trustServer } from './server-trust.ts'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export async function main(argv: readonly string[] = process.argv): Promise<void> {
  const interrupted = new AbortController()
  let caught: NodeJS.Signals | undefined
  let hangUp: (() => void) | undefined
  for (const signal of signals) {
    process.on(signal, () => {
      if (signal === 'SIGHUP' && hangUp !== undefined) return hangUp()
      caught ??= signal
      interrupted.abort(new Error(`interrupted by ${signal}`))
    })
  }
  // Whoever reads us has gone, e.g. `mayfly … | head`: there is nobody left to tell.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

  let options: GlobalOptions = {}
  const out = makeOutput(process, () => ({ json: options.json === true, progress: options.progress === true }))
  const cli: Cli = {
    env: process.env,
    cwd: process.cwd(),
    out,
    now: () => new Date(),
    readStdin: () => text(process.stdin),
    options: () => options,
    connect: (identity, signal = interrupted.signal, more = {}) =>
      connect({ env: process.env, options, identity, now: cli.now, signal, ...more }),
    exitWith: (code) => (process.exitCode = code),
    onHangUp: (act) => (hangUp = act),
    signal: interrupted.signal,
  }
  const program = createProgram(cli)
  program.hook('preAction', async () => {
    options = program.opts()
    await trustServer(cli)
  })
  try {
    await program.parseAsync(argv)
  } catch (error) {
    process.exitCode = fail(cli, error)
    if (caught !== undefined) process.exitCode = 128 + constants.signals[caught]
  }
}

function fail(cli: Cli, error: unknown): number {
  if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.done
  const failure = describeFailure(error, { interrupted: cli.signal.aborted, debug: cli.env['MAYFLY_DEBUG'] === '1' })
  if (failure !== undefined) cli.out.fail(failure)
  return failure?.exitCode ?? exitCodes.usage
}
