/** The SQL of removals: which accounts are due at which target, and how far they have come. */
import type { CredentialId, ResourceId, RevocationId } from '@mayfly/domain'
import { type RawBuilder, type Selectable, sql } from 'kysely'
import { type CredentialRow, type StatedCredentialRow, statedColumnsOf } from './credential-rows.ts'
import type { Tx } from './database.ts'
import { dropClaims } from './removal-claims.ts'
import type { ResourceTable, RevocationTable } from './schema.gen.ts'

/** Nobody has it in hand: whoever had it has put it back, or has died. */
const isFree = (now: Date) => sql<boolean>`not exists (
  select from removal_claim l where l.credential_id = c.credential_id and l.claimed_until > ${now})`

/**
 * The targets at which something is due and in nobody's hand, by skipping from one to the next in the index: the cost is
 * the number of targets with work, not the number of rows that wait there. The first due row of each is asked for as such:
 * of an `exists` a plan that is kept joined all rows of all targets, half a second while thousands ended.
 *
 * @param busy targets that are not asked for
 */
export async function listDueTargets(tx: Tx, now: Date, busy: readonly ResourceId[]): Promise<readonly ResourceId[]> {
  const { rows } = await sql<{ resource_id: ResourceId }>`
    with recursive target as (
      (select c.resource_id from credential c where c.state = 'revoking' order by c.resource_id limit 1)
      union all
      select (select c.resource_id from credential c where c.state = 'revoking' and c.resource_id > t.resource_id
              order by c.resource_id limit 1)
      from target t where t.resource_id is not null
    )
    select t.resource_id from target t
    where t.resource_id is not null and t.resource_id <> all(${busy}::uuid[]) and (
      select true from credential c
      where c.state = 'revoking' and c.resource_id = t.resource_id and c.next_attempt_at <= ${now} and ${isFree(now)}
      order by c.next_attempt_at limit 1
    )`.execute(tx.query)
  return rows.map((row) => row.resource_id)
}

/** What a worker needs of a credential to end it: a thousand whole rows would take longer to read than to find. */
export type DueRow = Pick<
  CredentialRow,
  'credential_id' | 'account_name' | 'target_key' | 'expires_at' | 'create_deadline_at' | 'ended_unborn' | 'attempts'
>

/**
 * Takes due accounts of one target until `claimedUntil`; after that, anyone may: its worker has died. Several who ask at
 * once take turns, and get different ones.
 */
export async function claimDue(
  tx: Tx,
  claim: { resourceId: ResourceId; now: Date; claimedUntil: Date; limit: number },
): Promise<readonly DueRow[]> {
  // A statement of its own: the next one sees what was taken while this one waited.
  await sql`select pg_advisory_xact_lock(hashtextextended(${`removal/${claim.resourceId}`}, 0))`.execute(tx.query)
  const { rows } = await sql<DueRow>`
    with due as materialized (
      select c.credential_id, c.account_name, c.target_key, c.expires_at, c.create_deadline_at, c.ended_unborn, c.attempts
      from credential c
      where c.state = 'revoking' and c.resource_id = ${claim.resourceId} and c.next_attempt_at <= ${claim.now}
        and ${isFree(claim.now)}
      order by c.next_attempt_at, c.credential_id limit ${claim.limit}
    ), taken as (
      insert into removal_claim (credential_id, claimed_until) select credential_id, ${claim.claimedUntil} from due order by credential_id
      on conflict (credential_id, tenant_id) do update set claimed_until = excluded.claimed_until
    )
    select * from due`.execute(tx.query)
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

/** Gives back what was tried in vain: those still on their way out are due at their new moments, for another attempt. */
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
        last_error = coalesce(l.last_error, c.last_error), attempts = c.attempts + 1
    from later l join locked using (credential_id) where c.credential_id = l.credential_id`.execute(tx.query)
  await dropClaims(
    tx,
    postponements.map((each) => each.credentialId),
  )
}

/** Makes due now what a target's accounts were put off for until after `later`; what is due before will be tried soon. */
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

/** A moment that was seen at the target. */
export interface SeenMoment {
  readonly credentialId: CredentialId
  readonly at: Date
}

/** What an entry says of a credential whose row it does not state. */
export type CutRow = Pick<CredentialRow, 'credential_id' | 'identity_id' | 'task_id' | 'revocation_id' | 'cut_at'>

/** Records that accounts can neither log in nor hold a session. @returns those that were not yet recorded */
export async function markCut(tx: Tx, seen: readonly SeenMoment[]): Promise<readonly CutRow[]> {
  const { rows } = await sql<CutRow>`
    with seen as materialized (${momentsOf(seen)}), locked as materialized (
      select c.credential_id from credential c
      where c.credential_id in (select credential_id from seen) and c.state = 'revoking' and c.cut_at is null
      order by c.credential_id for update
    )
    update credential c set cut_at = s.at
    from locked l join seen s using (credential_id) where c.credential_id = l.credential_id
    returning c.credential_id, c.identity_id, c.task_id, c.revocation_id, c.cut_at`.execute(tx.query)
  return rows
}

export type RemovedRow = StatedCredentialRow &
  Pick<CredentialRow, 'cut_at' | 'removed_at' | 'ended_unborn'> & { readonly cut_before: boolean }

/**
 * Records that the target says absent, and with it the cut where that was not seen before.
 *
 * @returns those that were not yet recorded, and whether each was recorded as cut before
 */
export async function markRemoved(
  tx: Tx,
  seen: readonly (SeenMoment & { readonly cutAt?: Date | undefined })[],
): Promise<readonly RemovedRow[]> {
  const { rows } = await sql<RemovedRow>`
    with seen as materialized (${momentsOf(seen)}), locked as materialized (
      select c.credential_id, c.cut_at from credential c
      where c.credential_id in (select credential_id from seen) and c.state = 'revoking'
      order by c.credential_id for update
    )
    update credential c set state = 'revoked', removed_at = s.at, cut_at = coalesce(c.cut_at, s.cut_at, s.at),
                            next_attempt_at = null, last_error = null
    from locked l join seen s using (credential_id) where c.credential_id = l.credential_id
    returning ${statedColumnsOf('c')}, c.cut_at, c.removed_at, c.ended_unborn, l.cut_at is not null as cut_before`.execute(
    tx.query,
  )
  await dropClaims(
    tx,
    seen.map((each) => each.credentialId),
  )
  return rows
}

function momentsOf(seen: readonly (SeenMoment & { readonly cutAt?: Date | undefined })[]): RawBuilder<unknown> {
  return sql`select credential_id, at, cut_at from unnest(
    ${seen.map((each) => each.credentialId)}::uuid[], ${seen.map((each) => each.at)}::timestamptz[],
    ${seen.map((each) => each.cutAt ?? null)}::timestamptz[]) as s (credential_id, at, cut_at)`
}

/**
 * Counts up the revocations that wait for these credentials. Statements of their own after the rows have changed, so that
 * they also see a revocation that was recorded while those rows were waited for; and the last of several who count at once
 * sees what the others recorded.
 *
 * @returns the revocations that are complete by it
 */
export async function countProgress(
  tx: Tx,
  gone: { cut: readonly CredentialId[]; removed: readonly CredentialId[] },
): Promise<readonly Selectable<RevocationTable>[]> {
  const either = [...new Set([...gone.cut, ...gone.removed])]
  await sql`
    select from revocation r where r.revocation_id in (
      select rc.revocation_id from revocation_credential rc where rc.credential_id = any(${either}::uuid[]))
    order by r.revocation_id for update`.execute(tx.query)
  // The latest of all that it waited for, looked up once.
  const last = (moment: 'cut_at' | 'removed_at') => sql`(
    select max(${sql.ref(`c.${moment}`)}) from revocation_credential rc join credential c using (credential_id)
    where rc.revocation_id = r.revocation_id)`
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
    )
    update revocation r
    set cut_count = r.cut_count + p.cut, removed_count = r.removed_count + p.removed,
        cut_at = case when r.cut_count + p.cut = r.total then coalesce(r.cut_at, ${last('cut_at')}) end,
        state = case when r.removed_count + p.removed = r.total then 'complete' else r.state end,
        completed_at = case when r.removed_count + p.removed = r.total then ${last('removed_at')} end
    from progress p where r.revocation_id = p.revocation_id
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
