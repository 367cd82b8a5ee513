/**
 * Compiles a policy text in a process of its own that is thrown away afterwards.
 *
 * Promise: no text, however made, harms the process that decides or keeps it busy: nesting that makes Cedar trap, text
 * that takes too long or too much memory is a fault of the text.
 * Reason: in a thread it could. V8 keeps the code that lets WebAssembly call JavaScript once for all threads of a process, and
 * two that exchange it at the same time can free it twice, which ends the process (seen with V8 13.6; decision 0011).
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { MayflyError } from '@mayfly/domain'
import type { CompileResult } from './compiled-policy.ts'

export interface CompileOptions {
  /** Milliseconds until the text counts as too costly, from when the process is ready for it; default 30,000. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

const program = fileURLToPath(new URL('./compile-process.ts', import.meta.url))
const heapMb = 512
/** Less than a process is given at least, 8 MB. In it Cedar traps, and nothing else ends. */
const stackKb = 4_000

/** A process that is not ready after this will not be: it takes most of a second, more on a busy machine. */
const startMs = 60_000

/** @throws MayflyError `decision_engine_failed`: no process can be had */
export async function compileApart(text: string, options: CompileOptions = {}): Promise<CompileResult> {
  const timeoutMs = options.timeoutMs ?? 30_000
  const { promise, resolve, reject } = Promise.withResolvers<CompileResult>()
  const noProcess = (cause?: unknown) =>
    reject(new MayflyError('decision_engine_failed', { log: 'no process to compile policies in', cause }))
  const child = startProcess()
  let tooLong = setTimeout(noProcess, startMs)
  let ready = false
  child.once('error', noProcess)
  // Before it had the text this says nothing of that.
  child.once('exit', (code, signal) => (ready ? resolve(tooDeep) : noProcess(new Error(`it ended: ${signal ?? code}`))))
  child.once('message', () => {
    ready = true
    clearTimeout(tooLong)
    tooLong = setTimeout(
      () => resolve(fault(`the text takes longer than ${timeoutMs} ms to check`, 'make it smaller and less nested')),
      timeoutMs,
    )
    child.once('message', (result) => resolve(result as CompileResult))
    // Where it cannot be sent the process has ended, and its exit tells.
    child.send(text, () => undefined)
  })
  const aborted = () => resolve(fault('the check was called off'))
  options.signal?.addEventListener('abort', aborted)
  try {
    return await promise
  } finally {
    clearTimeout(tooLong)
    options.signal?.removeEventListener('abort', aborted)
    // One that is ready this late must not begin.
    child.removeAllListeners('message')
    child.kill('SIGKILL')
  }
}

/** What the parent was started with (loaders, inspectors) is none of its business, but for the types that older Nodes strip. */
function startProcess(): ChildProcess {
  const strips = process.execArgv.filter((flag) => flag === '--experimental-strip-types')
  return fork(program, [], {
    execArgv: [
      ...strips,
      '--disable-warning=ExperimentalWarning',
      `--max-old-space-size=${heapMb}`,
      `--stack-size=${stackKb}`,
    ],
    env: {},
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
}

function fault(message: string, hint?: string): CompileResult {
  return { ok: false, faults: [{ line: 1, column: 1, message, ...(hint === undefined ? {} : { hint }) }] }
}

const tooDeep = fault(
  'the text is nested too deeply for the policy engine',
  'fewer parentheses, and fewer `&&` and `||` in one condition',
)
