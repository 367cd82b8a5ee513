/**
 * Makes the offline bundle of a tenant: everything that another site needs to check what this one signs, as of now.
 *
 * The sequence is the time at which it was made, in milliseconds: it grows without a counter that a database put back
 * to an older state would count again, which the sites that have newer files would refuse for good (decision 0023).
 */
import {
  formatVerifierKey,
  type JsonObject,
  MayflyError,
  type NoteSigner,
  signOfflineBundle,
  type VerifierKey,
  verifierKey,
} from '@mayfly/domain'
import type { KeyRing } from '../../adapters/keys/key-ring.ts'
import type { Tx } from '../../store/database.ts'
import { listTrustedSigningKeys, type SigningKeyRow } from '../../store/key-rows.ts'
import { sha256 } from '../audit/sha256.ts'
import type { GatheredMaterial, OfflineSectionSource } from './offline-section.ts'

export interface OfflineBundleDeps {
  readonly keys: KeyRing
  readonly clock: { now(): Date }
  readonly sectionSources: readonly OfflineSectionSource[]
  /** The issuer of the tenant's tokens, which is the origin of its bundles. */
  issuerOf(tx: Tx): Promise<string>
  /** SPIFFE trust domain of the tenant. */
  trustDomainOf(tx: Tx): Promise<string>
}

export interface OfflineBundleKeys {
  readonly origin: string
  readonly keys: readonly { readonly vkey: string; readonly state: 'prepared' | 'active' | 'retired' }[]
}

const dayMs = 86_400_000
/** A site that missed so many changes of the key must have it pinned anew by a person. */
const maxFormerKeys = 3

/** @throws MayflyError `key_unusable` */
export async function makeOfflineBundle(
  deps: OfflineBundleDeps,
  tx: Tx,
  gathered: GatheredMaterial = { crls: [] },
): Promise<Uint8Array> {
  const now = deps.clock.now()
  const issuer = await deps.issuerOf(tx)
  const rows = await bundleKeyRows(tx, now)
  const sections: Record<string, JsonObject> = {}
  for (const source of deps.sectionSources) {
    const collected = await source.collect(tx, { tenantId: tx.tenantId, issuer, now, gathered })
    if (collected === undefined) continue
    const { contents, madeAt = now, nextUpdate = new Date(now.getTime() + dayMs) } = collected
    sections[source.name] = { ...contents, made_at: madeAt.toISOString(), next_update: nextUpdate.toISOString() }
  }
  const signers: NoteSigner[] = []
  for (const row of rows.filter(({ state }) => state !== 'prepared')) {
    const signer = await deps.keys.signerOf(tx, row.key_id)
    const { name, keyId } = keyOf(issuer, row)
    signers.push({ name, keyId, sign: (text) => signer.sign(text) })
  }
  return signOfflineBundle(
    sha256,
    {
      origin: issuer,
      trustDomain: await deps.trustDomainOf(tx),
      sequence: now.getTime(),
      madeAt: now,
      keys: rows.map((row) => formatVerifierKey(keyOf(issuer, row))),
      sections,
    },
    signers,
  )
}

/** What the other site pins: compare it on another way than the one that the files take. */
export async function describeBundleKeys(
  deps: Pick<OfflineBundleDeps, 'clock' | 'issuerOf'>,
  tx: Tx,
): Promise<OfflineBundleKeys> {
  const origin = await deps.issuerOf(tx)
  const rows = await bundleKeyRows(tx, deps.clock.now())
  return {
    origin,
    keys: rows.map((row) => ({
      vkey: formatVerifierKey(keyOf(origin, row)),
      state: row.state as OfflineBundleKeys['keys'][number]['state'],
    })),
  }
}

/** Prepared, active, and the last former ones that are still believed. A compromised one is believed no longer. */
async function bundleKeyRows(tx: Tx, now: Date): Promise<readonly SigningKeyRow[]> {
  const rows = await listTrustedSigningKeys(tx, 'offline_bundle', now)
  const current = rows.filter(({ state }) => state !== 'retired')
  const former = rows.filter(({ state }) => state === 'retired').slice(0, maxFormerKeys)
  if (!current.some(({ state }) => state === 'active')) {
    throw new MayflyError('key_unusable', { log: `tenant ${tx.tenantId} has no active key for offline bundles` })
  }
  return [...current, ...former]
}

function keyOf(origin: string, row: SigningKeyRow): VerifierKey {
  const { x } = row.public_jwk as { readonly x?: string }
  return verifierKey(sha256, origin, Buffer.from(x ?? '', 'base64url'))
}
