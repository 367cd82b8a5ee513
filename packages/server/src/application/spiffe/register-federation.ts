/** Which other trust domains are believed, and from where their bundles come (SPIFFE Federation section 5.1.4). */
import { type FederationId, isSpiffeIdFault, MayflyError, newId, parseSpiffeId } from '@mayfly/domain'
import { isBundleUrl } from '../../adapters/spiffe/fetch-bundle.ts'
import { isBundleFault, openBundle, readBundle } from '../../adapters/spiffe/read-bundle.ts'
import type { Tx } from '../../store/database.ts'
import {
  type FederationProfile,
  type FederationRow,
  getFederation,
  insertFederation,
  listFederations,
  retireFederation,
} from '../../store/federation-rows.ts'
import { wakeHosts } from '../../store/host-event-rows.ts'
import { findTrustBundle } from '../../store/trust-bundle-rows.ts'
import { wakeWorkers } from '../../store/wake-workers.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { AuditReceipt } from '../audit/audit-entry.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Actor } from '../context.ts'

export interface FederationChange {
  readonly now: Date
  readonly actor: Actor
  readonly requestId: string
}

export interface FederationInput {
  readonly trustDomain: string
  readonly url: string
  readonly profile: FederationProfile
  /** Of `https_spiffe`: who the endpoint is. */
  readonly endpointSpiffeId?: string | undefined
  /** Of `https_web`: PEM of the authority of its certificate, where that is not a public one. */
  readonly caPem?: string | undefined
  /** A bundle that came another way, as JSON. `https_spiffe` within one trust domain cannot begin without. */
  readonly bundle?: string | undefined
}

const maxFederations = 200

/** @throws MayflyError `request_invalid`, `name_taken` */
export async function registerFederation(
  tx: Tx,
  change: FederationChange,
  input: FederationInput,
): Promise<{ readonly row: FederationRow; readonly receipt: AuditReceipt }> {
  const { trustDomain, profile } = input
  if (!isBundleUrl(input.url)) throw invalid('/url', 'must be https, without a user in it')
  const own = await findTrustBundle(tx)
  if (own?.trust_domain === trustDomain) throw invalid('/trust_domain', 'is our own')
  const read = input.bundle === undefined ? undefined : readBundle(input.bundle)
  if (read !== undefined && isBundleFault(read)) throw invalid('/bundle', read.fault)
  requireEndpoint(input, read === undefined ? [] : openBundle(read.keys).authorities)
  if ((await listFederations(tx)).length >= maxFederations) {
    throw new MayflyError('state_not_allowed', { publicDetail: `there are ${maxFederations} federations already` })
  }
  const row = await insertFederation(tx, {
    federation_id: newId<FederationId>(change.now.getTime()),
    trust_domain: trustDomain,
    url: input.url,
    profile,
    endpoint_spiffe_id: input.endpointSpiffeId ?? null,
    ca_pem: input.caPem ?? null,
    keys: read === undefined ? null : JSON.stringify(read.keys),
    bundle_sequence: read?.sequence ?? null,
    refresh_hint_seconds: read?.refreshHintSeconds ?? null,
    created_at: change.now,
  })
  const receipt = await tellFederation(tx, change, 'federation.registered', row)
  if (read !== undefined) await wakeHosts(tx)
  await wakeWorkers(tx, 'deadline')
  return { row, receipt }
}

/** From then on nothing of it is believed. @throws MayflyError `resource_not_found` */
export async function endFederation(
  tx: Tx,
  change: FederationChange,
  trustDomain: string,
): Promise<{ readonly row: FederationRow; readonly receipt: AuditReceipt }> {
  const { federation_id: federationId } = await getFederation(tx, trustDomain)
  const row = await retireFederation(tx, federationId)
  const receipt = await tellFederation(tx, change, 'federation.retired', row)
  await wakeHosts(tx)
  return { row, receipt }
}

export async function tellFederation(
  tx: Tx,
  { now, actor, requestId }: FederationChange,
  action: `federation.${'registered' | 'bundle_stored' | 'retired'}`,
  row: FederationRow,
): Promise<AuditReceipt> {
  return appendAudit(tx, {
    action,
    at: now,
    actor,
    rows: [statedRow('federated_bundle', row)],
    body: {
      federation_id: row.federation_id,
      trust_domain: row.trust_domain,
      sequence: row.bundle_sequence,
      keys: (row.keys as readonly unknown[] | null)?.length ?? null,
      request_id: requestId,
    },
  })
}

function requireEndpoint(input: FederationInput, authorities: readonly unknown[]): void {
  const { endpointSpiffeId, caPem, profile, trustDomain } = input
  if (profile === 'https_web') {
    if (endpointSpiffeId === undefined) return
    throw invalid('/endpoint_spiffe_id', 'belongs to the profile `https_spiffe`')
  }
  if (caPem !== undefined) throw invalid('/ca_pem', 'belongs to the profile `https_web`')
  if (endpointSpiffeId === undefined) throw invalid('/endpoint_spiffe_id', 'is required for `https_spiffe`')
  const id = parseSpiffeId(endpointSpiffeId)
  if (isSpiffeIdFault(id)) throw invalid('/endpoint_spiffe_id', id.fault)
  if (id.path === '') throw invalid('/endpoint_spiffe_id', 'must have a path')
  // Its certificate can only be verified with a bundle that came another way.
  if (id.trustDomain === trustDomain && authorities.length === 0) {
    throw invalid('/bundle', 'is required to begin with: it must hold an authority of the endpoint')
  }
}

function invalid(pointer: string, detail: string): MayflyError {
  return new MayflyError('request_invalid', { publicDetail: detail, fields: [{ pointer, detail }] })
}
