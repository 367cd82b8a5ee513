/** The SQL of looks at targets: which is due, and how the last one went. */
import type { ResourceId } from '@mayfly/domain'
import { type Selectable, sql } from 'kysely'
import type { Tx } from './database.ts'
import type { ResourceTable, TargetLookTable } from './schema.gen.ts'

export type LookKind = 'sample' | 'sweep'
export type LookRow = Selectable<TargetLookTable>

/**
 * Takes the target that has been due the longest until `leaseUntil`; after that anyone may: its worker has died. Of two
 * that take one at once the other gets nothing.
 */
export async function claimLook(
  tx: Tx,
  claim: { readonly kind: LookKind; readonly now: Date; readonly leaseUntil: Date },
): Promise<Selectable<ResourceTable> | undefined> {
  const { rows } = await sql<{ resource_id: ResourceId }>`
    insert into target_look (resource_id, kind, next_at)
    select r.resource_id, ${claim.kind}, ${claim.leaseUntil}
    from resource r left join target_look l on l.resource_id = r.resource_id and l.kind = ${claim.kind}
    where r.state = 'active' and (l.next_at is null or l.next_at <= ${claim.now})
    order by l.next_at nulls first, r.resource_id limit 1
    on conflict (resource_id, kind, tenant_id) do update set next_at = excluded.next_at
      where target_look.next_at <= ${claim.now}
    returning resource_id`.execute(tx.query)
  const [taken] = rows
  if (taken === undefined) return undefined
  return tx.query
    .selectFrom('resource')
    .selectAll()
    .where('resource_id', '=', taken.resource_id)
    .executeTakeFirstOrThrow()
}

/** @param error fit for a person; absent where the target answered in full */
export async function finishLook(
  tx: Tx,
  look: {
    readonly resourceId: ResourceId
    readonly kind: LookKind
    readonly now: Date
    readonly nextAt: Date
    readonly error?: string | undefined
  },
): Promise<void> {
  const { resourceId, kind, now, nextAt, error } = look
  await tx.query
    .updateTable('target_look')
    .set(
      error === undefined
        ? { next_at: nextAt, looked_at: now, failures: 0, last_error: null }
        : { next_at: nextAt, failures: sql<number>`failures + 1`, last_error: error.slice(0, 1_000) },
    )
    .where('resource_id', '=', resourceId)
    .where('kind', '=', kind)
    .execute()
}

export async function countFailures(tx: Tx, resourceId: ResourceId, kind: LookKind): Promise<number> {
  const row = await tx.query
    .selectFrom('target_look')
    .select('failures')
    .where('resource_id', '=', resourceId)
    .where('kind', '=', kind)
    .executeTakeFirst()
  return row?.failures ?? 0
}
