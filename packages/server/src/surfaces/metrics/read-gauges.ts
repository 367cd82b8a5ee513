import { sequencerLagSeconds } from '../../application/audit/sequence-log.ts'
import type { CoreDeps } from '../../application/context.ts'
import { listTenantIds } from '../../store/key-rows.ts'
import { readBacklog } from '../../store/backlog-rows.ts'
import type { Gauges } from './metrics.ts'

/** Adds up the tenants; of what is a time, the worst counts. */
export async function readGauges({ database, clock }: CoreDeps): Promise<Gauges> {
  const now = clock.now()
  const all: Gauges[] = []
  for (const tenantId of await database.outsideTenants(listTenantIds)) {
    all.push(
      await database.transaction(tenantId, async (tx) => ({
        ...(await readBacklog(tx, now)),
        sequencerLagSeconds: await sequencerLagSeconds(tx, now),
      })),
    )
  }
  const sum = (key: keyof Gauges) => all.reduce((total, gauges) => total + gauges[key], 0)
  const worst = (key: keyof Gauges) => Math.max(0, ...all.map((gauges) => gauges[key]))
  return {
    credentialsLive: sum('credentialsLive'),
    revocationsRunning: sum('revocationsRunning'),
    credentialsDue: sum('credentialsDue'),
    oldestDueSeconds: worst('oldestDueSeconds'),
    redecisionsDue: sum('redecisionsDue'),
    sequencerLagSeconds: worst('sequencerLagSeconds'),
    findingsOpen: sum('findingsOpen'),
    slowestCutSeconds: worst('slowestCutSeconds'),
    slowestRevocationSeconds: worst('slowestRevocationSeconds'),
  }
}
