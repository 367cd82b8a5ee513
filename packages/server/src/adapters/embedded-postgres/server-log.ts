/**
 * A server's output, line by line, and what it means.
 */
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { LogSink } from './embedded-postgres.ts'

export interface ServerLogLine {
  readonly level: 'info' | 'warn' | 'error'
  readonly severity: string
  readonly message: string
}

/** Reads a line in the form that `log_line_prefix=%p ` gives; what has no such form (a library's complaint) is kept. */
export function parseServerLogLine(line: string): ServerLogLine {
  const found = /^\d+ ([A-Z]+\d?): {1,2}(.*)$/.exec(line)
  if (found === null) return { level: 'warn', severity: 'NONE', message: line.trim() }
  const [, severity = 'NONE', message = ''] = found
  // FATAL ends one session only, e.g. after a wrong password. PANIC ends the server.
  const level = severity === 'PANIC' ? 'error' : ['WARNING', 'ERROR', 'FATAL'].includes(severity) ? 'warn' : 'info'
  return { level, severity, message }
}

export interface ServerLog {
  /** The latest lines, for the error that says why a server did not start. */
  tail(): string
  /** Resolves when everything that was written has been read. */
  readonly ended: Promise<unknown>
}

const tailLength = 20

/** @param onMessage told of every message, before it is logged */
export function readServerLog(
  streams: readonly Readable[],
  logger: LogSink,
  onMessage: (line: ServerLogLine) => void,
): ServerLog {
  const latest: string[] = []
  const ended = streams.map(async (stream) => {
    for await (const text of createInterface({ input: stream })) {
      const line = parseServerLogLine(text)
      latest.push(line.message)
      if (latest.length > tailLength) latest.shift()
      onMessage(line)
      logger[line.level]({ severity: line.severity }, line.message)
    }
  })
  return { tail: () => latest.join('; '), ended: Promise.allSettled(ended) }
}
