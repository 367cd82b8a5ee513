/** The SQL of DPoP proofs that were used. */
import { sql } from 'kysely'
import type pg from 'pg'
import type { Tx } from './database.ts'

export interface UsedDpopProof {
  /** SHA-256 over what makes the proof this one. */
  readonly digest: Buffer
  /** Until then it could be presented again. */
  readonly expiresAt: Date
}

// Not waited for on the disk: a server that loses its power forgets the last moments of these, and each is one request
// that its sender alone could make again, within its minute. A wait for the disk at every request would cost more.
const useStatement = `
  with lazily as materialized (select set_config('synchronous_commit', 'off', true)),
  used as (
    insert into dpop_proof_seen (proof_digest, expires_at)
    select r.digest, r.expires_at from unnest($1::bytea[], $2::timestamptz[]) as r(digest, expires_at), lazily
    on conflict do nothing returning proof_digest
  )
  select proof_digest from used`

/** Runs inside the tenant's transaction. No two of one call may be the same. @returns whether each is used for the first time */
export async function insertUsedDpopProofs(
  client: pg.ClientBase,
  proofs: readonly UsedDpopProof[],
): Promise<readonly boolean[]> {
  const { rows } = await client.query<{ proof_digest: Buffer }>({
    name: 'dpop_use',
    text: useStatement,
    values: [proofs.map(({ digest }) => digest), proofs.map(({ expiresAt }) => expiresAt)],
  })
  const first = new Set(rows.map((row) => row.proof_digest.toString('latin1')))
  return proofs.map(({ digest }) => first.has(digest.toString('latin1')))
}

/** Forgets those that nobody could present again. @returns how many */
export async function deleteSeenDpopProofs(tx: Tx, before: Date, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from dpop_proof_seen where ctid = any(array(
      select ctid from dpop_proof_seen where expires_at < ${before} order by expires_at limit ${limit}
      for update skip locked))`.execute(tx.query)
  return Number(numAffectedRows ?? 0n)
}
