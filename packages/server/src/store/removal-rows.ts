/** The SQL of removals: which accounts are due at which target, and how far they have come. */
import type { CredentialId, ResourceId, RevocationId } from '@mayfly/domain'
import { type Selectable, sql } from 'kysely'
import type { CredentialRow } from './credential-rows.ts'
import type { Tx } from './database.ts'
import type { ResourceTable, RevocationTable } from './schema.gen.ts'

/**
 * The targets at which something is due, by skipping from one to the next in the index: the cost is the number of
 * targets with work, not the number of rows that wait there.
 */
export async function listDueTargets(tx: Tx, now: Date): Promise<readonly ResourceId[]> {
  const { rows } = await sql<{ resource_id: ResourceId }>`
    with recursive target as (
      (select c.resource_id from credential c where c.state = 'revoking' order by c.resource_id limit 1)
      union all
      select (select c.resource_id from credential c where c.state = 'revoking' and c.resource_id > t.resource_id
              order by c.resource_id limit 1)
      from target t where t.resource_id is not null
    )
    select t.resource_id from target t
    where t.resource_id is not null and exists (
      select from credential c
      where c.state = 'revoking' and c.resource_id = t.resource_id and c.next_attempt_at <= ${now})`.execute(tx.query)
  return rows.map((row) => row.resource_id)
}

/** Takes due accounts of one target until `leaseUntil`; after that, anyone may: its worker has died. */
export async function claimDue(
  tx: Tx,
  claim: { resourceId: ResourceId; now: Date; leaseUntil: Date; limit: number },
): Promise<readonly CredentialRow[]> {
  const { rows } = await sql<CredentialRow>`
    with due as materialized (
      select credential_id from credential
      where state = 'revoking' and resource_id = ${claim.resourceId} and next_attempt_at <= ${claim.now}
      order by next_attempt_at, credential_id limit ${claim.limit} for update skip locked
    )
    update credential c set next_attempt_at = ${claim.leaseUntil}, attempts = c.attempts + 1
    from due where c.credential_id = due.credential_id returning c.*`.execute(tx.query)
  return rows
}

export async function getTargetRow(tx: Tx, resourceId: ResourceId): Promise<Selectable<ResourceTable>> {
  return tx.query.selectFrom('resource').selectAll().where('resource_id', '=', resourceId).executeTakeFirstOrThrow()
}

/** Beyond the create's deadline: clocks here and at the target may differ by this. */
export const deadlineMarginMs = 1_000

export interface Postponement {
  readonly credentialId: CredentialId
  /** When it is due again. */
  readonly at: Date
  /** Fit for a person, at most 1,000 characters; absent: what was said last stays. */
  readonly lastError?: string | undefined
  /** It only waits for the create's deadline, which its creator may have brought forward since the row was read. */
  readonly awaitsDeadline?: boolean
}

/** Makes those still on their way out due at their new moments. */
export async function postpone(tx: Tx, postponements: readonly Postponement[]): Promise<void> {
  await sql`
    with later as materialized (
      select credential_id, at, last_error, awaits_deadline from unnest(
        ${postponements.map((each) => each.credentialId)}::uuid[],
        ${postponements.map((each) => each.at)}::timestamptz[],
        ${postponements.map((each) => each.lastError ?? null)}::text[],
        ${postponements.map((each) => each.awaitsDeadline === true)}::boolean[])
        as l (credential_id, at, last_error, awaits_deadline)
    ), locked as materialized (
      select c.credential_id from credential c
      where c.credential_id in (select credential_id from later) and c.state = 'revoking'
      order by c.credential_id for update
    )
    update credential c
    set next_attempt_at = case when l.awaits_deadline
                               then least(l.at, c.create_deadline_at + ${deadlineMarginMs + 1}::int * interval '1 millisecond')
                               else l.at end,
        last_error = coalesce(l.last_error, c.last_error)
    from later l join locked using (credential_id) where c.credential_id = l.credential_id`.execute(tx.query)
}

/**
 * Makes due now what a target's accounts were put off for until after `later`. What is due before is either about to be
 * tried or under somebody's lease, and stays as it is.
 */
export async function bringForward(
  tx: Tx,
  target: { readonly resourceId: ResourceId; readonly now: Date; readonly later: Date },
): Promise<void> {
  await sql`
    with waiting as materialized (
      select credential_id from credential
      where state = 'revoking' and resource_id = ${target.resourceId} and next_attempt_at > ${target.later}
      order by credential_id for update skip locked
    )
    update credential c set next_attempt_at = ${target.now}
    from waiting w where c.credential_id = w.credential_id`.execute(tx.query)
}

/** Records that accounts can neither log in nor hold a session. @returns those that were not yet recorded */
export async function markCut(
  tx: Tx,
  credentialIds: readonly CredentialId[],
  now: Date,
): Promise<readonly CredentialRow[]> {
  const { rows } = await sql<CredentialRow>`
    with locked as materialized (
      select credential_id from credential
      where credential_id = any(${credentialIds}::uuid[]) and state = 'revoking' and cut_at is null
      order by credential_id for update
    )
    update credential c set cut_at = ${now} from locked l where c.credential_id = l.credential_id returning c.*`.execute(
    tx.query,
  )
  return rows
}

/** Records that the target says absent. @returns those that were not yet recorded, and whether each was cut before */
export async function markRemoved(
  tx: Tx,
  credentialIds: readonly CredentialId[],
  now: Date,
): Promise<readonly (CredentialRow & { readonly cut_before: boolean })[]> {
  const { rows } = await sql<CredentialRow & { cut_before: boolean }>`
    with locked as materialized (
      select credential_id, cut_at from credential
      where credential_id = any(${credentialIds}::uuid[]) and state = 'revoking'
      order by credential_id for update
    )
    update credential c set state = 'revoked', removed_at = ${now}, cut_at = coalesce(c.cut_at, ${now}),
                            next_attempt_at = null, last_error = null
    from locked l where c.credential_id = l.credential_id
    returning c.*, l.cut_at is not null as cut_before`.execute(tx.query)
  return rows
}

/**
 * Counts up the revocations that wait for these credentials. A statement of its own after the rows have changed, so
 * that it also sees a revocation that was recorded while those rows were waited for.
 *
 * @returns the revocations that are complete by it
 */
export async function countProgress(
  tx: Tx,
  gone: { cut: readonly CredentialId[]; removed: readonly CredentialId[] },
  now: Date,
): Promise<readonly Selectable<RevocationTable>[]> {
  const { rows } = await sql<Selectable<RevocationTable>>`
    with progress as materialized (
      select revocation_id, count(*) filter (where what = 'cut')::int as cut,
             count(*) filter (where what = 'removed')::int as removed
      from (
        select rc.revocation_id, 'cut' as what from revocation_credential rc
        where rc.credential_id = any(${gone.cut}::uuid[])
        union all
        select rc.revocation_id, 'removed' from revocation_credential rc
        where rc.credential_id = any(${gone.removed}::uuid[])
      ) moments group by revocation_id
    ), locked as materialized (
      select r.revocation_id from revocation r
      where r.revocation_id in (select revocation_id from progress) order by r.revocation_id for update
    )
    update revocation r
    set cut_count = r.cut_count + p.cut, removed_count = r.removed_count + p.removed,
        cut_at = case when r.cut_count + p.cut = r.total then coalesce(r.cut_at, ${now}) end,
        state = case when r.removed_count + p.removed = r.total then 'complete' else r.state end,
        completed_at = case when r.removed_count + p.removed = r.total then ${now}::timestamptz end
    from progress p, locked l
    where r.revocation_id = p.revocation_id and l.revocation_id = p.revocation_id
    returning r.*`.execute(tx.query)
  return rows.filter((row) => row.state === 'complete')
}

/** How many accounts of a target are on their way out since before `since`. */
export async function countOverdue(tx: Tx, resourceId: ResourceId, since: Date): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from credential
    where state = 'revoking' and resource_id = ${resourceId} and revoking_at <= ${since}`.execute(tx.query)
  return rows[0]?.count ?? 0
}

/** What a revocation still waits for, by target. */
export async function listPendingTargets(
  tx: Tx,
  revocationId: RevocationId,
): Promise<
  readonly {
    resource_id: ResourceId
    resource_name: string
    waiting: number
    not_cut: number
    last_error: string | null
    next_attempt_at: Date | null
  }[]
> {
  const { rows } = await sql<{
    resource_id: ResourceId
    resource_name: string
    waiting: number
    not_cut: number
    last_error: string | null
    next_attempt_at: Date | null
  }>`
    select c.resource_id, r.name as resource_name, count(*)::int as waiting,
           count(*) filter (where c.cut_at is null)::int as not_cut, max(c.last_error) as last_error,
           min(c.next_attempt_at) as next_attempt_at
    from revocation_credential rc
    join credential c on c.credential_id = rc.credential_id
    join resource r on r.resource_id = c.resource_id
    where rc.revocation_id = ${revocationId} and c.state = 'revoking'
    group by c.resource_id, r.name order by r.name limit 100`.execute(tx.query)
  return rows
}
