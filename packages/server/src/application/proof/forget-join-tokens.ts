/**
 * Removes the rows of join tokens a month after their end, in bounded batches: each machine leaves one behind. A binding that
 * came by one still names it, and its entries tell who made it and who used it. That a machine joined is a proof for an hour
 * at most, so nothing that counts is found by way of a row that goes here.
 */
import type { TenantId } from '@mayfly/domain'
import { deleteOverJoinTokens } from '../../store/join-token-rows.ts'
import { appendRows } from '../audit/append-rows.ts'
import { statedDeletion } from '../audit/stated-rows.ts'
import type { Actor, CoreDeps } from '../context.ts'

/** As the database holds it too. */
export const keptForSeconds = 30 * 86_400
const batchSize = 1_000

const forgetter: Actor = { kind: 'system', worker: 'forget-join-tokens' }

export async function forgetJoinTokens(
  deps: Pick<CoreDeps, 'database' | 'clock'>,
  tenantId: TenantId,
  signal: AbortSignal,
): Promise<'idle' | 'more'> {
  if (signal.aborted) return 'idle'
  const now = deps.clock.now()
  return deps.database.transaction(tenantId, async (tx) => {
    const endedBefore = new Date(now.getTime() - keptForSeconds * 1000)
    const rows = await deleteOverJoinTokens(tx, endedBefore, batchSize)
    const deletions = rows.map((row) => statedDeletion('join_token', row))
    await appendRows(tx, 'join_token.forgotten', deletions, { actor: forgetter, at: now })
    return rows.length === batchSize ? 'more' : 'idle'
  })
}
