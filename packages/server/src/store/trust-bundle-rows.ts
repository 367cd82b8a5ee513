/** The SQL of the trust domain's own bundle, as it is published. */
import type { Selectable } from 'kysely'
import type { Tx } from './database.ts'
import type { TrustBundleTable } from './schema.gen.ts'

export type TrustBundleRow = Selectable<TrustBundleTable>

export async function findTrustBundle(tx: Tx): Promise<TrustBundleRow | undefined> {
  return tx.query.selectFrom('trust_bundle').selectAll().executeTakeFirst()
}

/** Of two that look whether the keys have changed, one waits, so that no sequence is given twice. */
export async function lockTrustBundle(tx: Tx): Promise<TrustBundleRow | undefined> {
  return tx.query.selectFrom('trust_bundle').selectAll().forUpdate().executeTakeFirst()
}

export async function insertTrustBundle(
  tx: Tx,
  row: { readonly trust_domain: string; readonly keys: string; readonly changed_at: Date },
): Promise<TrustBundleRow> {
  return tx.query
    .insertInto('trust_bundle')
    .values({ ...row, bundle_sequence: 1 })
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function updateTrustBundle(
  tx: Tx,
  row: { readonly keys: string; readonly bundle_sequence: number; readonly changed_at: Date },
): Promise<TrustBundleRow> {
  return tx.query.updateTable('trust_bundle').set(row).returningAll().executeTakeFirstOrThrow()
}
