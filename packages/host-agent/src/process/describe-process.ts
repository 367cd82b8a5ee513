/** What the agent would vouch for, were a process to connect: for an operator who writes a binding. */
import { readFileSync } from 'node:fs'
import { makeAccountNames } from './account-names.ts'
import { makeExecutableDigests } from './executable-digest.ts'
import { openProcess, parseProcessIds } from './process-handle.ts'
import { readSelectors } from './read-selectors.ts'

export interface ProcessDescription {
  readonly pid: number
  readonly instance: string
  readonly selectors: readonly string[]
}

/** @returns a text where there is no such process, or it ended meanwhile */
export async function describeProcess(pid: number, maxExecutableBytes: number): Promise<ProcessDescription | string> {
  let ids: ReturnType<typeof parseProcessIds>
  try {
    ids = parseProcessIds(readFileSync(`/proc/${pid}/status`, 'latin1'))
  } catch {
    return 'there is no such process'
  }
  if (ids === undefined) return 'there is no such process'
  const handle = openProcess({ pid, ...ids }, undefined)
  if (typeof handle === 'string') return handle
  try {
    const deps = { names: makeAccountNames(), digests: makeExecutableDigests(maxExecutableBytes) }
    const selectors = await readSelectors(deps, handle)
    return typeof selectors === 'string' ? selectors : { pid, instance: handle.instance, selectors }
  } finally {
    handle.close()
  }
}
