/** The SQL of which SVIDs are held: live ones, grouped by the proof that they came of. */
import type { AttestationId, IdentityId, SvidId } from '@mayfly/domain'
import { type RawBuilder, sql } from 'kysely'
import type { Tx } from './database.ts'
import type { HeldSelector } from './held-rows.ts'
import { type EndingProofs, endingTables } from './resting-rows.ts'
import { restsOn } from './revocation-rows.ts'
import type { SvidKind } from './svid-rows.ts'

/** SVIDs with the same facts; one decision judges them all. */
export interface HeldSvidGroup {
  readonly attestationId: AttestationId
  readonly identityId: IdentityId
  readonly x509: number
  readonly jwt: number
}

interface HeldSvidRow {
  readonly attestation_id: AttestationId
  readonly identity_id: IdentityId
  readonly x509: number
  readonly jwt: number
}

/**
 * Groups in the order of their proofs, after `after`: a walk through the index, however many there are. None where the
 * selector is of something that no SVID rests on.
 */
export async function listHeldSvidGroups(
  tx: Tx,
  selector: HeldSelector,
  now: Date,
  page: { readonly after?: HeldSvidGroup | undefined; readonly limit: number },
): Promise<readonly HeldSvidGroup[]> {
  const whose = heldSvidsOf(selector)
  if (whose === undefined) return []
  const later = page.after === undefined ? sql`true` : sql`s.attestation_id > ${page.after.attestationId}::uuid`
  const { rows } = await sql<HeldSvidRow>`
    select g.attestation_id, a.identity_id, g.x509, g.jwt from (
      select s.attestation_id, count(*) filter (where s.kind = 'x509')::int as x509,
             count(*) filter (where s.kind = 'jwt')::int as jwt
      from svid s
      where s.attestation_id is not null and s.state = 'live' and s.expires_at > ${now} and ${whose} and ${later}
      group by s.attestation_id order by s.attestation_id limit ${page.limit}
    ) g join attestation a using (attestation_id) order by g.attestation_id`.execute(tx.query)
  return rows.map((row) => ({
    attestationId: row.attestation_id,
    identityId: row.identity_id,
    x509: row.x509,
    jwt: row.jwt,
  }))
}

function heldSvidsOf(selector: HeldSelector): RawBuilder<boolean> | undefined {
  if (selector.kind === 'all') return sql`true`
  if (selector.kind !== 'environment') return restsOn('s', selector)
  return sql`s.identity_id in (select i.identity_id from identity i where i.environment = ${selector.id})`
}

export async function listHeldSvids(
  tx: Tx,
  attestationId: AttestationId,
  kinds: readonly SvidKind[],
  now: Date,
): Promise<readonly SvidId[]> {
  const rows = await tx.query
    .selectFrom('svid')
    .select('svid_id')
    .where('attestation_id', '=', attestationId)
    .where('kind', 'in', [...kinds])
    .where('state', '=', 'live')
    .where('expires_at', '>', now)
    .orderBy('svid_id')
    .execute()
  return rows.map((row) => row.svid_id)
}

/** How many credentials and SVIDs would end with these, and with what rests on them. Changes nothing. */
export async function countEndingWith(
  tx: Tx,
  ending: Pick<EndingProofs, 'svidIds'> & { readonly credentialIds: readonly string[] },
  now: Date,
): Promise<{ readonly credentials: number; readonly svids: number }> {
  const tables = endingTables(
    {
      attestations: undefined,
      svids: sql`s.svid_id = any(${ending.svidIds}::uuid[])`,
      credentials: sql`c.credential_id = any(${ending.credentialIds}::uuid[])`,
    },
    now,
  )
  const { rows } = await sql<{ credentials: number; svids: number }>`
    with ${tables}
    select (select count(*)::int from ending) as credentials,
           (select count(*)::int from resting where kind = 'svid') as svids`.execute(tx.query)
  return rows[0] ?? { credentials: 0, svids: 0 }
}
