/** The SQL of findings: at most one open finding for one kind and subject. */
import type { Selectable } from 'kysely'
import type { Tx } from './database.ts'
import type { PageRequest } from './page.ts'
import type { FindingTable } from './schema.gen.ts'

export type FindingRow = Selectable<FindingTable>
export type NewFinding = Pick<FindingRow, 'finding_id' | 'kind' | 'subject' | 'severity' | 'detail' | 'opened_at'>

/** @returns undefined where the same is open already */
export async function insertFinding(tx: Tx, row: NewFinding): Promise<FindingRow | undefined> {
  return tx.query
    .insertInto('finding')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'kind', 'subject']).where('closed_at', 'is', null).doNothing(),
    )
    .returningAll()
    .executeTakeFirst()
}

export async function hasOpenFinding(tx: Tx, kind: string, subject: string): Promise<boolean> {
  const row = await tx.query
    .selectFrom('finding')
    .select('finding_id')
    .where('kind', '=', kind)
    .where('subject', '=', subject)
    .where('closed_at', 'is', null)
    .executeTakeFirst()
  return row !== undefined
}

export async function closeOpenFinding(
  tx: Tx,
  kind: string,
  subject: string,
  now: Date,
  openedBefore: Date,
): Promise<FindingRow | undefined> {
  return tx.query
    .updateTable('finding')
    .set({ closed_at: now })
    .where('kind', '=', kind)
    .where('subject', '=', subject)
    .where('closed_at', 'is', null)
    .where('opened_at', '<=', openedBefore)
    .returningAll()
    .executeTakeFirst()
}

export interface FindingFilter {
  readonly kind?: string | undefined
  readonly state?: 'open' | 'closed' | undefined
}

export async function listFindings(tx: Tx, filter: FindingFilter, page: PageRequest): Promise<FindingRow[]> {
  let query = tx.query.selectFrom('finding').selectAll()
  if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind)
  if (filter.state === 'open') query = query.where('closed_at', 'is', null)
  if (filter.state === 'closed') query = query.where('closed_at', 'is not', null)
  if (page.after !== undefined) query = query.where('finding_id', '>', page.after)
  return query.orderBy('finding_id').limit(page.limit).execute()
}
