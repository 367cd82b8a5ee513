/** The SQL of join tokens, of which only a keyed digest is kept. */
import {
  type AttestationId,
  type BindingId,
  type IdentityId,
  isId,
  type JoinTokenId,
  type SelectorKind,
} from '@mayfly/domain'
import { type Insertable, type Selectable, sql } from 'kysely'
import type { Tx } from './database.ts'
import type { PageRequest } from './page.ts'
import { notFound, orNotFound } from './registry-errors.ts'
import type { JoinTokenTable } from './schema.gen.ts'

export type JoinTokenRow = Selectable<JoinTokenTable>
export type JoinTokenWithNames = JoinTokenRow & {
  readonly identity_name: string
  /** Of what the key becomes. */
  readonly trust_provider_name: string
  /** Of the trust provider of kind `join_token` under which it was made; null: under none. */
  readonly rule_name: string | null
}
export type NewJoinTokenRow = Omit<Insertable<JoinTokenTable>, 'tenant_id' | 'version'>

export async function insertJoinToken(tx: Tx, row: NewJoinTokenRow): Promise<JoinTokenRow> {
  return tx.query.insertInto('join_token').values(row).returningAll().executeTakeFirstOrThrow()
}

function withNames(tx: Tx) {
  return tx.query
    .selectFrom('join_token')
    .innerJoin('identity', 'identity.identity_id', 'join_token.identity_id')
    .innerJoin('trust_provider', 'trust_provider.trust_provider_id', 'join_token.trust_provider_id')
    .leftJoin('trust_provider as rule', 'rule.trust_provider_id', 'join_token.rule_id')
    .selectAll('join_token')
    .select(['identity.name as identity_name', 'trust_provider.name as trust_provider_name', 'rule.name as rule_name'])
}

/** @throws MayflyError `resource_not_found` */
export async function getJoinToken(tx: Tx, id: string): Promise<JoinTokenWithNames> {
  if (!isId(id)) throw notFound('join token', id)
  const row = await withNames(tx)
    .where('join_token_id', '=', id as JoinTokenId)
    .executeTakeFirst()
  return orNotFound('join token', id, row)
}

/** Of several who hold it and find it here, one marks it used. */
export async function findUsableJoinToken(tx: Tx, digest: string, now: Date): Promise<JoinTokenRow | undefined> {
  return tx.query
    .selectFrom('join_token')
    .selectAll()
    .where('token_digest', '=', digest)
    .where('state', '=', 'active')
    .where('expires_at', '>', now)
    .executeTakeFirst()
}

/** @returns undefined where another has used it up, or it was cancelled, since it was found */
export async function markJoinTokenUsed(
  tx: Tx,
  joinTokenId: JoinTokenId,
  became: { readonly bindingId: BindingId; readonly attestationId: AttestationId | null },
  now: Date,
): Promise<JoinTokenRow | undefined> {
  return tx.query
    .updateTable('join_token')
    .set({ state: 'used', used_at: now, binding_id: became.bindingId, attestation_id: became.attestationId })
    .where('join_token_id', '=', joinTokenId)
    .where('state', '=', 'active')
    .returningAll()
    .executeTakeFirst()
}

/** Cancels those that could still be used and hang on what the selector names; none hang on anything but these three. */
export async function cancelJoinTokensOf(
  tx: Tx,
  selector: { readonly kind: SelectorKind; readonly id: string },
  now: Date,
): Promise<readonly JoinTokenRow[]> {
  const whose = joinTokensOf(selector)
  if (whose === undefined) return []
  return tx.query
    .updateTable('join_token')
    .set({ state: 'cancelled' })
    .where('state', '=', 'active')
    .where('expires_at', '>', now)
    .where(whose)
    .returningAll()
    .execute()
}

function joinTokensOf({ kind, id }: { readonly kind: SelectorKind; readonly id: string }) {
  if (kind === 'identity') return sql<boolean>`identity_id = ${id}::uuid`
  if (kind === 'owner') {
    return sql<boolean>`identity_id in (select i.identity_id from identity i where i.owner_id = ${id}::uuid)`
  }
  if (kind === 'trust_provider') return sql<boolean>`(rule_id = ${id}::uuid or trust_provider_id = ${id}::uuid)`
  return undefined
}

/** @returns undefined where it is used or cancelled already */
export async function cancelActiveJoinToken(tx: Tx, joinTokenId: JoinTokenId): Promise<JoinTokenRow | undefined> {
  return tx.query
    .updateTable('join_token')
    .set({ state: 'cancelled' })
    .where('join_token_id', '=', joinTokenId)
    .where('state', '=', 'active')
    .returningAll()
    .executeTakeFirst()
}

export async function listJoinTokens(
  tx: Tx,
  filter: { readonly identityId?: IdentityId | undefined; readonly state?: string | undefined },
  page: PageRequest,
): Promise<JoinTokenWithNames[]> {
  let query = withNames(tx)
  if (filter.identityId !== undefined) query = query.where('join_token.identity_id', '=', filter.identityId)
  if (filter.state !== undefined) query = query.where('join_token.state', '=', filter.state)
  if (page.after !== undefined) query = query.where('join_token_id', '>', page.after as JoinTokenId)
  return query.orderBy('join_token_id').limit(page.limit).execute()
}

/**
 * Removes those that ended long ago, whatever became of them; oldest end first, by index.
 *
 * @param endedBefore never later than the database's own clock allows (`keep_until_over`)
 */
export async function deleteOverJoinTokens(tx: Tx, endedBefore: Date, limit: number): Promise<readonly JoinTokenRow[]> {
  const { rows } = await sql<JoinTokenRow>`
    with over as materialized (
      select j.join_token_id from join_token j
      where j.expires_at < least(${endedBefore}::timestamptz, now() - interval '30 days')
      order by j.expires_at limit ${limit} for update skip locked
    )
    delete from join_token j using over o where j.join_token_id = o.join_token_id returning j.*`.execute(tx.query)
  return rows
}
