/** The SQL of what host agents vouched for. */
import { type AttestationId, type IdentityId, isId } from '@mayfly/domain'
import { sql } from 'kysely'
import type { Tx } from './database.ts'

/** Proofs that a host agent vouched for and that have ended since, not followed by a newer one. By the host's index. */
export async function listEndedOfHost(tx: Tx, host: IdentityId, since: Date): Promise<readonly AttestationId[]> {
  const rows = await tx.query
    .selectFrom('attestation')
    .select('attestation_id')
    .where('host_identity_id', '=', host)
    .where('ended_at', '>=', since)
    .where('state', 'in', ['lapsed', 'revoked'])
    .orderBy('ended_at')
    .limit(10_000)
    .execute()
  return rows.map((row) => row.attestation_id)
}

/** Of these ids the ones that a host agent vouched for and that still count; what is no id counts for nothing. */
export async function listStandingOfHost(
  tx: Tx,
  host: IdentityId,
  ids: readonly string[],
  now: Date,
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ attestation_id: AttestationId }>`
    select a.attestation_id from attestation a
    join attestation v on v.attestation_id = a.vouched_by_attestation_id
    where a.attestation_id = any(${ids.filter(isId)}::uuid[]) and a.host_identity_id = ${host}::uuid
      and a.state = 'fresh' and a.fresh_until > ${now} and v.state in ('fresh', 'succeeded') and v.fresh_until > ${now}`.execute(
    tx.query,
  )
  return new Set(rows.map((row) => row.attestation_id))
}

/** Of these ids the ones that a host agent vouched for, whatever became of them. */
export async function listVouchedByHost(
  tx: Tx,
  host: IdentityId,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await tx.query
    .selectFrom('attestation')
    .select('attestation_id')
    .where('attestation_id', 'in', ids.filter(isId) as AttestationId[])
    .where('host_identity_id', '=', host)
    .execute()
  return new Set(rows.map((row) => row.attestation_id))
}
