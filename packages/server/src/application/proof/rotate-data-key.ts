import { randomUUID } from 'node:crypto'
import type { Tx } from '../../store/database.ts'
import { insertActiveDataKey, lockKeys, retireActiveDataKey } from '../../store/key-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { AuditReceipt } from '../audit/audit-entry.ts'
import type { Actor } from '../context.ts'
import type { KeyDeps } from './key-deps.ts'

/**
 * A new data key for everything that is sealed from now on. The former one stays, so that nothing is unreadable for a
 * moment; `runKeyUpkeep` seals again what is still under it.
 */
export async function rotateDataKey(
  deps: Pick<KeyDeps, 'keys'>,
  tx: Tx,
  rotation: { readonly now: Date; readonly actor: Actor; readonly requestId: string },
): Promise<{ readonly dataKeyId: string; readonly receipt: AuditReceipt }> {
  await lockKeys(tx)
  const dataKeyId = randomUUID()
  const { kekId, wrapped } = deps.keys.makeDataKey(tx.tenantId, dataKeyId)
  await retireActiveDataKey(tx)
  await insertActiveDataKey(tx, { data_key_id: dataKeyId, kek_id: kekId, wrapped, created_at: rotation.now })
  const receipt = await appendAudit(tx, {
    action: 'data_key.rotated',
    at: rotation.now,
    actor: rotation.actor,
    body: { data_key_id: dataKeyId, kek_id: kekId, request_id: rotation.requestId },
  })
  return { dataKeyId, receipt }
}
