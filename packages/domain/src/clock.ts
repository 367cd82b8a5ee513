/** Where the time comes from; injected everywhere, so that a test can move it. */
export interface Clock {
  now(): Date
}

export const systemClock: Clock = { now: () => new Date() }

/** The first of several moments; at least one is given. */
export function earliest(...dates: readonly [Date, ...Date[]]): Date {
  return new Date(Math.min(...dates.map((date) => date.getTime())))
}
