/**
 * Removes the rows of SVIDs a day after their end, oldest first, in bounded batches: they come by the thousand and say nothing
 * any more. Their entries tell that they were.
 *
 * Promise: not before a CRL that was made after its end has named a revoked one (RFC 5280 section 3.3), as long as its
 * authority signs CRLs at all. Nothing rests on an SVID that is past its end.
 */
import type { TenantId } from '@mayfly/domain'
import { deleteOverSvids } from '../../store/svid-rows.ts'
import { appendRows } from '../audit/append-rows.ts'
import { statedDeletion } from '../audit/stated-rows.ts'
import type { Actor, CoreDeps } from '../context.ts'

/** As the database holds it too. */
export const keptForSeconds = 86_400
const batchSize = 1_000

const forgetter: Actor = { kind: 'system', worker: 'forget-svids' }

export async function forgetSvids(
  deps: Pick<CoreDeps, 'database' | 'clock'>,
  tenantId: TenantId,
  signal: AbortSignal,
): Promise<'idle' | 'more'> {
  if (signal.aborted) return 'idle'
  const now = deps.clock.now()
  return deps.database.transaction(tenantId, async (tx) => {
    const endedBefore = new Date(now.getTime() - keptForSeconds * 1000)
    const rows = await deleteOverSvids(tx, { endedBefore, now, limit: batchSize })
    const deletions = rows.map((row) => statedDeletion('svid', row))
    await appendRows(tx, 'svid.forgotten', deletions, { actor: forgetter, at: now })
    return rows.length === batchSize ? 'more' : 'idle'
  })
}
