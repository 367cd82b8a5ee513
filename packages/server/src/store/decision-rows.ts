/** The SQL of decisions. A decision row is written once and never changed. */
import { type DecisionId, MayflyError } from '@mayfly/domain'
import type { Insertable, Selectable } from 'kysely'
import type { Tx } from './database.ts'
import type { DecisionTable } from './schema.gen.ts'

export type DecisionRow = Selectable<DecisionTable>
export type NewDecisionRow = Omit<Insertable<DecisionTable>, 'tenant_id'>

export async function insertDecisions(tx: Tx, rows: readonly NewDecisionRow[]): Promise<void> {
  if (rows.length > 0)
    await tx.query
      .insertInto('decision')
      .values([...rows])
      .execute()
}

/** @throws MayflyError `resource_not_found` */
export async function getDecision(tx: Tx, decisionId: string): Promise<DecisionRow> {
  const row = await tx.query
    .selectFrom('decision')
    .selectAll()
    .where('decision_id', '=', decisionId as DecisionId)
    .executeTakeFirst()
  if (row === undefined) {
    throw new MayflyError('resource_not_found', { publicDetail: `there is no decision \`${decisionId}\`` })
  }
  return row
}
