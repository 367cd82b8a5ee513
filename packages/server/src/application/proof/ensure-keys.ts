import { randomUUID } from 'node:crypto'
import type { TenantId } from '@mayfly/domain'
import {
  activateSigningKey,
  findActiveDataKey,
  findActiveSigningKey,
  insertActiveDataKey,
  type KeyPurpose,
  lockKeys,
} from '../../store/key-rows.ts'
import type { Tx } from '../../store/database.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Actor } from '../context.ts'
import type { KeyDeps } from './key-deps.ts'
import { keyPurposes, keyPurposesMadeOnNeed, prepareSigningKey } from './prepare-signing-key.ts'

const starting: Actor = { kind: 'system', worker: 'start' }

/**
 * Gives a tenant what keys it lacks: a data key, and an active key for each purpose. Idempotent, and safe for several
 * servers that start at once. Call it at start for every tenant, and for each new one.
 *
 * @throws MayflyError `key_unusable`
 */
export async function ensureKeys(deps: KeyDeps, tenantId: TenantId): Promise<void> {
  await deps.database.transaction(tenantId, async (tx) => {
    const now = deps.clock.now()
    await lockKeys(tx)
    if ((await findActiveDataKey(tx)) === undefined) {
      const dataKeyId = randomUUID()
      const { kekId, wrapped } = deps.keys.makeDataKey(tenantId, dataKeyId)
      await insertActiveDataKey(tx, { data_key_id: dataKeyId, kek_id: kekId, wrapped, created_at: now })
      await appendAudit(tx, {
        action: 'data_key.created',
        at: now,
        actor: starting,
        body: { data_key_id: dataKeyId, kek_id: kekId },
      })
    }
    for (const purpose of keyPurposes) {
      if (!keyPurposesMadeOnNeed.has(purpose)) await activateFirstKey(deps, tx, purpose, now)
    }
  })
}

/**
 * Gives a tenant the first key of a purpose that is made on need. Idempotent, and safe for several at once.
 *
 * Nobody can have kept a key set in which a later key is missing, so it signs at once.
 */
export async function ensureKeyOf(deps: KeyDeps, tenantId: TenantId, purpose: KeyPurpose): Promise<void> {
  await deps.database.transaction(tenantId, async (tx) => {
    await lockKeys(tx)
    await activateFirstKey(deps, tx, purpose, deps.clock.now())
  })
}

async function activateFirstKey(deps: KeyDeps, tx: Tx, purpose: KeyPurpose, now: Date): Promise<void> {
  if ((await findActiveSigningKey(tx, purpose)) !== undefined) return
  const prepared = await prepareSigningKey(deps, tx, purpose, now)
  const active = await activateSigningKey(tx, prepared.key_id, now)
  await appendAudit(tx, {
    action: 'signing_key.activated',
    at: now,
    actor: starting,
    body: { purpose, key_id: active.key_id },
    rows: [statedRow('signing_key', active)],
  })
}
