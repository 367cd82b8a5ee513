/** What must hold for this server to take work. */
import { type Clock, defaultTenantId, MayflyError } from '@mayfly/domain'
import { sql } from 'kysely'
import { maxSequencerLagSeconds, sequencerLagSeconds } from '../application/audit/sequence-log.ts'
import type { Database } from '../store/database.ts'
import type { ReadinessCheck } from '../surfaces/http/health.ts'
import type { ClockWatch } from './clock-watch.ts'

export interface ReadinessDeps {
  readonly database: Database
  readonly clock: Clock
  readonly clockWatch: ClockWatch
  readonly assertKeysUsable: () => Promise<void>
}

export function readinessChecks(deps: ReadinessDeps): readonly ReadinessCheck[] {
  const { database, clock, clockWatch } = deps
  return [
    {
      // Also finds a schema that another server has moved on: its tables are looked up by name.
      name: 'database',
      async check() {
        await database.outsideTenants((query) => sql`select from schema_migration limit 1`.execute(query))
      },
    },
    {
      name: 'clock',
      async check() {
        await clockWatch.measure()
        clockWatch.assertAgreed()
      },
    },
    {
      name: 'log',
      async check() {
        const lagSeconds = await database.transaction(defaultTenantId, (tx) => sequencerLagSeconds(tx, clock.now()))
        if (lagSeconds > maxSequencerLagSeconds) throw new MayflyError('issuance_paused')
      },
    },
    { name: 'keys', check: () => deps.assertKeysUsable() },
  ]
}
