/**
 * Watches that our clock and the database's agree: everything that expires is decided by ours and stored there, and
 * several servers on one database must mean the same by "now".
 */
import { type Clock, MayflyError } from '@mayfly/domain'
import { sql } from 'kysely'
import type { Database } from '../store/database.ts'

export const maxClockSkewSeconds = 5

export interface ClockWatch {
  /** @throws MayflyError `clock_skewed`: nothing may be minted until the clocks agree again */
  assertAgreed(): void
  /** Measures again. @throws MayflyError `database_unavailable` */
  measure(): Promise<void>
}

export function watchClock({ database, clock }: { database: Database; clock: Clock }): ClockWatch {
  let skewSeconds = 0
  return {
    assertAgreed() {
      if (Math.abs(skewSeconds) <= maxClockSkewSeconds) return
      const direction = skewSeconds > 0 ? 'ahead of' : 'behind'
      throw new MayflyError('clock_skewed', {
        publicDetail: `the clock is ${Math.abs(skewSeconds).toFixed(1)} s ${direction} the database's, ${maxClockSkewSeconds} s are allowed`,
        hint: 'synchronise the clocks of both machines (NTP)',
      })
    },
    async measure() {
      const before = clock.now().getTime()
      const { rows } = await database.outsideTenants((query) =>
        sql<{ now: Date }>`select clock_timestamp() as now`.execute(query),
      )
      const after = clock.now().getTime()
      const theirs = rows[0]?.now.getTime() ?? after
      // What lies within the round trip is no skew.
      skewSeconds = theirs < before ? (before - theirs) / 1000 : theirs > after ? (after - theirs) / 1000 : 0
    },
  }
}
