/** The SQL of certificate revocation lists: what they list, and what they do not list yet. */
import type { RevocationCause, SvidId } from '@mayfly/domain'
import { type Selectable, sql } from 'kysely'
import type { Tx } from './database.ts'
import type { CrlTable } from './schema.gen.ts'

export type CrlRow = Selectable<CrlTable>

export interface CrlState {
  /** Undefined where none was signed yet. Without its bytes. */
  readonly number: number | undefined
  readonly thisUpdate: Date | undefined
  readonly nextUpdate: Date | undefined
  readonly due: boolean
}

/** Whether what was signed last still says all. One look-up by index. */
export async function readCrlState(tx: Tx, issuingKeyId: string): Promise<CrlState> {
  const { rows } = await sql<{
    number: number | null
    this_update: Date | null
    next_update: Date | null
    due: boolean
  }>`
    select c.number, c.this_update, c.next_update,
           exists (select from crl_due d where d.issuing_key_id = ${issuingKeyId}) as due
    from (select 1) one left join crl c on c.issuing_key_id = ${issuingKeyId}`.execute(tx.query)
  const [row] = rows
  return {
    number: row?.number ?? undefined,
    thisUpdate: row?.this_update ?? undefined,
    nextUpdate: row?.next_update ?? undefined,
    due: row?.due === true,
  }
}

export async function findCrl(tx: Tx, issuingKeyId: string): Promise<CrlRow | undefined> {
  return tx.query.selectFrom('crl').selectAll().where('issuing_key_id', '=', issuingKeyId).executeTakeFirst()
}

/** One at a time for each authority, so that no number is given twice. Held until the end of the transaction. */
export async function lockCrl(tx: Tx, issuingKeyId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`mayfly crl ${tx.tenantId} ${issuingKeyId}`}, 0))`.execute(
    tx.query,
  )
}

export interface RevokedSvid {
  readonly serial_number: string
  readonly revoked_at: Date
  readonly cause: RevocationCause
}

/** By index. @param endAfter those whose end is not after that are left out */
export async function listRevokedSvids(tx: Tx, issuingKeyId: string, endAfter: Date): Promise<readonly RevokedSvid[]> {
  const { rows } = await sql<RevokedSvid>`
    select s.serial_number, s.revoked_at, r.cause from svid s join revocation r using (revocation_id)
    where s.issuing_key_id = ${issuingKeyId} and s.state = 'revoked' and s.kind = 'x509' and s.expires_at > ${endAfter}
    order by s.serial_number`.execute(tx.query)
  return rows
}

export async function listCrlDue(tx: Tx, issuingKeyId: string): Promise<readonly SvidId[]> {
  const rows = await tx.query
    .selectFrom('crl_due')
    .select('svid_id')
    .where('issuing_key_id', '=', issuingKeyId)
    .execute()
  return rows.map((row) => row.svid_id)
}

/** Takes out what the new list says; what was revoked meanwhile stays due. */
export async function storeCrl(tx: Tx, row: Omit<CrlRow, 'tenant_id'>, listed: readonly SvidId[]): Promise<void> {
  await tx.query
    .insertInto('crl')
    .values(row)
    .onConflict((on) => on.columns(['issuing_key_id', 'tenant_id']).doUpdateSet(row))
    .execute()
  await sql`delete from crl_due where issuing_key_id = ${row.issuing_key_id} and svid_id = any(${listed}::uuid[])`.execute(
    tx.query,
  )
}
