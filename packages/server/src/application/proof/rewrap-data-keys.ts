import type { KeyEncryptionKeys } from '../../adapters/keys/key-encryption-key.ts'
import { listDataKeysNotUnder, listTenantIds, rewrapDataKey, updateInstallationKey } from '../../store/key-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { KeyDeps } from './key-deps.ts'

/**
 * Moves the installation to the current key-encryption key: wraps every tenant's data keys again, then remembers the new
 * key's check value. Call it at start, where `checkInstallation` says `previous`.
 *
 * Only the data keys are wrapped again, so it takes a moment however much is sealed. Killed half-way, the next start goes
 * on: each data key says which key wraps it. With several servers, give both keys to all of them first.
 */
export async function rewrapDataKeys(deps: KeyDeps, keks: Required<KeyEncryptionKeys>): Promise<void> {
  const { current, previous } = keks
  for (const tenantId of await deps.database.outsideTenants(listTenantIds)) {
    await deps.database.transaction(tenantId, async (tx) => {
      const rows = await listDataKeysNotUnder(tx, current.keyId)
      if (rows.length === 0) return
      for (const row of rows) {
        await rewrapDataKey(tx, row.data_key_id, current.keyId, deps.keys.rewrapDataKey(tenantId, row))
      }
      await appendAudit(tx, {
        action: 'data_key.rewrapped',
        at: deps.clock.now(),
        actor: { kind: 'system', worker: 'start' },
        body: { kek_id: current.keyId, from_kek_id: previous.keyId, data_keys: rows.length },
      })
    })
  }
  await deps.database.outsideTenants((query) =>
    updateInstallationKey(query, previous.keyId, { kek_id: current.keyId, kek_check: current.checkValue }),
  )
}
