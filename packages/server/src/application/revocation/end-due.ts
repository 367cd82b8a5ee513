/**
 * Workers that end what time has ended: credentials past `expires_at`, and issues whose creator did not come back.
 *
 * Promise: both go the one way out. Found by partial index in batches, under a lock that other servers skip.
 */
import type { RevocationCause, TenantId } from '@mayfly/domain'
import { claimExpired, claimUnborn, type DueCredential } from '../../store/credential-rows.ts'
import type { Tx } from '../../store/database.ts'
import { actorRecord, type CoreDeps } from '../context.ts'
import { endCredentials } from './end-credentials.ts'

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
  claim: (tx: Tx, now: Date, limit: number) => Promise<readonly DueCredential[]>,
): Promise<'idle' | 'more'> {
  const now = deps.clock.now()
  const requestedBy = actorRecord({ kind: 'system', worker: cause === 'expired' ? 'run-expiries' : 'run-unborn' })
  return deps.database.transaction(tenantId, async (tx) => {
    const due = await claim(tx, now, batchSize)
    await endCredentials(tx, due, { cause, requestedBy, now })
    return due.length === batchSize ? 'more' : 'idle'
  })
}
