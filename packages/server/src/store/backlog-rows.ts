/** What is live and what is due, counted for the metrics: over partial indexes, so that history costs nothing. */
import type { ResourceId } from '@mayfly/domain'
import { sql } from 'kysely'
import type { Tx } from './database.ts'

export interface Backlog {
  readonly credentialsLive: number
  readonly credentialsDue: number
  readonly oldestDueSeconds: number
  readonly revocationsRunning: number
  readonly redecisionsDue: number
  readonly findingsOpen: number
  /** Of the revocations of the last ten minutes, the slowest: seconds until nothing could log in or stayed open. */
  readonly slowestCutSeconds: number
  /** The same until all was absent at the targets. */
  readonly slowestRevocationSeconds: number
}

const recentMs = 600_000

export async function readBacklog(tx: Tx, now: Date): Promise<Backlog> {
  const { rows } = await sql<Backlog>`
    select (select count(*) from credential where state in ('requested', 'active')) as "credentialsLive",
           (select count(*) from revocation where state = 'running') as "revocationsRunning",
           (select count(*) from redecision) as "redecisionsDue",
           (select count(*) from finding where closed_at is null) as "findingsOpen",
           coalesce(extract(epoch from recent.cut), 0)::float8 as "slowestCutSeconds",
           coalesce(extract(epoch from recent.completed), 0)::float8 as "slowestRevocationSeconds",
           count(credential_id) as "credentialsDue",
           coalesce(extract(epoch from ${now}::timestamptz - min(revoking_at)), 0)::float8 as "oldestDueSeconds"
    from credential
    right join (
      select max(cut_at - authority_ended_at) as cut, max(completed_at - authority_ended_at) as completed
      from revocation where revocation_id > ${idFrom(new Date(now.getTime() - recentMs))}
    ) recent on state = 'revoking'
    group by recent.cut, recent.completed`.execute(tx.query)
  const [row] = rows
  if (row === undefined) throw new Error('an aggregate has one row')
  return row
}

/** The smallest id that was made at a time: ids are ordered by it (RFC 9562 section 5.7), so the primary key finds it. */
function idFrom(at: Date): string {
  const time = at.getTime().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`
}

/** What waits at one target, and when it was looked at. */
export interface Standing {
  readonly resource_id: ResourceId
  /** Accounts that have ended and are not yet seen absent; counted up to 100,000. */
  readonly waiting: number
  readonly waiting_since: Date | null
  /** The most that one of them was tried: more than once means that the target did not answer, or refused. */
  readonly attempts: number | null
  readonly next_attempt_at: Date | null
  readonly last_error: string | null
  readonly sampled_at: Date | null
  readonly sample_error: string | null
  readonly swept_at: Date | null
  readonly sweep_error: string | null
}

/** By the partial index of what is due: history costs nothing. */
export async function listStandings(tx: Tx, resourceIds: readonly ResourceId[]): Promise<readonly Standing[]> {
  const { rows } = await sql<Standing>`
    select r.id as resource_id, w.waiting, w.waiting_since, w.attempts, w.next_attempt_at, w.last_error,
           sample.looked_at as sampled_at, sample.last_error as sample_error,
           sweep.looked_at as swept_at, sweep.last_error as sweep_error
    from unnest(${resourceIds}::uuid[]) as r (id)
    cross join lateral (
      select count(*)::int as waiting, min(d.revoking_at) as waiting_since, max(d.attempts) as attempts,
             min(d.next_attempt_at) as next_attempt_at, max(d.last_error) as last_error
      from (select revoking_at, attempts, next_attempt_at, last_error from credential
            where state = 'revoking' and resource_id = r.id limit 100000) d
    ) w
    left join target_look sample on sample.resource_id = r.id and sample.kind = 'sample'
    left join target_look sweep on sweep.resource_id = r.id and sweep.kind = 'sweep'`.execute(tx.query)
  return rows
}
