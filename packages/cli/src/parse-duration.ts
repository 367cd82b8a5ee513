import { UsageError } from './usage-error.ts'

const secondsOf = { s: 1, m: 60, h: 3_600, d: 86_400 } as const
const part = /^([1-9][0-9]{0,8})([smhd])$/

/**
 * `90s`, `15m`, `8h`, `1d`. The only place where spans are text: everywhere else they are whole seconds.
 *
 * @throws UsageError
 */
export function parseDuration(text: string): number {
  const [, count, unit] = part.exec(text) ?? []
  if (count === undefined || unit === undefined) {
    throw new UsageError(`\`${text}\` is not a span of time`, 'write it as `90s`, `15m`, `8h` or `1d`')
  }
  return Number(count) * secondsOf[unit as keyof typeof secondsOf]
}

/**
 * A span from now (`90d`) or a time (`2027-01-01`, `2026-11-22T11:31:00Z`), as RFC 3339.
 *
 * @throws UsageError
 */
export function parseMoment(text: string, now: Date): string {
  if (part.test(text)) return new Date(now.getTime() + parseDuration(text) * 1000).toISOString()
  const time = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text)
    ? Date.parse(text)
    : Number.NaN
  if (Number.isNaN(time)) {
    throw new UsageError(
      `\`${text}\` is not a time`,
      'write a span from now such as `90d`, a date such as `2027-01-01`, or `2026-11-22T11:31:00Z`',
    )
  }
  return new Date(time).toISOString()
}

/** `900` → `15m`, for people. */
export function formatDuration(seconds: number): string {
  for (const unit of ['d', 'h', 'm'] as const) {
    if (seconds >= secondsOf[unit] && seconds % secondsOf[unit] === 0) return `${seconds / secondsOf[unit]}${unit}`
  }
  return `${seconds}s`
}

export function formatMs(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}
