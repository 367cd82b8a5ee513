/** The command as a person runs it: a process of its own, with a home of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../../packages/cli/bin/mayfly.cjs', import.meta.url))

export interface Ran {
  readonly code: number
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunningCommand {
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  readonly ended: Promise<Ran>
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd: string
  /** Written to standard input, which is then closed. */
  readonly stdin?: string
  readonly keepStdinOpen?: boolean
  /** What to put before the command, e.g. to run it in a network of its own. */
  readonly within?: readonly string[]
}

/** Only what is named here reaches the command: nothing of whoever runs the tests. */
export function cleanEnvironment(home: string): Record<string, string> {
  const path = `${fileURLToPath(new URL('../../node_modules/.bin', import.meta.url))}:${process.env['PATH'] ?? ''}`
  const user = process.env['MAYFLY_EMBEDDED_USER']
  return { PATH: path, HOME: home, XDG_CONFIG_HOME: `${home}/config`, ...(user && { MAYFLY_EMBEDDED_USER: user }) }
}

export function startMayfly(args: readonly string[], options: RunOptions): RunningCommand {
  return startProcess(process.execPath, [bin, ...args], options)
}

export function startProcess(
  file: string,
  args: readonly string[],
  { env = {}, cwd, stdin = '', keepStdinOpen = false, within = [] }: RunOptions,
): RunningCommand {
  const [first = file, ...others] = [...within, file, ...args]
  const child = spawn(first, others, { cwd, env: { ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  // A command that reads nothing may be gone before it is written to.
  child.stdin.on('error', () => undefined)
  if (keepStdinOpen) child.stdin.write(stdin)
  else child.stdin.end(stdin)
  const ended = new Promise<Ran>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code: code ?? -1, signal, stdout, stderr }))
  })
  return { child, stdout: () => stdout, stderr: () => stderr, ended }
}
