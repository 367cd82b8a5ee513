/** The SQL of sign-ins that were begun, and of the secrets with which the server is a client of a sign-in provider. */
import { isId, type PersonId, type SignInId, type TrustProviderId } from '@mayfly/domain'
import { type Insertable, type Selectable, sql } from 'kysely'
import type { Tx } from './database.ts'
import type { BindingTable, SignInTable } from './schema.gen.ts'

export type SignInRow = Selectable<SignInTable>
export type NewSignInRow = Omit<Insertable<SignInTable>, 'tenant_id' | 'state'>

export async function insertSignIn(tx: Tx, row: NewSignInRow): Promise<void> {
  await tx.query.insertInto('sign_in').values(row).execute()
}

/** Also one that has ended or is past its time. */
export async function findSignIn(tx: Tx, id: string): Promise<SignInRow | undefined> {
  if (!isId(id)) return undefined
  return tx.query
    .selectFrom('sign_in')
    .selectAll()
    .where('sign_in_id', '=', id as SignInId)
    .executeTakeFirst()
}

/** @returns false where another has ended it before: of two that finish at once, one does */
export async function endSignIn(tx: Tx, id: SignInId): Promise<boolean> {
  const result = await tx.query
    .updateTable('sign_in')
    .set({ state: 'ended' })
    .where('sign_in_id', '=', id)
    .where('state', '=', 'pending')
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** @returns false where the provider may not be asked yet, or another asks it now */
export async function takePoll(tx: Tx, row: SignInRow, now: Date): Promise<boolean> {
  const next = new Date(now.getTime() + (row.interval_seconds ?? 5) * 1000)
  const result = await tx.query
    .updateTable('sign_in')
    .set({ next_poll_at: next })
    .where('sign_in_id', '=', row.sign_in_id)
    .where('state', '=', 'pending')
    .where('next_poll_at', '<=', now)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** The provider asks for patience (RFC 8628 section 3.5): from now on `intervalSeconds`. */
export async function slowDown(tx: Tx, id: SignInId, intervalSeconds: number, now: Date): Promise<void> {
  await tx.query
    .updateTable('sign_in')
    .set({ interval_seconds: intervalSeconds, next_poll_at: new Date(now.getTime() + intervalSeconds * 1000) })
    .where('sign_in_id', '=', id)
    .where('state', '=', 'pending')
    .execute()
}

/** @returns false where it was presented before: each counts once */
export async function rememberProof(
  tx: Tx,
  trustProviderId: TrustProviderId,
  digest: Buffer,
  expiresAt: Date,
): Promise<boolean> {
  const result = await tx.query
    .insertInto('proof_seen')
    .values({ trust_provider_id: trustProviderId, jti_digest: digest, expires_at: expiresAt })
    .onConflict((on) => on.doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

/** Forgets those whose time is long over. @returns how many */
export async function deleteSignIns(tx: Tx, before: Date, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from sign_in where ctid = any(array(
      select ctid from sign_in where expires_at < ${before} order by expires_at limit ${limit}
      for update skip locked))`.execute(tx.query)
  return Number(numAffectedRows ?? 0n)
}

/** Of two first sign-ins of one subject at once, the second finds what the first has registered. */
export async function lockSubject(tx: Tx, trustProviderId: TrustProviderId, subject: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`sign-in ${trustProviderId} ${subject}`}, 0))`.execute(
    tx.query,
  )
}

/** The live bindings of a subject, to people. */
export async function listPersonBindings(
  tx: Tx,
  trustProviderId: TrustProviderId,
  subject: string,
): Promise<readonly (Selectable<BindingTable> & { readonly person_id: PersonId })[]> {
  return tx.query
    .selectFrom('binding')
    .selectAll()
    .where('trust_provider_id', '=', trustProviderId)
    .where('subject', '=', subject)
    .where('state', '=', 'active')
    .where('person_id', 'is not', null)
    .orderBy('binding_id')
    .limit(10)
    .$narrowType<{ person_id: PersonId }>()
    .execute()
}

export async function saveClientSecret(
  tx: Tx,
  row: { trust_provider_id: TrustProviderId; sealed_secret: string; set_at: Date },
): Promise<void> {
  await tx.query
    .insertInto('trust_provider_secret')
    .values(row)
    .onConflict((on) =>
      on
        .columns(['trust_provider_id', 'tenant_id'])
        .doUpdateSet({ sealed_secret: row.sealed_secret, set_at: row.set_at }),
    )
    .execute()
}

export async function findClientSecret(tx: Tx, trustProviderId: TrustProviderId): Promise<string | undefined> {
  const row = await tx.query
    .selectFrom('trust_provider_secret')
    .select('sealed_secret')
    .where('trust_provider_id', '=', trustProviderId)
    .executeTakeFirst()
  return row?.sealed_secret
}
