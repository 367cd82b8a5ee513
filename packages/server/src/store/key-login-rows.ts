/** The SQL of keys that count their logins, and of their recoveries. */
import { type BindingId, newId, type PersonId, type TrustProviderId } from '@mayfly/domain'
import type { Selectable } from 'kysely'
import type { Tx } from './database.ts'
import type { KeyLoginTable } from './schema.gen.ts'

export type KeyLoginRow = Selectable<KeyLoginTable>
export type KeyLoginChange = Partial<
  Pick<KeyLoginRow, 'generation' | 'next_digest' | 'previous_digest' | 'moved_at' | 'repeats' | 'locked_at'>
>

/** @returns undefined where another made it first */
export async function insertKeyLogin(tx: Tx, bindingId: BindingId): Promise<KeyLoginRow | undefined> {
  return tx.query
    .insertInto('key_login')
    .values({ binding_id: bindingId })
    .onConflict((on) => on.doNothing())
    .returningAll()
    .executeTakeFirst()
}

/** The row, locked until the transaction ends; undefined before the first login. */
export async function claimKeyLogin(tx: Tx, bindingId: BindingId): Promise<KeyLoginRow | undefined> {
  return tx.query.selectFrom('key_login').selectAll().where('binding_id', '=', bindingId).forUpdate().executeTakeFirst()
}

export async function updateKeyLogin(tx: Tx, bindingId: BindingId, change: KeyLoginChange): Promise<KeyLoginRow> {
  const update = tx.query.updateTable('key_login').set(change).where('binding_id', '=', bindingId)
  return update.returningAll().executeTakeFirstOrThrow()
}

/** The count begins with the next login, and no lock holds. @returns undefined where nothing was counted */
export async function beginKeyLoginAnew(tx: Tx, bindingId: BindingId): Promise<KeyLoginRow | undefined> {
  return tx.query
    .updateTable('key_login')
    .set({ generation: 0, next_digest: null, previous_digest: null, moved_at: null, repeats: 0, locked_at: null })
    .where('binding_id', '=', bindingId)
    .returningAll()
    .executeTakeFirst()
}

export async function insertKeyRecovery(tx: Tx, bindingId: BindingId, personId: PersonId, now: Date): Promise<void> {
  await tx.query
    .insertInto('key_recovery')
    .values({ recovery_id: newId(), binding_id: bindingId, recovered_by: personId, recovered_at: now })
    .execute()
}

export async function countRecoveries(tx: Tx, bindingId: BindingId, since: Date): Promise<number> {
  const { count } = await tx.query
    .selectFrom('key_recovery')
    .select((select) => select.fn.countAll<string>().as('count'))
    .where('binding_id', '=', bindingId)
    .where('recovered_at', '>', since)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Remembers a proof that is refused for another reason, so that it is not judged a second time. @returns false where it is known */
export async function rememberProof(
  tx: Tx,
  trustProviderId: TrustProviderId,
  digest: Buffer,
  expiresAt: Date,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx.query
    .insertInto('proof_seen')
    .values({ trust_provider_id: trustProviderId, jti_digest: digest, expires_at: expiresAt })
    .onConflict((on) => on.doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}
