/**
 * The bundle of the trust domain (SPIFFE Trust Domain and Bundle, section 4): which keys its SVIDs are verified with.
 *
 * Promise: made from the keys' own rows in the transaction that changes them, so that a key is published before it signs
 * and is gone with the commit that distrusts it; the sequence moves exactly when the keys do.
 * Limit: a retired key whose time is over stays until the upkeep looks again, at most a minute. Nothing lives under it.
 */
import { type JsonWebKey, X509Certificate } from 'node:crypto'
import { canonicalJson, type JsonValue, MayflyError } from '@mayfly/domain'
import { listTrustedAuthorities } from '../../store/authority-rows.ts'
import type { Tx } from '../../store/database.ts'
import { wakeHosts } from '../../store/host-event-rows.ts'
import { listTrustedSigningKeys } from '../../store/key-rows.ts'
import {
  findTrustBundle,
  insertTrustBundle,
  lockTrustBundle,
  type TrustBundleRow,
  updateTrustBundle,
} from '../../store/trust-bundle-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { type StatedRow, statedRow } from '../audit/stated-rows.ts'
import type { Actor } from '../context.ts'

/** How long a reader may keep the bundle before it asks again. */
export const refreshHintSeconds = 300
/** A key is published three times as long before it signs, so that a reader who missed one poll still has it in time. */
export const svidKeyPublishAheadSeconds = 3 * refreshHintSeconds

/** A JWK of a bundle: `use` says for which kind of SVID. */
export type BundleKey = Readonly<Record<string, JsonValue>>

/** As it stands on the wire (section 4.1). */
export interface BundleDocument {
  readonly keys: readonly BundleKey[]
  readonly spiffe_sequence: number
  readonly spiffe_refresh_hint: number
}

export interface BundleChange {
  readonly now: Date
  readonly actor: Actor
  readonly requestId: string
}

/** @throws MayflyError `key_unusable`: the tenant has no bundle yet, which starting makes */
export async function getBundleDocument(tx: Tx): Promise<{ trustDomain: string; document: BundleDocument }> {
  const row = await findTrustBundle(tx)
  if (row === undefined) throw new MayflyError('key_unusable', { log: `tenant ${tx.tenantId} has no trust bundle` })
  return {
    trustDomain: row.trust_domain,
    document: {
      keys: row.keys as readonly BundleKey[],
      spiffe_sequence: row.bundle_sequence,
      spiffe_refresh_hint: refreshHintSeconds,
    },
  }
}

/**
 * Publishes the keys as they are now, if they are others than those that are published. Call it when the rows of the keys
 * are written, and state what comes back in the entry of that change (law 5).
 *
 * @returns nothing where the bundle is as it was, or the tenant has none yet
 */
export async function publishKeys(tx: Tx, now: Date): Promise<readonly StatedRow[]> {
  const published = await publish(tx, now)
  return published?.changed === true ? [statedRow('trust_bundle', published.row)] : []
}

/** The same where no key has changed but the time: a retired one that nothing lives under any more is taken out. */
export async function refreshTrustBundle(tx: Tx, change: BundleChange): Promise<TrustBundleRow | undefined> {
  const published = await publish(tx, change.now)
  if (published?.changed === true) await tell(tx, published.row, 'trust_bundle.changed', change)
  return published?.row
}

async function publish(
  tx: Tx,
  now: Date,
): Promise<{ readonly row: TrustBundleRow; readonly changed: boolean } | undefined> {
  const present = await lockTrustBundle(tx)
  if (present === undefined) return undefined
  const keys = await bundleKeys(tx, now)
  if (canonicalJson(keys) === canonicalJson(present.keys as JsonValue)) return { row: present, changed: false }
  const row = await updateTrustBundle(tx, {
    keys: JSON.stringify(keys),
    bundle_sequence: present.bundle_sequence + 1,
    changed_at: now,
  })
  await wakeHosts(tx)
  return { row, changed: true }
}

/**
 * Gives a tenant its first bundle; with the keys that it has by then.
 *
 * @throws MayflyError `configuration_invalid`: the installation's trust domain is another than that of the identities
 */
export async function ensureTrustBundle(tx: Tx, trustDomain: string, change: BundleChange): Promise<void> {
  const present = await refreshTrustBundle(tx, change)
  if (present === undefined) {
    const keys = JSON.stringify(await bundleKeys(tx, change.now))
    const row = await insertTrustBundle(tx, { trust_domain: trustDomain, keys, changed_at: change.now })
    await tell(tx, row, 'trust_bundle.created', change)
  } else if (present.trust_domain !== trustDomain) {
    throw new MayflyError('configuration_invalid', {
      publicDetail: `the trust domain is \`${present.trust_domain}\` here, and not \`${trustDomain}\``,
      hint: 'set `MAYFLY_TRUST_DOMAIN` as it was: every identity has it in its name',
    })
  }
}

async function bundleKeys(tx: Tx, now: Date): Promise<readonly BundleKey[]> {
  const roots = new Set<string>()
  for (const { root } of await listTrustedAuthorities(tx, now)) roots.add(root.toString('base64'))
  const jwtKeys = await listTrustedSigningKeys(tx, 'jwt_svid', now)
  return [
    ...[...roots].toSorted().map(x509Key),
    ...jwtKeys
      .toSorted((one, other) => (one.key_id < other.key_id ? -1 : 1))
      .map((row) => ({ ...keyMembers(row.public_jwk as JsonWebKey), use: 'jwt-svid', kid: row.key_id })),
  ]
}

/** Section 4.2.2: exactly one certificate, and no `kid`. */
function x509Key(certificate: string): BundleKey {
  const { publicKey } = new X509Certificate(Buffer.from(certificate, 'base64'))
  return { ...keyMembers(publicKey.export({ format: 'jwk' })), use: 'x509-svid', x5c: [certificate] }
}

function keyMembers(jwk: JsonWebKey): BundleKey {
  const { kty, crv, x, y, n, e } = jwk
  return Object.fromEntries(
    Object.entries({ kty, crv, x, y, n, e }).filter((member): member is [string, string] => member[1] !== undefined),
  )
}

async function tell(
  tx: Tx,
  row: TrustBundleRow,
  action: 'trust_bundle.created' | 'trust_bundle.changed',
  { now, actor, requestId }: BundleChange,
): Promise<void> {
  await appendAudit(tx, {
    action,
    at: now,
    actor,
    rows: [statedRow('trust_bundle', row)],
    body: {
      trust_domain: row.trust_domain,
      sequence: row.bundle_sequence,
      keys: (row.keys as readonly unknown[]).length,
      request_id: requestId,
    },
  })
}
