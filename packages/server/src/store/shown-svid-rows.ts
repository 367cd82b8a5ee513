/** The SQL of SVIDs of our own that are shown as proofs: what is known of them, for many proofs in one statement. */
import type { AttestationId, Strength, SvidId } from '@mayfly/domain'
import type pg from 'pg'

/** What a proof calls itself; nothing of it is believed yet. */
export interface ShownSvid {
  /** As in the row: 32 hexadecimal digits. */
  readonly serialNumber: string
  /** One of these must be the SVID's own. */
  readonly spiffeIds: readonly string[]
}

/** An SVID that this server made, and the proof that it came of. */
export interface OwnSvid {
  readonly svidId: SvidId
  readonly version: number
  /** False where it was revoked. */
  readonly stands: boolean
  readonly expiresAt: Date
  /** Absent for the server's own. */
  readonly cameOf?: {
    readonly attestationId: AttestationId
    readonly strength: Strength
    readonly trustMadeAt: Date | null
  }
  /** How many SVIDs stand one behind the other, this one among them. */
  readonly chainLength: number
}

const statement = `
  select r.ord::int, s.svid_id, s.version, s.state = 'live' as stands, s.expires_at,
    a.attestation_id, a.strength, a.trust_made_at, coalesce(a.svid_chain_length, 0) + 1 as chain_length
  from json_to_recordset($1::json) as r(ord int, serial_number text, spiffe_ids text[])
  cross join lateral (select * from svid n where n.serial_number = r.serial_number limit 1) s
  left join lateral (select * from attestation n where n.attestation_id = s.attestation_id limit 1) a on true
  where s.spiffe_id = any(r.spiffe_ids)`

interface OwnSvidRow {
  readonly ord: number
  readonly svid_id: SvidId
  readonly version: number
  readonly stands: boolean
  readonly expires_at: Date
  readonly attestation_id: AttestationId | null
  readonly strength: Strength
  readonly trust_made_at: Date | null
  readonly chain_length: number
}

/** In the order of what is asked; undefined where it is none of ours. Runs inside the tenant's transaction. */
export async function findOwnSvids(
  client: pg.ClientBase,
  shown: readonly ShownSvid[],
): Promise<readonly (OwnSvid | undefined)[]> {
  const asked = shown.map((one, ord) => ({ ord, serial_number: one.serialNumber, spiffe_ids: one.spiffeIds }))
  const { rows } = await client.query<OwnSvidRow>({
    name: 'own_svid',
    text: statement,
    values: [JSON.stringify(asked)],
  })
  const answers: (OwnSvid | undefined)[] = shown.map(() => undefined)
  for (const row of rows) answers[row.ord] = ownSvidOf(row)
  return answers
}

function ownSvidOf(row: OwnSvidRow): OwnSvid {
  const { attestation_id: attestationId, strength, trust_made_at: trustMadeAt } = row
  return {
    svidId: row.svid_id,
    version: row.version,
    stands: row.stands,
    expiresAt: row.expires_at,
    ...(attestationId === null ? {} : { cameOf: { attestationId, strength, trustMadeAt } }),
    chainLength: row.chain_length,
  }
}
