/** The SQL of SVIDs: how many are minted in one commit, how they end, and who holds them. */
import type { AttestationId, DecisionId, IdentityId, RevocationId, SvidId } from '@mayfly/domain'
import { type RawBuilder, type Selectable, sql } from 'kysely'
import type pg from 'pg'
import type { Tx } from './database.ts'
import type { EntryRow } from './entry-rows.ts'
import type { PageRequest } from './page.ts'
import { restsOn, type Selector } from './revocation-rows.ts'
import type { SvidTable } from './schema.gen.ts'

export type SvidKind = 'x509' | 'jwt'
export type SvidRow = Omit<Selectable<SvidTable>, 'kind' | 'state'> & {
  readonly kind: SvidKind
  readonly state: 'live' | 'revoked'
}
interface Words {
  kind: SvidKind
  state: 'live' | 'revoked'
}

/** What one minted SVID writes, and what must still be as it was decided on. */
export interface MintedSvid {
  readonly svidId: SvidId
  readonly kind: SvidKind
  readonly serialNumber: string
  readonly identityId: IdentityId
  readonly attestationId: AttestationId
  readonly spiffeId: string
  readonly issuingKeyId: string
  readonly issuedAt: Date
  readonly expiresAt: Date
  readonly decisionId: DecisionId
  /** Rows that were decided on, at the versions that they had. */
  readonly held: readonly { readonly table: string; readonly id: string; readonly version: number }[]
  /** The permit itself, where it is not written yet. Several SVIDs may rest on one. */
  readonly decision: Readonly<Record<string, unknown>> | undefined
  readonly entry: EntryRow
}

/** `overtaken`: something decided on has changed, or the key signs no longer. */
export type MintOutcome = 'minted' | 'overtaken'

// What was decided on is held by advisory locks that queue fairly (hold_authority), and told at its present version, which
// that function reads with a snapshot of its own. Whether the key still signs needs no lock: an SVID that slips in under a
// key that was retired for cause is believed by nobody, since the bundle does not hold the key any more.
const mintStatement = `
  with input as materialized (
    select * from json_to_recordset($1::json) as r(
      svid_id uuid, kind text, serial_number text, identity_id uuid, attestation_id uuid, spiffe_id text,
      issuing_key_id text, issued_at timestamptz, expires_at timestamptz, decision_id uuid,
      held_kinds text[], held_ids uuid[], held_versions int[], decision jsonb,
      entry_id uuid, stream text, entry_action text, data text, leaf_hash text)
  ), wanted as materialized (
    select array_agg(w.kind) as kinds, array_agg(w.id) as ids from (
      select distinct h.kind, h.id from input r, unnest(r.held_kinds, r.held_ids) as h(kind, id)) w
  ), held as materialized (
    select h.key, h.version from wanted w, hold_authority(w.kinds, w.ids) h
  ), live as materialized (
    select r.* from input r
    where not exists (
        select from unnest(r.held_kinds, r.held_ids, r.held_versions) as v(kind, id, version)
        left join held h on h.key = v.kind || ' ' || v.id where h.version is distinct from v.version)
      and case r.kind
        when 'x509' then exists (select from x509_authority a where a.key_id = r.issuing_key_id and a.state = 'active')
        else exists (select from signing_key k
                     where k.key_id = r.issuing_key_id and k.purpose = 'jwt_svid' and k.state = 'active')
      end
  ), decided as (
    insert into decision (decision_id, action, principal, resource, identity_id, outcome, reasons, determining, duties,
                          context, policy_version_id, decided_at)
    select distinct on (l.decision_id) l.decision_id, d.action, d.principal, d.resource, d.identity_id, d.outcome, d.reasons,
           array(select jsonb_array_elements_text(d.determining)), d.duties, d.context, d.policy_version_id, d.decided_at
    from live l, jsonb_to_record(l.decision) as d(
      action text, principal jsonb, resource jsonb, identity_id uuid, outcome text, reasons jsonb, determining jsonb,
      duties jsonb, context jsonb, policy_version_id uuid, decided_at timestamptz)
    where l.decision is not null
    on conflict do nothing
  ), minted as (
    insert into svid (svid_id, kind, serial_number, identity_id, attestation_id, decision_id, spiffe_id, issuing_key_id,
                      issued_at, expires_at)
    select svid_id, kind, serial_number, identity_id, attestation_id, decision_id, spiffe_id, issuing_key_id,
           issued_at, expires_at
    from live
  ), told as (
    insert into entry (entry_id, stream, action, recorded_at, identity_id, attestation_id, decision_id, data, leaf_hash)
    select entry_id, stream, entry_action, issued_at, identity_id, attestation_id, decision_id,
           decode(data, 'base64'), decode(leaf_hash, 'base64')
    from live
  )
  select svid_id from live`

/** Runs as one statement of the tenant's own. */
export async function insertSvids(client: pg.ClientBase, rows: readonly MintedSvid[]): Promise<readonly MintOutcome[]> {
  const { rows: minted } = await client.query<{ svid_id: string }>({
    name: 'svid_mint',
    text: mintStatement,
    values: [JSON.stringify(rows.map(mintedJson))],
  })
  const ids = new Set(minted.map((row) => row.svid_id))
  return rows.map((row) => (ids.has(row.svidId) ? 'minted' : 'overtaken'))
}

function mintedJson(row: MintedSvid) {
  const { held, entry } = row
  return {
    svid_id: row.svidId,
    kind: row.kind,
    serial_number: row.serialNumber,
    identity_id: row.identityId,
    attestation_id: row.attestationId,
    spiffe_id: row.spiffeId,
    issuing_key_id: row.issuingKeyId,
    issued_at: row.issuedAt,
    expires_at: row.expiresAt,
    decision_id: row.decisionId,
    held_kinds: held.map(({ table }) => table),
    held_ids: held.map(({ id }) => id),
    held_versions: held.map(({ version }) => version),
    decision: row.decision,
    entry_id: entry.entryId,
    stream: entry.stream,
    entry_action: entry.action,
    data: base64(entry.data),
    leaf_hash: base64(entry.leafHash),
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

/** The server's own SVID: of no identity, and decided on by nobody but the configuration. */
export async function insertServerSvid(
  tx: Tx,
  row: {
    readonly svid_id: SvidId
    readonly serial_number: string
    readonly spiffe_id: string
    readonly issuing_key_id: string
    readonly issued_at: Date
    readonly expires_at: Date
  },
): Promise<SvidRow> {
  return tx.query
    .insertInto('svid')
    .values({ ...row, kind: 'x509' })
    .returningAll()
    .$narrowType<Words>()
    .executeTakeFirstOrThrow()
}

/** The SVIDs of a selector as a condition on `svid s`; undefined where none hang on it. */
export function svidsOf(selector: Selector): RawBuilder<boolean> | undefined {
  const { kind, id } = selector
  if (kind === 'svid') return sql`s.svid_id = ${id}::uuid`
  return kind === 'svid_authority' ? sql`s.issuing_key_id = ${id}` : restsOn('s', selector)
}

/** The live SVIDs of a selector, locked: nothing is proven with them from then on. */
export async function lockLiveSvids(tx: Tx, selector: Selector, now: Date): Promise<readonly SvidId[]> {
  const whose = svidsOf(selector)
  return whose === undefined ? [] : lockLive(tx, whose, now)
}

/** Those of these that live. */
export async function lockLiveOf(tx: Tx, svidIds: readonly SvidId[], now: Date): Promise<readonly SvidId[]> {
  return svidIds.length === 0 ? [] : lockLive(tx, sql`s.svid_id = any(${svidIds}::uuid[])`, now)
}

/** Those that came of these proofs. */
export async function lockLiveUnder(
  tx: Tx,
  attestationIds: readonly AttestationId[],
  now: Date,
): Promise<readonly SvidId[]> {
  return attestationIds.length === 0 ? [] : lockLive(tx, sql`s.attestation_id = any(${attestationIds}::uuid[])`, now)
}

// Rows in the order of their ids, so that two revocations with common rows do not deadlock. Then a turn is taken with whoever
// is proving something with one of them: what they prove is seen by the statements that come after.
async function lockLive(tx: Tx, whose: RawBuilder<boolean>, now: Date): Promise<readonly SvidId[]> {
  const { rows } = await sql<{ svid_id: SvidId }>`
    with locked as materialized (
      select s.svid_id from svid s where s.state = 'live' and s.expires_at > ${now} and ${whose}
      order by s.svid_id for update
    ), places as materialized (
      select min(l.svid_id::text)::uuid as svid_id from locked l group by authority_place(l.svid_id)
      order by authority_place(min(l.svid_id::text)::uuid)
    ), turns as materialized (
      select change_authority('svid', p.svid_id) from places p
    )
    select l.svid_id from locked l cross join (select count(*) from turns) t order by l.svid_id`.execute(tx.query)
  return rows.map((row) => row.svid_id)
}

/** Ends SVIDs that are locked; from the commit on no CRL is served that does not list the X509-SVIDs among them. */
export async function endSvids(
  tx: Tx,
  ids: readonly SvidId[],
  revocationId: RevocationId,
  now: Date,
): Promise<readonly SvidRow[]> {
  if (ids.length === 0) return []
  const { rows } = await sql<SvidRow>`
    with ended as (
      update svid s set state = 'revoked', revoked_at = ${now}, revocation_id = ${revocationId}
      where s.svid_id = any(${ids}::uuid[]) and s.state = 'live' returning s.*
    ), due as (
      insert into crl_due (issuing_key_id, svid_id) select issuing_key_id, svid_id from ended where kind = 'x509'
    )
    select * from ended order by svid_id`.execute(tx.query)
  return rows
}

/**
 * Removes SVIDs that ended long ago, oldest end first, by index; what another server has in hand is passed over. One that was
 * revoked stays until a CRL from after its end has named it, where its authority still signs them.
 *
 * @param endedBefore never later than the database's own clock allows (`keep_until_over`)
 */
export async function deleteOverSvids(
  tx: Tx,
  { endedBefore, now, limit }: { readonly endedBefore: Date; readonly now: Date; readonly limit: number },
): Promise<readonly SvidRow[]> {
  const { rows } = await sql<SvidRow>`
    with over as materialized (
      select s.svid_id from svid s
      where s.expires_at < least(${endedBefore}::timestamptz, now() - interval '1 day')
        and (s.state = 'live' or s.kind = 'jwt' or not exists (
          select from x509_authority a left join crl c on c.issuing_key_id = a.key_id
          where a.key_id = s.issuing_key_id and a.not_after > ${now}
            and (a.state <> 'retired' or a.trusted_until > ${now})
            and (c.this_update is null or c.this_update <= s.expires_at)))
      order by s.expires_at limit ${limit} for update of s skip locked
    ), gone as (
      delete from svid s using over o where s.svid_id = o.svid_id returning s.*
    ), listed as (
      delete from crl_due d using gone g where d.issuing_key_id = g.issuing_key_id and d.svid_id = g.svid_id
    )
    select * from gone order by svid_id`.execute(tx.query)
  return rows
}

export async function findSvidBySerial(tx: Tx, serialNumber: string): Promise<SvidRow | undefined> {
  return tx.query
    .selectFrom('svid')
    .selectAll()
    .$narrowType<Words>()
    .where('serial_number', '=', serialNumber)
    .executeTakeFirst()
}

export async function findSvid(tx: Tx, svidId: SvidId): Promise<SvidRow | undefined> {
  return tx.query.selectFrom('svid').selectAll().$narrowType<Words>().where('svid_id', '=', svidId).executeTakeFirst()
}

export interface SvidFilter {
  readonly identityId?: IdentityId | undefined
  readonly kind?: SvidKind | undefined
  /** Only those that are neither ended nor revoked at that time. */
  readonly liveAt?: Date | undefined
}

export async function listSvids(tx: Tx, filter: SvidFilter, page: PageRequest): Promise<readonly SvidRow[]> {
  let query = tx.query.selectFrom('svid').selectAll().$narrowType<Words>()
  if (page.after !== undefined) query = query.where('svid_id', '>', page.after as SvidId)
  if (filter.identityId !== undefined) query = query.where('identity_id', '=', filter.identityId)
  if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind)
  if (filter.liveAt !== undefined) query = query.where('state', '=', 'live').where('expires_at', '>', filter.liveAt)
  return query.orderBy('svid_id').limit(page.limit).execute()
}
