/**
 * The server's log: JSON lines on standard error.
 *
 * Promise: a `Secret` prints as `[secret]` wherever it stands; errors are written by code, message and stack, never with
 * the values that a database driver attaches to them. No body, no header, no path is logged (surfaces/http).
 */
import { MayflyError } from '@mayfly/domain'
import pino, { type DestinationStream } from 'pino'
import type { Config } from './config.ts'

export type ServerLogger = pino.Logger

export function makeLogger(
  level: Config['logLevel'],
  destination: DestinationStream = pino.destination(2),
): ServerLogger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error: unknown) => loggedError(error) },
    },
    destination,
  )
}

const maxCauses = 5

/** `detail` and `where` of a PostgreSQL error can hold column values, so of foreign errors only the message is kept. */
export function loggedError(error: unknown, depth = 0): object {
  if (!(error instanceof Error)) return { message: String(error) }
  const { cause } = error
  return {
    name: error.name,
    ...(error instanceof MayflyError && { code: error.code }),
    ...('code' in error && typeof error.code === 'string' && { code: error.code }),
    message: error.message,
    stack: error.stack,
    ...(cause !== undefined && depth < maxCauses && { cause: loggedError(cause, depth + 1) }),
  }
}
