/** What is live and what is due, counted for the metrics: over partial indexes, so that history costs nothing. */
import { sql } from 'kysely'
import type { Tx } from './database.ts'

export interface Backlog {
  readonly credentialsLive: number
  readonly credentialsDue: number
  readonly oldestDueSeconds: number
  readonly revocationsRunning: number
  readonly redecisionsDue: number
  readonly findingsOpen: number
}

export async function readBacklog(tx: Tx, now: Date): Promise<Backlog> {
  const { rows } = await sql<Backlog>`
    select (select count(*) from credential where state in ('requested', 'active')) as "credentialsLive",
           (select count(*) from revocation where state = 'running') as "revocationsRunning",
           (select count(*) from redecision) as "redecisionsDue",
           (select count(*) from finding where closed_at is null) as "findingsOpen",
           count(*) as "credentialsDue",
           coalesce(extract(epoch from ${now}::timestamptz - min(revoking_at)), 0)::float8 as "oldestDueSeconds"
    from credential where state = 'revoking'`.execute(tx.query)
  const [row] = rows
  if (row === undefined) throw new Error('an aggregate has one row')
  return row
}
