/** The SQL of the bootstrap secret, of which only a digest is kept. */
import type { PersonId } from '@mayfly/domain'
import type { Selectable } from 'kysely'
import type { Tx } from './database.ts'
import { isAdministrator } from './person-rows.ts'
import type { BootstrapTable } from './schema.gen.ts'

export type BootstrapRow = Selectable<BootstrapTable>

export async function hasAdministrator(tx: Tx): Promise<boolean> {
  const row = await tx.query.selectFrom('person').select('person_id').where(isAdministrator).executeTakeFirst()
  return row !== undefined
}

/**
 * Makes the row, or makes it anew where its time or its attempts are used up. Of several servers one does.
 *
 * @returns true for the one whose secret holds
 */
export async function claimBootstrap(
  tx: Tx,
  row: { secret_digest: Buffer; made_at: Date; expires_at: Date },
  maxAttempts: number,
): Promise<boolean> {
  const result = await tx.query
    .insertInto('bootstrap')
    .values(row)
    .onConflict((on) =>
      on
        .column('tenant_id')
        .doUpdateSet({ ...row, attempts: 0 })
        .where('bootstrap.used_at', 'is', null)
        .where((where) =>
          where.or([where('bootstrap.expires_at', '<=', row.made_at), where('bootstrap.attempts', '>=', maxAttempts)]),
        ),
    )
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

/** Counts an attempt and locks the row; `undefined` where none is open. */
export async function takeBootstrapAttempt(
  tx: Tx,
  now: Date,
  maxAttempts: number,
): Promise<{ secret_digest: Buffer | null } | undefined> {
  return tx.query
    .updateTable('bootstrap')
    .set((set) => ({ attempts: set('attempts', '+', 1) }))
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .where('attempts', '<', maxAttempts)
    .returning('secret_digest')
    .executeTakeFirst()
}

export async function markBootstrapUsed(tx: Tx, personId: PersonId, now: Date): Promise<void> {
  await tx.query
    .updateTable('bootstrap')
    .set({ used_at: now, used_by: personId })
    .where('used_at', 'is', null)
    .execute()
}
