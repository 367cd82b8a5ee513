/** The SQL of looks at targets: which is due, and how the last one went. */
import type { ResourceId } from '@mayfly/domain'
import { type Selectable, sql } from 'kysely'
import type { Tx } from './database.ts'
import { getTargetRow } from './removal-rows.ts'
import type { ResourceTable } from './schema.gen.ts'

export type LookKind = 'sample' | 'sweep' | 'upkeep'

/**
 * Takes the target that has been due the longest until `leaseUntil`; after that anyone may: its worker has died. Of two
 * that take one at once the other gets nothing.
 */
export async function claimLook(
  tx: Tx,
  claim: { readonly kind: LookKind; readonly now: Date; readonly leaseUntil: Date },
): Promise<{ readonly resource: Selectable<ResourceTable>; readonly failures: number } | undefined> {
  const { rows } = await sql<{ resource_id: ResourceId; failures: number }>`
    insert into target_look (resource_id, kind, next_at)
    select r.resource_id, ${claim.kind}, ${claim.leaseUntil}
    from resource r left join target_look l on l.resource_id = r.resource_id and l.kind = ${claim.kind}
    where r.state = 'active' and (l.next_at is null or l.next_at <= ${claim.now})
    order by l.next_at nulls first, r.resource_id limit 1
    on conflict (resource_id, kind, tenant_id) do update set next_at = excluded.next_at
      where target_look.next_at <= ${claim.now}
    returning resource_id, failures`.execute(tx.query)
  const [taken] = rows
  if (taken === undefined) return undefined
  return { resource: await getTargetRow(tx, taken.resource_id), failures: taken.failures }
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

/** Brings a look forward to `at`, where it was due later. Where there is none yet, it is due at once anyway. */
export async function makeLookDue(
  tx: Tx,
  look: { readonly resourceId: ResourceId; readonly kind: LookKind; readonly at: Date },
): Promise<void> {
  await sql`
    update target_look set next_at = ${look.at}
    where resource_id = ${look.resourceId} and kind = ${look.kind} and next_at > ${look.at}`.execute(tx.query)
}
