/** The SQL of lapses: proofs whose time is over, and what hangs on them. All of it by partial index. */
import type { AttestationId } from '@mayfly/domain'
import { type Selectable, sql } from 'kysely'
import type { AttestationRow } from './attestation-rows.ts'
import type { Tx } from './database.ts'
import type { CredentialTable, TaskTable } from './schema.gen.ts'

export interface DueAttestation {
  readonly attestationId: AttestationId
  /** A newer proof of the same binding and instance that is still fresh. */
  readonly successorId: AttestationId | null
  /** True where a live credential or an active task hangs on it. */
  readonly carries: boolean
}

/**
 * Oldest end first, locked; what another server has in hand is passed over. A credential that is being issued under one
 * of them holds it shared, so it is either seen here or refused there.
 */
export async function claimDueAttestations(tx: Tx, now: Date, limit: number): Promise<readonly DueAttestation[]> {
  const { rows } = await sql<{ attestation_id: AttestationId; successor_id: AttestationId | null; carries: boolean }>`
    with due as materialized (
      select a.attestation_id, a.binding_id, a.instance, a.accepted_at from attestation a
      where a.state = 'fresh' and a.fresh_until <= ${now}
      order by a.fresh_until limit ${limit} for update skip locked
    )
    select d.attestation_id,
      (select s.attestation_id from attestation s
       where s.binding_id = d.binding_id and s.instance = d.instance and s.state = 'fresh'
         and s.accepted_at > d.accepted_at and s.fresh_until > ${now}
       order by s.accepted_at desc limit 1) as successor_id,
      exists (select 1 from credential c
              where (c.attestation_id = d.attestation_id or c.subject_attestation_id = d.attestation_id)
                and c.state in ('requested', 'active'))
      or exists (select 1 from task t where t.attestation_id = d.attestation_id and t.state = 'active') as carries
    from due d`.execute(tx.query)
  return rows.map((row) => ({
    attestationId: row.attestation_id,
    successorId: row.successor_id,
    carries: row.carries,
  }))
}

export async function endAttestations(
  tx: Tx,
  ids: readonly AttestationId[],
  state: 'succeeded' | 'lapsed',
  now: Date,
): Promise<readonly AttestationRow[]> {
  if (ids.length === 0) return []
  return tx.query
    .updateTable('attestation')
    .set({ state, ended_at: now })
    .where('attestation_id', 'in', [...ids])
    .where('state', '=', 'fresh')
    .returningAll()
    .execute()
}

/** What is live under one proof goes on under the next: its credentials, and the running instances. */
export async function moveToSuccessor(
  tx: Tx,
  from: AttestationId,
  to: AttestationId,
): Promise<{ credentials: readonly Selectable<CredentialTable>[]; tasks: readonly Selectable<TaskTable>[] }> {
  const { rows: credentials } = await sql<Selectable<CredentialTable>>`
    update credential
    set attestation_id = case when attestation_id = ${from} then ${to}::uuid else attestation_id end,
        subject_attestation_id = case when subject_attestation_id = ${from} then ${to}::uuid else subject_attestation_id end
    where (attestation_id = ${from} or subject_attestation_id = ${from}) and state in ('requested', 'active')
    returning *`.execute(tx.query)
  const tasks = await tx.query
    .updateTable('task')
    .set({ attestation_id: to })
    .where('attestation_id', '=', from)
    .where('state', '=', 'active')
    .returningAll()
    .execute()
  return { credentials, tasks }
}

/** What a host agent vouched for under one proof of its own rests on the next. */
export async function moveVouched(tx: Tx, from: AttestationId, to: AttestationId): Promise<readonly AttestationRow[]> {
  return tx.query
    .updateTable('attestation')
    .set({ vouched_by_attestation_id: to })
    .where('vouched_by_attestation_id', '=', from)
    .where('state', '=', 'fresh')
    .returningAll()
    .execute()
}

/** Forgets proofs that nobody could present again. @returns how many */
export async function deleteSeenProofs(tx: Tx, before: Date, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from proof_seen where ctid = any(array(
      select ctid from proof_seen where expires_at < ${before} order by expires_at limit ${limit}
      for update skip locked))`.execute(tx.query)
  return Number(numAffectedRows ?? 0n)
}
