/** The SQL of a preview: what a selector would end, and who would feel it. */
import type { Environment } from '@mayfly/domain'
import { type RawBuilder, sql } from 'kysely'
import type { Tx } from './database.ts'
import { endingTables } from './resting-rows.ts'
import { attestationsOf, credentialsOf, type Selector } from './revocation-rows.ts'
import { svidsOf } from './svid-rows.ts'

export interface PreviewGroup {
  readonly resource_name: string
  readonly identity_name: string
  readonly owner_name: string
  readonly environment: Environment
  readonly credentials: number
  readonly tasks: number
}

function endingBy(selector: Selector, now: Date): RawBuilder<unknown> {
  return endingTables(
    { attestations: attestationsOf(selector), svids: svidsOf(selector), credentials: credentialsOf(selector) },
    now,
  )
}

/** Live credentials that a revocation of the selector would end, by resource and identity; the biggest groups first. */
export async function listPreviewGroups(
  tx: Tx,
  selector: Selector,
  now: Date,
  limit: number,
): Promise<readonly PreviewGroup[]> {
  const { rows } = await sql<PreviewGroup>`
    with ${endingBy(selector, now)}
    select r.name as resource_name, i.name as identity_name, o.name as owner_name, c.environment,
           count(*)::int as credentials, count(distinct c.task_id)::int as tasks
    from ending e
    join credential c on c.credential_id = e.credential_id
    join resource r on r.resource_id = c.resource_id
    join identity i on i.identity_id = c.identity_id
    join owner o on o.owner_id = i.owner_id
    group by r.name, i.name, o.name, c.environment order by credentials desc, r.name, i.name limit ${limit}`.execute(
    tx.query,
  )
  return rows
}

export interface PreviewShare {
  readonly environment: Environment
  readonly would_end: number
  readonly live: number
}

/** How much of each environment's live credentials a selector would end. */
export async function listPreviewShares(tx: Tx, selector: Selector, now: Date): Promise<readonly PreviewShare[]> {
  const { rows } = await sql<PreviewShare>`
    with ${endingBy(selector, now)}, hit as materialized (
      select c.environment, count(*)::int as would_end from ending e
      join credential c on c.credential_id = e.credential_id group by c.environment
    )
    select h.environment, h.would_end,
           (select count(*)::int from credential c
            where c.environment = h.environment and c.state in ('requested', 'active')) as live
    from hit h order by h.environment`.execute(tx.query)
  return rows
}

/** Live SVIDs that a revocation of the selector would end. */
export async function countEndingSvids(tx: Tx, selector: Selector, now: Date): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with ${endingBy(selector, now)} select count(*)::int as count from resting where kind = 'svid'`.execute(tx.query)
  return rows[0]?.count ?? 0
}

/** What is on its way out already, of a selector. */
export async function countEnding(tx: Tx, selector: Selector): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from credential c where c.state = 'revoking' and ${credentialsOf(selector)}`.execute(
    tx.query,
  )
  return rows[0]?.count ?? 0
}
