/**
 * Watches that our clock and the database's agree: everything that expires is decided by ours and stored there, and
 * several servers on one database must mean the same by "now".
 */
import { type Clock, MayflyError } from '@mayfly/domain'
import { sql } from 'kysely'
import type { Logger } from '../application/context.ts'
import type { Database } from '../store/database.ts'

export const defaultMaxClockSkewSeconds = 5
const measureEveryMs = 10_000

export interface ClockWatch {
  /** @throws MayflyError `clock_skewed`: nothing may be minted until the clocks agree again */
  assertAgreed(): void
  /** Measures again. @throws MayflyError `database_unavailable` */
  measure(): Promise<void>
  /** Measures from now on by itself. @returns what ends that */
  start(logger: Logger): () => Promise<void>
}

export interface ClockWatchInput {
  readonly database: Database
  readonly clock: Clock
  readonly maxSkewSeconds?: number | undefined
}

export function watchClock({
  database,
  clock,
  maxSkewSeconds = defaultMaxClockSkewSeconds,
}: ClockWatchInput): ClockWatch {
  let skewSeconds = 0

  async function measure(): Promise<void> {
    const before = clock.now().getTime()
    const { rows } = await database.outsideTenants((query) =>
      sql<{ now: Date }>`select clock_timestamp() as now`.execute(query),
    )
    const after = clock.now().getTime()
    const theirs = rows[0]?.now.getTime() ?? after
    // What lies within the round trip is no skew.
    skewSeconds = theirs < before ? (before - theirs) / 1000 : theirs > after ? (after - theirs) / 1000 : 0
  }
  return {
    assertAgreed() {
      if (Math.abs(skewSeconds) <= maxSkewSeconds) return
      const direction = skewSeconds > 0 ? 'ahead of' : 'behind'
      throw new MayflyError('clock_skewed', {
        publicDetail: `the clock is ${Math.abs(skewSeconds).toFixed(1)} s ${direction} the database's, ${maxSkewSeconds} s are allowed`,
        hint: 'synchronise the clocks of both machines (NTP)',
      })
    },
    measure,
    start(logger) {
      let measuring = Promise.resolve()
      const timer = setInterval(() => {
        measuring = measure().catch((error: unknown) => {
          // Without an answer the last measure stands; without a database nothing is minted anyway.
          logger.warn({ err: error }, 'the clocks could not be compared')
        })
      }, measureEveryMs)
      timer.unref()
      return async () => {
        clearInterval(timer)
        await measuring
      }
    },
  }
}
