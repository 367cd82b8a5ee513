/** The SQL of status lists: who gets which place, and what a list says. */
import type { CredentialId, StatusListId } from '@mayfly/domain'
import { type Selectable, sql } from 'kysely'
import type { Tx } from './database.ts'
import type { StatusListTable } from './schema.gen.ts'

export type StatusListRow = Selectable<StatusListTable>

export interface ReservedPlaces {
  readonly listId: StatusListId
  readonly size: number
  readonly orderSeed: Buffer
  /** The first of them, and how many: ordinals, which the list's own order turns into indexes. */
  readonly from: number
  readonly count: number
}

/**
 * Takes the next places of the open list, at most `count`; makes a list where none is open. Nobody else ever gets them,
 * whether they are used or not.
 */
export async function reservePlaces(
  tx: Tx,
  count: number,
  fresh: { readonly listId: StatusListId; readonly size: number; readonly orderSeed: Buffer; readonly now: Date },
): Promise<ReservedPlaces> {
  // Of two servers that find no open list one waits here, and then finds that of the other.
  await sql`insert into status_list (status_list_id, size, order_seed, created_at)
    select ${fresh.listId}, ${fresh.size}, ${fresh.orderSeed}, ${fresh.now}
    where not exists (select from status_list where filled_at is null)
    on conflict do nothing`.execute(tx.query)
  const { rows } = await sql<StatusListRow & { from: number }>`
    with open as materialized (select * from status_list where filled_at is null for no key update)
    update status_list l
    set assigned = least(l.assigned + ${count}, l.size),
        filled_at = case when l.assigned + ${count} >= l.size then ${fresh.now}::timestamptz end
    from open where l.status_list_id = open.status_list_id
    returning l.*, open.assigned as "from"`.execute(tx.query)
  const [row] = rows
  if (row === undefined) return reservePlaces(tx, count, fresh)
  return {
    listId: row.status_list_id,
    size: row.size,
    orderSeed: row.order_seed,
    from: row.from,
    count: row.assigned - row.from,
  }
}

export interface StatusListState {
  readonly size: number
  /** Differs where what was made of the list before is stale. */
  readonly changes: number
}

export async function findStatusList(tx: Tx, listId: StatusListId): Promise<StatusListState | undefined> {
  return tx.query
    .selectFrom('status_list')
    .select(['size', 'changes'])
    .where('status_list_id', '=', listId)
    .executeTakeFirst()
}

/** One statement, so that what it says is of one moment. Indexes as unsigned 32-bit numbers, big-endian, end to end. */
export async function readStatusList(
  tx: Tx,
  listId: StatusListId,
): Promise<(StatusListState & { readonly ended: Buffer }) | undefined> {
  const { rows } = await sql<StatusListState & { ended: Buffer }>`
    select l.size, l.changes, coalesce((
      select string_agg(int4send(c.status_index), '') from credential c
      where c.status_list_id = l.status_list_id and c.revoking_at < c.expires_at), '') as ended
    from status_list l where l.status_list_id = ${listId}`.execute(tx.query)
  return rows[0]
}

/** Lists in which there may be a token that lives: open ones, and those filled since `since`. */
export async function listStatusLists(tx: Tx, since: Date): Promise<readonly StatusListId[]> {
  const rows = await tx.query
    .selectFrom('status_list')
    .select('status_list_id')
    .where((where) => where.or([where('filled_at', 'is', null), where('filled_at', '>', since)]))
    .orderBy('created_at')
    .limit(1_000)
    .execute()
  return rows.map((row) => row.status_list_id)
}

/** The lists of what was just ended say something else from this commit on. In the order of ids, against deadlocks. */
export async function moveStatusLists(tx: Tx, listIds: readonly StatusListId[]): Promise<void> {
  if (listIds.length === 0) return
  await sql`
    with touched as materialized (
      select status_list_id from status_list where status_list_id = any(${listIds}::uuid[])
      order by status_list_id for no key update
    )
    update status_list l set changes = l.changes + 1 from touched where l.status_list_id = touched.status_list_id`.execute(
    tx.query,
  )
}

/** Of these credentials those that hold no authority any more. */
export async function findEndedCredentials(
  tx: Tx,
  credentialIds: readonly CredentialId[],
): Promise<ReadonlySet<CredentialId>> {
  // Those that have not are asked for: there is seldom one, and thousands may end at once.
  const { rows } = await sql<{ credential_id: CredentialId }>`
    select asked.credential_id from unnest(${credentialIds}::uuid[]) as asked (credential_id)
    where not exists (
      select from credential c where c.credential_id = asked.credential_id and c.state not in ('requested', 'active'))`.execute(
    tx.query,
  )
  const others = new Set(rows.map((row) => row.credential_id))
  return new Set(credentialIds.filter((id) => !others.has(id)))
}
