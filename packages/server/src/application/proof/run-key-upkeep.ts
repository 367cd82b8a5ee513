/**
 * Keeps keys young without anyone thinking of it: activates what has been published long enough, prepares a successor
 * for a key of tokens that is ninety days old and a JWT-SVID key of thirty, and seals again what is still under a retired data key.
 */
import { MayflyError, type TenantId } from '@mayfly/domain'
import { sealPlace } from '../../adapters/keys/seal-place.ts'
import type { Tx } from '../../store/database.ts'
import {
  claimSealedValuesNotUnder,
  findActiveDataKey,
  hasRetiredDataKey,
  type KeyPurpose,
  listCurrentSigningKeys,
  type SealedValue,
  storeResealed,
} from '../../store/key-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { type StatedRow, statedRow } from '../audit/stated-rows.ts'
import type { Actor } from '../context.ts'
import type { KeyDeps } from './key-deps.ts'
import { isPublishedLongEnough, rotateSigningKey } from './rotate-signing-key.ts'

/** Of keys whose age anyone outside can see and wait for; the others rest until someone asks. */
const maxKeyAgeMs: Partial<Record<KeyPurpose, number>> = {
  access_token: 90 * 86_400_000,
  federated_token: 90 * 86_400_000,
  jwt_svid: 30 * 86_400_000,
}
const resealBatch = 100

const keeper: Actor = { kind: 'system', worker: 'run-key-upkeep' }

/** How often a server looks; a minute late is early enough for what is measured in days. */
const everyMs = 60_000

export interface KeyUpkeep {
  readonly run: (deps: KeyDeps, tenantId: TenantId, signal: AbortSignal) => Promise<'idle' | 'more'>
}

export function createKeyUpkeep(): KeyUpkeep {
  const lookedAtMs = new Map<TenantId, number>()
  return {
    async run(deps, tenantId, signal) {
      const nowMs = deps.clock.now().getTime()
      if (signal.aborted || nowMs - (lookedAtMs.get(tenantId) ?? 0) < everyMs) return 'idle'
      const outcome = await keepKeys(deps, tenantId)
      if (outcome === 'idle') lookedAtMs.set(tenantId, nowMs)
      return outcome
    },
  }
}

/** One look, and one batch of sealing again. */
export async function keepKeys(deps: KeyDeps, tenantId: TenantId): Promise<'idle' | 'more'> {
  return deps.database.transaction(tenantId, async (tx) => {
    const now = deps.clock.now()
    for (const key of await listCurrentSigningKeys(tx)) {
      const due =
        key.state === 'prepared'
          ? isPublishedLongEnough(key, now)
          : now.getTime() - key.prepared_at.getTime() > (maxKeyAgeMs[key.purpose] ?? Infinity)
      if (due) await rotateSigningKey(deps, tx, { purpose: key.purpose, now, actor: keeper, requestId: 'key-upkeep' })
    }
    return (await reseal(deps, tx, now)) === resealBatch ? 'more' : 'idle'
  })
}

async function reseal(deps: KeyDeps, tx: Tx, now: Date): Promise<number> {
  if (!(await hasRetiredDataKey(tx))) return 0
  const active = await findActiveDataKey(tx)
  if (active === undefined) throw new MayflyError('key_unusable', { log: `tenant ${tx.tenantId} has no data key` })
  const values = await claimSealedValuesNotUnder(tx, active.data_key_id, resealBatch)
  if (values.length === 0) return 0
  // By id: the one entry states each resource once, as it is in the end.
  const rows = new Map<string, StatedRow>()
  for (const value of values) {
    const place = placeOf(value)
    const sealed = await deps.keys.seal(tx, await deps.keys.open(tx, value.sealed, place), place)
    const resource = await storeResealed(tx, { ...value, sealed })
    if (resource !== undefined) rows.set(value.id, statedRow('resource', resource))
  }
  await appendAudit(tx, {
    action: 'data_key.resealed',
    at: now,
    actor: keeper,
    rows: [...rows.values()],
    body: { data_key_id: active.data_key_id, values: values.length },
  })
  return values.length
}

function placeOf({ table, id }: SealedValue): string {
  if (table === 'signing_key') return sealPlace.signingKey(id)
  if (table === 'x509_authority') return sealPlace.x509Authority(id)
  if (table === 'secret_version') return sealPlace.secretVersion(id)
  if (table === 'trust_provider_secret') return sealPlace.trustProviderSecret(id)
  return table === 'resource' ? sealPlace.resourceSecret(id) : sealPlace.resourceNextSecret(id)
}
