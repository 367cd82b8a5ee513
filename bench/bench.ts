/**
 * What a benchmark is: our figure, the limit measured in the same run, and their ratio.
 *
 * The ratio is 1 where we reach the limit and smaller where we do not, whichever way the unit points: a rate is
 * ours / limit, a time is limit / ours. Ours and the limit take turns, and medians are quoted, since machines are noisy.
 */
export interface BenchResult {
  readonly bench: string
  readonly unit: string
  readonly ours: number
  readonly limit: number
  /** What the limit is, in a few words: the best that the raw system can do. */
  readonly limit_is: string
  readonly ratio: number
  /** Further figures, by name. */
  readonly also?: Readonly<Record<string, number | string>>
}

/** How long credentials of a kind outlive the request to end them, in milliseconds; null where there is no such thing. */
export interface DeadLine {
  readonly kind: string
  /** Credentials that end together. */
  readonly n: number
  readonly no_login_ms: Percentiles | null
  readonly no_session_ms: Percentiles | null
  readonly absent_ms: Percentiles | null
}

export interface Percentiles {
  readonly p50: number
  readonly p99: number
}

export interface Bench {
  readonly name: string
  /** One line: what is measured against what. */
  readonly about: string
  /** `say` prints progress; the results' last one is the headline. */
  run(say: (line: string) => void): Promise<readonly (BenchResult | DeadLine)[]>
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value below which the share `q` of the values lies (nearest rank). @throws RangeError when there is none */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))]
  if (value === undefined) throw new RangeError('no values')
  return value
}

/** Three figures that count; what is beyond is noise. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3))
}

/** For rates: operations per second, more is better. */
export function rateResult(
  bench: string,
  unit: string,
  ours: readonly number[],
  limit: readonly number[],
  limitIs: string,
  also?: BenchResult['also'],
): BenchResult {
  const [own, raw] = [median(ours), median(limit)]
  const result = { bench, unit, ours: rounded(own), limit: rounded(raw), limit_is: limitIs, ratio: rounded(own / raw) }
  return also === undefined ? result : { ...result, also }
}

/** For times: less is better. */
export function timeResult(
  bench: string,
  unit: string,
  ours: readonly number[],
  limit: readonly number[],
  limitIs: string,
  also?: BenchResult['also'],
): BenchResult {
  const [own, raw] = [median(ours), median(limit)]
  const result = { bench, unit, ours: rounded(own), limit: rounded(raw), limit_is: limitIs, ratio: rounded(raw / own) }
  return also === undefined ? result : { ...result, also }
}
