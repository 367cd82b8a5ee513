/**
 * Workers that end what time has ended: credentials past `expires_at`, and issues whose creator did not come back.
 *
 * Promise: both go the one way out. Found by partial index in batches, under a lock that other servers skip.
 */
import type { RevocationCause, TenantId } from '@mayfly/domain'
import { claimExpired, claimUnborn, type CredentialRow } from '../../store/credential-rows.ts'
import type { Tx } from '../../store/database.ts'
import { actorRecord, type CoreDeps } from '../context.ts'
import { requestRevocation } from './request-revocation.ts'

const batchSize = 1_000

/** Ends credentials past their end, with cause `expired`. */
export function runExpiries(deps: CoreDeps, tenantId: TenantId): Promise<'idle' | 'more'> {
  return endDue(deps, tenantId, 'expired', claimExpired)
}

/** Ends requests past the deadline of their create, with cause `issue_interrupted` (law 1). */
export function runUnborn(deps: CoreDeps, tenantId: TenantId): Promise<'idle' | 'more'> {
  return endDue(deps, tenantId, 'issue_interrupted', claimUnborn)
}

async function endDue(
  deps: CoreDeps,
  tenantId: TenantId,
  cause: RevocationCause,
  claim: (tx: Tx, now: Date, limit: number) => Promise<readonly CredentialRow[]>,
): Promise<'idle' | 'more'> {
  const now = deps.clock.now()
  const requestedBy = actorRecord({ kind: 'system', worker: cause === 'expired' ? 'run-expiries' : 'run-unborn' })
  return deps.database.transaction(tenantId, async (tx) => {
    const due = await claim(tx, now, batchSize)
    for (const [environment, rows] of Map.groupBy(due, (row) => row.environment)) {
      const only = rows.map((row) => row.credential_id)
      const [single] = only
      // A revocation of its own for one; for many, one whose selector says where they were.
      const selector =
        single !== undefined && only.length === 1
          ? ({ kind: 'credential', id: single } as const)
          : ({ kind: 'environment', id: environment } as const)
      await requestRevocation(tx, { selector, cause, requestedBy, now, only })
    }
    return due.length === batchSize ? 'more' : 'idle'
  })
}
