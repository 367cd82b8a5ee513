/**
 * Changes a signing key without a moment in which someone cannot verify: prepare, publish, activate, retire.
 *
 * Promise: a key signs only after it has been published for longer than anyone keeps the key set; a retired key is
 * believed for as long as anything honest that it signed can be alive. A compromised key is believed no longer at all.
 */
import { MayflyError } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import {
  activateSigningKey,
  type KeyPurpose,
  lockKeys,
  lockSigningKeys,
  retireSigningKey,
  type SigningKeyRow,
} from '../../store/key-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { AuditReceipt } from '../audit/audit-entry.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Actor } from '../context.ts'
import { endCompromised } from '../spiffe/end-compromised.ts'
import { maxJwtTtlSeconds } from '../spiffe/svid-life.ts'
import { publishKeys, svidKeyPublishAheadSeconds } from '../spiffe/trust-bundle.ts'
import { accessTokenTrustSeconds, issuedTokenTtlSeconds } from './access-token.ts'
import type { KeyDeps } from './key-deps.ts'
import { keyPurposesMadeOnNeed, prepareSigningKey } from './prepare-signing-key.ts'

/** How long what a key signed can still be live after it has retired; what is not here is looked at long after. */
const trustSecondsOf: Partial<Record<KeyPurpose, number>> = {
  access_token: accessTokenTrustSeconds,
  federated_token: issuedTokenTtlSeconds + 60,
  jwt_svid: maxJwtTtlSeconds + 60,
  // A client assertion lives a minute.
  sign_in_client: 120,
}

/** Twice as long as the key set may be kept by those who read it. */
export const publishAheadSeconds = 600

export interface KeyRotation {
  readonly purpose: KeyPurpose
  readonly now: Date
  readonly actor: Actor
  readonly requestId: string
  /** The active key is in wrong hands: change at once, and believe nothing that it signed. */
  readonly compromised?: boolean
}

export interface RotatedKey {
  /** `prepared`: published, and active after `publishAheadSeconds`. `active`: signs now. */
  readonly key: SigningKeyRow
  readonly retired: SigningKeyRow | undefined
  /** Null where nothing had to be changed: a key is prepared already, and still too new. */
  readonly receipt: AuditReceipt | null
}

/** One step of a rotation: prepares where nothing is prepared, activates what has been published long enough. */
export async function rotateSigningKey(
  deps: Pick<KeyDeps, 'keys'>,
  tx: Tx,
  rotation: KeyRotation,
): Promise<RotatedKey> {
  const { purpose, now, compromised = false } = rotation
  await lockKeys(tx)
  const rows = await lockSigningKeys(tx, purpose)
  const active = rows.find((row) => row.state === 'active')
  const waiting = rows.find((row) => row.state === 'prepared')
  if (active === undefined) {
    if (!keyPurposesMadeOnNeed.has(purpose)) {
      throw new MayflyError('key_unusable', { log: `no active key for ${purpose}` })
    }
    const first = await prepareSigningKey(deps, tx, purpose, now)
    const key = await activateSigningKey(tx, first.key_id, now)
    return { key, retired: undefined, receipt: await tell(tx, rotation, 'signing_key.activated', [key]) }
  }
  const ready = waiting !== undefined && isPublishedLongEnough(waiting, now)
  // Nobody outside reads fingerprint keys, so there is nothing to publish.
  const atOnce = compromised || purpose === 'fingerprint'
  if (waiting !== undefined && !ready && !atOnce) return { key: waiting, retired: undefined, receipt: null }
  const prepared = waiting ?? (await prepareSigningKey(deps, tx, purpose, now))
  if (!ready && !atOnce) {
    const receipt = await tell(tx, rotation, 'signing_key.prepared', [prepared])
    return { key: prepared, retired: undefined, receipt }
  }
  const retired = await retireSigningKey(tx, active.key_id, now, trustedUntil(purpose, now, compromised))
  const key = await activateSigningKey(tx, prepared.key_id, now)
  const receipt = await tell(tx, rotation, compromised ? 'signing_key.replaced' : 'signing_key.activated', [
    key,
    retired,
  ])
  if (purpose === 'jwt_svid' && compromised) {
    await endCompromised(tx, retired.key_id, rotation, 'the key of JWT-SVIDs was replaced: it is compromised')
  }
  return { key, retired, receipt }
}

export function isPublishedLongEnough(row: SigningKeyRow, now: Date): boolean {
  const seconds = row.purpose === 'jwt_svid' ? svidKeyPublishAheadSeconds : publishAheadSeconds
  return now.getTime() - row.prepared_at.getTime() >= seconds * 1000
}

/** Checkpoints, promises, fingerprints and offline bundles are looked at long after; access tokens die young. */
function trustedUntil(purpose: KeyPurpose, now: Date, compromised: boolean): Date | null {
  if (compromised) return now
  const seconds = trustSecondsOf[purpose]
  return seconds === undefined ? null : new Date(now.getTime() + seconds * 1000)
}

async function tell(
  tx: Tx,
  rotation: KeyRotation,
  action: 'signing_key.prepared' | 'signing_key.activated' | 'signing_key.replaced',
  rows: readonly SigningKeyRow[],
): Promise<AuditReceipt> {
  return appendAudit(tx, {
    action,
    at: rotation.now,
    actor: rotation.actor,
    rows: [
      ...rows.map((row) => statedRow('signing_key', row)),
      // The bundle of the trust domain follows its JWT keys in the same commit.
      ...(rotation.purpose === 'jwt_svid' ? await publishKeys(tx, rotation.now) : []),
    ],
    body: { purpose: rotation.purpose, request_id: rotation.requestId },
  })
}
