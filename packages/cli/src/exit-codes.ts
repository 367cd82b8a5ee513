import { type ProblemCode, problems } from '@mayfly/domain'

/** What a script may rely on. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  /** Who asks is not known, or may not. */
  denied: 3,
  /** The same command can succeed later. */
  later: 4,
} as const

export function exitCodeOf(code: ProblemCode): number {
  const { status, retry } = problems[code]
  if (status === 401 || status === 403) return exitCodes.denied
  return retry === 'later' ? exitCodes.later : exitCodes.failed
}
