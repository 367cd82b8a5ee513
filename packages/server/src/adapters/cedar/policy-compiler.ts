/**
 * Compiles a policy text in a thread of its own that is thrown away afterwards.
 *
 * Promise: no text, however made, harms the thread that decides or keeps it busy: nesting that makes Cedar trap, text
 * that takes too long or too much memory is a fault of the text.
 */
import { Worker } from 'node:worker_threads'
import { MayflyError } from '@mayfly/domain'
import type { CompileResult } from './compiled-policy.ts'

export interface CompileOptions {
  /** Milliseconds until the text counts as too costly; default 30,000. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** @throws MayflyError `decision_engine_failed`: no thread can be had */
export async function compileApart(text: string, options: CompileOptions = {}): Promise<CompileResult> {
  const timeoutMs = options.timeoutMs ?? 30_000
  let worker: Worker
  try {
    worker = new Worker(new URL('./compile-worker.ts', import.meta.url), {
      workerData: text,
      resourceLimits: { maxOldGenerationSizeMb: 512, stackSizeMb: 4 },
      // What the parent was started with (loaders, inspectors) is none of its business.
      execArgv: [],
      env: {},
    })
  } catch (cause) {
    throw new MayflyError('decision_engine_failed', { log: 'no thread to compile policies in', cause })
  }
  const { promise, resolve } = Promise.withResolvers<CompileResult>()
  const tooLong = setTimeout(
    () => resolve(fault(`the text takes longer than ${timeoutMs} ms to check`, 'make it smaller and less nested')),
    timeoutMs,
  )
  const aborted = () => resolve(fault('the check was called off'))
  options.signal?.addEventListener('abort', aborted)
  worker.once('message', (result: CompileResult) => resolve(result))
  worker.once('error', () => resolve(tooDeep))
  worker.once('exit', () => resolve(tooDeep))
  try {
    return await promise
  } finally {
    clearTimeout(tooLong)
    options.signal?.removeEventListener('abort', aborted)
    await worker.terminate()
  }
}

function fault(message: string, hint?: string): CompileResult {
  return { ok: false, faults: [{ line: 1, column: 1, message, ...(hint === undefined ? {} : { hint }) }] }
}

const tooDeep = fault(
  'the text is nested too deeply for the policy engine',
  'fewer parentheses, and fewer `&&` and `||` in one condition',
)
