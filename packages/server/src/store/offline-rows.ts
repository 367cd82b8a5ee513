/** The SQL of sites that are believed without a network, and of what their bundles brought. */
import { type AttestationId, isId, type OfflineSiteId, type TrustProviderId } from '@mayfly/domain'
import { type Insertable, type Selectable, sql } from 'kysely'
import type { Tx } from './database.ts'
import type { CandidateTrustProvider } from './proof-rows.ts'
import type { PageRequest } from './page.ts'
import { orNameTaken, orNotFound } from './registry-errors.ts'
import type { OfflineSiteTable } from './schema.gen.ts'

/** `keys` are verifier keys; the columns are JSON, and only texts are ever written into them. */
export type OfflineSiteRow = Omit<Selectable<OfflineSiteTable>, keyof Words> & Pick<Words, keyof Words>
export type NewOfflineSiteRow = Pick<
  Insertable<OfflineSiteTable>,
  'offline_site_id' | 'name' | 'origin' | 'max_age_seconds' | 'created_at'
> & { readonly keys: readonly string[] }

interface Words {
  /** Those that are believed now: as a person pinned them, then as the last bundle listed them. */
  readonly keys: readonly string[]
  /** Those that a person pinned; null where that was not kept yet, and `keys` are they. */
  readonly pinned_keys: readonly string[] | null
}

export async function insertOfflineSite(tx: Tx, { keys, ...row }: NewOfflineSiteRow): Promise<OfflineSiteRow> {
  const insert = tx.query
    .insertInto('offline_site')
    .values({ ...row, keys: JSON.stringify(keys), pinned_keys: JSON.stringify(keys) })
    .returningAll()
    .$narrowType<Words>()
  return orNameTaken(insert.executeTakeFirstOrThrow(), {
    offline_site_tenant_id_name_key: { pointer: '/name', detail: `there is an offline site \`${row.name}\` already` },
    offline_site_tenant_id_origin_key: {
      pointer: '/origin',
      detail: `the origin \`${row.origin}\` belongs to another offline site`,
    },
  })
}

export interface OfflineSiteChange {
  readonly keys?: readonly string[]
  readonly pinned_keys?: readonly string[] | null
  readonly max_age_seconds?: number
  readonly state?: 'active' | 'retired'
  readonly imported?: {
    readonly sequence: number | null
    readonly digest: string | null
    readonly made_at: Date | null
    readonly imported_at: Date | null
  }
}

export async function updateOfflineSite(
  tx: Tx,
  siteId: OfflineSiteId,
  { keys, pinned_keys: pinned, imported, ...rest }: OfflineSiteChange,
): Promise<OfflineSiteRow> {
  return tx.query
    .updateTable('offline_site')
    .set({
      ...rest,
      ...imported,
      ...(keys === undefined ? {} : { keys: JSON.stringify(keys) }),
      ...(pinned === undefined ? {} : { pinned_keys: pinned === null ? null : JSON.stringify(pinned) }),
    })
    .where('offline_site_id', '=', siteId)
    .returningAll()
    .$narrowType<Words>()
    .executeTakeFirstOrThrow()
}

function byRef(tx: Tx, ref: string) {
  const query = tx.query.selectFrom('offline_site').selectAll().$narrowType<Words>()
  return isId(ref) ? query.where('offline_site_id', '=', ref as OfflineSiteId) : query.where('name', '=', ref)
}

export async function findOfflineSite(tx: Tx, ref: string): Promise<OfflineSiteRow | undefined> {
  return byRef(tx, ref).executeTakeFirst()
}

/** @throws MayflyError `resource_not_found` */
export async function getOfflineSite(tx: Tx, ref: string): Promise<OfflineSiteRow> {
  return orNotFound('offline site', ref, await findOfflineSite(tx, ref))
}

/** The row, locked until the transaction ends: of two imports at once the second sees what the first brought. */
export async function claimOfflineSite(tx: Tx, ref: string): Promise<OfflineSiteRow> {
  return orNotFound('offline site', ref, await byRef(tx, ref).forNoKeyUpdate().executeTakeFirst())
}

export async function listOfflineSites(
  tx: Tx,
  filter: { readonly state?: 'active' | 'retired' | undefined },
  page: PageRequest,
): Promise<OfflineSiteRow[]> {
  let query = tx.query.selectFrom('offline_site').selectAll().$narrowType<Words>()
  if (filter.state !== undefined) query = query.where('state', '=', filter.state)
  if (page.after !== undefined) query = query.where('offline_site_id', '>', page.after as OfflineSiteId)
  return query.orderBy('offline_site_id').limit(page.limit).execute()
}

/** Takes the place of what was there. */
export async function storeOfflineMaterial(tx: Tx, siteId: OfflineSiteId, bundle: Uint8Array): Promise<void> {
  const bytes = Buffer.from(bundle.buffer, bundle.byteOffset, bundle.byteLength)
  await tx.query
    .insertInto('offline_material')
    .values({ offline_site_id: siteId, bundle: bytes })
    .onConflict((on) => on.columns(['offline_site_id', 'tenant_id']).doUpdateSet({ bundle: bytes }))
    .execute()
}

export async function removeOfflineMaterial(tx: Tx, siteId: OfflineSiteId): Promise<void> {
  await tx.query.deleteFrom('offline_material').where('offline_site_id', '=', siteId).execute()
}

export async function readOfflineMaterial(tx: Tx, siteId: OfflineSiteId): Promise<Uint8Array | undefined> {
  const row = await tx.query
    .selectFrom('offline_material')
    .select('bundle')
    .where('offline_site_id', '=', siteId)
    .executeTakeFirst()
  return row?.bundle
}

/** The trust providers whose settings take their keys from this site. They are few. */
export async function listTrustProvidersOfSite(tx: Tx, site: string): Promise<readonly TrustProviderId[]> {
  const rows = await tx.query
    .selectFrom('trust_provider')
    .select('trust_provider_id')
    .where('state', '=', 'active')
    .where(sql<boolean>`jsonb_path_exists(settings, '$.* ? (@.from == "offline_site" && @.site == $site)',
      jsonb_build_object('site', ${site}::text))`)
    .orderBy('trust_provider_id')
    .execute()
  return rows.map((row) => row.trust_provider_id)
}

/** The trust providers whose lists of revoked certificates travel with our own bundles. They are few. */
export async function listCarryingTrustProviders(tx: Tx): Promise<readonly CandidateTrustProvider[]> {
  const { rows } = await sql<CandidateTrustProvider>`
    select trust_provider_id as "trustProviderId", name, kind, settings::text as settings, strength,
      fresh_for_seconds as "freshForSeconds", version
    from trust_provider where state = 'active' and settings -> 'crl' -> 'carry' = 'true'
    order by trust_provider_id`.execute(tx.query)
  return rows
}

/** What a bundle may list as revoked: a place in a status list, or certificates. */
export interface RevocableProof {
  readonly attestationId: AttestationId
  readonly uri: string | null
  readonly index: number | null
  /** Serial numbers in hexadecimal; an issuer where the path was that of a private authority. */
  readonly certificates: readonly { readonly issuer?: string; readonly serialNumber: string }[]
}

/** Proofs that count now and that a bundle may list as revoked, after `after`, in the order of their ids. */
export async function listRevocableProofs(
  tx: Tx,
  trustProviderIds: readonly TrustProviderId[],
  page: { readonly after: AttestationId | undefined; readonly limit: number },
): Promise<readonly RevocableProof[]> {
  const { rows } = await sql<RevocableProof>`
    select a.attestation_id as "attestationId", a.claims -> 'status' ->> 'uri' as uri,
      (a.claims -> 'status' ->> 'index')::float8 as index,
      case when a.claims ? 'certificates' then (
          select jsonb_agg(jsonb_build_object('issuer', c.issuer, 'serialNumber', c.serial_number))
          from jsonb_to_recordset(a.claims -> 'certificates') as c(issuer text, serial_number text))
        when a.claims ? 'serial_number' then
          jsonb_build_array(jsonb_build_object('serialNumber', a.claims ->> 'serial_number'))
        else '[]' end as certificates
    from attestation a
    where a.state = 'fresh' and a.trust_provider_id = any(${trustProviderIds}::uuid[])
      and a.claims ?| array['status', 'serial_number']
      and (${page.after ?? null}::uuid is null or a.attestation_id > ${page.after ?? null}::uuid)
    order by a.attestation_id limit ${page.limit}`.execute(tx.query)
  return rows
}
