/** The SQL of who asks for an SVID: whose proof it is, who vouched for it, and which keys sign at present. */
import { earliest, type AttestationId, type IdentityId } from '@mayfly/domain'
import { sql } from 'kysely'
import type { Tx } from './database.ts'

export interface SvidParty {
  readonly identityId: IdentityId
  readonly name: string
  readonly spiffeId: string
  readonly identityExpiresAt: Date
  readonly attributes: Readonly<Record<string, unknown>>
  /** Never later than that of whoever vouched. */
  readonly freshUntil: Date
  /** False where someone vouched whose own proof no longer counts. */
  readonly voucherLives: boolean
  /** The proofs of whoever vouched, to be held with the rest. */
  readonly vouchers: readonly { readonly table: 'attestation'; readonly id: string; readonly version: number }[]
  readonly authorityKeyId: string | undefined
  readonly jwtKeyId: string | undefined
}

interface PartyRow {
  readonly identity_id: IdentityId
  readonly name: string
  readonly spiffe_id: string
  readonly expires_at: Date
  readonly attributes: Readonly<Record<string, unknown>>
  readonly fresh_until: Date
  readonly voucher_id: AttestationId | null
  readonly voucher_version: number | null
  readonly voucher_fresh_until: Date | null
  readonly voucher_lives: boolean
  readonly authority_key_id: string | null
  readonly jwt_key_id: string | null
}

/**
 * A proof of the caller's own, or one that the caller vouched for: under the proof that it shows now, or under the one
 * before it of the same binding and instance. Any other is undefined, as if it were not there.
 */
export async function findSvidParty(
  tx: Tx,
  asked: { readonly callerAttestationId: AttestationId; readonly attestationId: AttestationId; readonly now: Date },
): Promise<SvidParty | undefined> {
  const { rows } = await sql<PartyRow>`
    select i.identity_id, i.name, i.spiffe_id, i.expires_at, i.attributes, a.fresh_until,
      v.attestation_id as voucher_id, v.version as voucher_version, v.fresh_until as voucher_fresh_until,
      a.vouched_by_attestation_id is null
        or (v.state in ('fresh', 'succeeded') and v.fresh_until > ${asked.now}) as voucher_lives,
      (select x.key_id from x509_authority x where x.state = 'active') as authority_key_id,
      (select k.key_id from signing_key k where k.purpose = 'jwt_svid' and k.state = 'active') as jwt_key_id
    from attestation a
    join identity i on i.identity_id = a.identity_id
    left join attestation v on v.attestation_id = a.vouched_by_attestation_id
    left join attestation c on c.attestation_id = ${asked.callerAttestationId}
    where a.attestation_id = ${asked.attestationId}
      and (a.attestation_id = c.attestation_id or v.attestation_id = c.attestation_id
        or (v.binding_id = c.binding_id and v.instance = c.instance))`.execute(tx.query)
  const [row] = rows
  if (row === undefined) return undefined
  const { voucher_id: voucherId, voucher_version: version, voucher_fresh_until: voucherFreshUntil } = row
  return {
    identityId: row.identity_id,
    name: row.name,
    spiffeId: row.spiffe_id,
    identityExpiresAt: row.expires_at,
    attributes: row.attributes,
    freshUntil: voucherFreshUntil === null ? row.fresh_until : earliest(row.fresh_until, voucherFreshUntil),
    voucherLives: row.voucher_lives,
    vouchers: voucherId === null || version === null ? [] : [{ table: 'attestation', id: voucherId, version }],
    authorityKeyId: row.authority_key_id ?? undefined,
    jwtKeyId: row.jwt_key_id ?? undefined,
  }
}
