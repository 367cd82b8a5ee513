/**
 * Carries out the end of identities whose `expires_at` has come.
 *
 * Promise: an expired identity could do nothing already, since every decision reads `expires_at`; here what it still
 * holds ends by the one way out, with cause `identity_expired`, and the log says so once. The mark `expired_at` is set in
 * the same transaction, so a restart neither forgets nor repeats, and the partial index holds only what is left to do.
 */
import type { IdentityId, TenantId } from '@mayfly/domain'
import { claimExpiredIdentities, markIdentitiesExpired } from '../../store/identity-rows.ts'
import { appendAudits } from '../audit/append-audit.ts'
import { statedRow } from '../audit/stated-rows.ts'
import { type Actor, actorRecord, type CoreDeps } from '../context.ts'
import { requestRevocation } from '../revocation/request-revocation.ts'

const batch = 50
const actor: Actor = { kind: 'system', worker: 'identity-expiries' }

export async function runIdentityExpiries(
  deps: CoreDeps,
  tenantId: TenantId,
  signal: AbortSignal,
): Promise<'idle' | 'more'> {
  if (signal.aborted) return 'idle'
  return deps.database.transaction(tenantId, async (tx) => {
    const now = deps.clock.now()
    const due = await claimExpiredIdentities(tx, now, batch)
    const ids: IdentityId[] = due.map((row) => row.identity_id)
    const rows = await markIdentitiesExpired(tx, ids, now)
    await appendAudits(
      tx,
      rows.map((row) => ({
        action: 'identity.expired' as const,
        at: now,
        actor,
        identityId: row.identity_id,
        rows: [statedRow('identity', row)],
        body: { expires_at: row.expires_at.toISOString() },
      })),
    )
    for (const id of ids) {
      await requestRevocation(tx, {
        selector: { kind: 'identity', id },
        cause: 'identity_expired',
        requestedBy: actorRecord(actor),
        now,
      })
    }
    return due.length === batch ? 'more' : 'idle'
  })
}
