/**
 * The SQL of what rests on what: an SVID on the proof that it came of, a proof on the SVID with which it was given, and on
 * the proof of the host agent that vouched for it.
 *
 * Promise: by partial index, each step; and few steps, since a proof is refused that would stand on too many SVIDs.
 */
import type { AttestationId, SvidId } from '@mayfly/domain'
import { type RawBuilder, type Selectable, sql } from 'kysely'
import type { Tx } from './database.ts'
import type { AttestationTable } from './schema.gen.ts'

/** Proofs and SVIDs that end, or would. */
export interface EndingProofs {
  readonly attestationIds: readonly AttestationId[]
  readonly svidIds: readonly SvidId[]
}

/** Ends proofs: their access tokens say nothing any more (RFC 7662 `active: false`), and nothing is issued under them. */
export async function revokeFresh(
  tx: Tx,
  whose: RawBuilder<boolean>,
  now: Date,
): Promise<readonly Selectable<AttestationTable>[]> {
  // Locked in the order of their ids, so that two revocations with common rows do not deadlock.
  const { rows } = await sql<Selectable<AttestationTable>>`
    with locked as materialized (
      select a.attestation_id from attestation a
      where a.state = 'fresh' and ${whose} order by a.attestation_id for update
    )
    update attestation a set state = 'revoked', token_revoked_at = coalesce(a.token_revoked_at, ${now}), ended_at = ${now}
    from locked l where a.attestation_id = l.attestation_id returning a.*`.execute(tx.query)
  return rows
}

/** Ends the proofs that rest on these: one step. The SVIDs must be locked, so that nobody proves anything with them now. */
export async function revokeResting(
  tx: Tx,
  { attestationIds, svidIds }: EndingProofs,
  now: Date,
  which: 'all' | 'still_fresh' = 'all',
): Promise<readonly Selectable<AttestationTable>[]> {
  return revokeFresh(
    tx,
    sql<boolean>`(a.vouched_by_attestation_id = any(${attestationIds}::uuid[])
        or a.proven_by_svid_id = any(${svidIds}::uuid[]))
      and (${which === 'all'} or a.fresh_until > ${now})`,
    now,
  )
}

/** Credentials or tasks by one of these proofs; credentials also where it is the proof of whom they are held for. */
export function underAny(alias: 'c' | 't', ids: readonly AttestationId[]): RawBuilder<boolean> {
  return alias === 't'
    ? sql`t.attestation_id = any(${ids}::uuid[])`
    : sql`(c.attestation_id = any(${ids}::uuid[]) or c.subject_attestation_id = any(${ids}::uuid[]))`
}

export interface RestingOn {
  /** A condition on `attestation a`; undefined where none ends. */
  readonly attestations: RawBuilder<boolean> | undefined
  /** A condition on `svid s`. */
  readonly svids: RawBuilder<boolean> | undefined
  /** A condition on `credential c`. */
  readonly credentials: RawBuilder<boolean>
}

/**
 * What would end, as recursive common tables. `resting(kind, id)`: proofs and SVIDs, those named and what rests on them.
 * `ending(credential_id)`: credentials that live, those named, those by one of these proofs, and what was exchanged for
 * them. Changes and locks nothing.
 */
export function endingTables({ attestations, svids, credentials }: RestingOn, now: Date): RawBuilder<unknown> {
  return sql`recursive resting as (
    select 'proof' as kind, a.attestation_id as id from attestation a where a.state = 'fresh' and ${attestations ?? sql`false`}
    union
    select 'svid', s.svid_id from svid s where s.state = 'live' and s.expires_at > ${now} and ${svids ?? sql`false`}
    union
    select n.kind, n.id from resting r cross join lateral (
      select 'svid' as kind, s.svid_id as id from svid s
      where r.kind = 'proof' and s.attestation_id = r.id and s.state = 'live' and s.expires_at > ${now}
      union all
      select 'proof', a.attestation_id from attestation a
      where r.kind = 'proof' and a.vouched_by_attestation_id = r.id and a.state = 'fresh'
      union all
      select 'proof', a.attestation_id from attestation a
      where r.kind = 'svid' and a.proven_by_svid_id = r.id and a.state = 'fresh'
    ) n
  ), held as materialized (
    select c.credential_id from credential c where c.state in ('requested', 'active') and ${credentials}
    union
    select c.credential_id from resting r join credential c on c.attestation_id = r.id
    where r.kind = 'proof' and c.state in ('requested', 'active')
    union
    select c.credential_id from resting r join credential c on c.subject_attestation_id = r.id
    where r.kind = 'proof' and c.state in ('requested', 'active')
  ), ending as (
    select h.credential_id from held h
    union
    select c.credential_id from ending e join credential c on c.parent_credential_id = e.credential_id
    where c.state in ('requested', 'active')
  )`
}
