import { isId, type JsonValue } from '@mayfly/domain'
import { sql } from 'kysely'
import type { Tx } from '../../store/database.ts'
import type { FieldChange } from './diff-fields.ts'

/**
 * Writes names in place of ids in what a plan shows: people read names, and a thing that is yet to be made has another id
 * each time that it is planned. `owner_id` becomes `owner`.
 *
 * @returns a function that does it for one change
 */
export async function nameIds(tx: Tx, changes: readonly FieldChange[]): Promise<(change: FieldChange) => FieldChange> {
  const ids = [...new Set(changes.filter(isReference).flatMap(({ from, to }) => [from, to].filter(isIdText)))]
  const names = new Map<string, string>()
  if (ids.length > 0) {
    const { rows } = await sql<{ id: string; name: string }>`
      select person_id as id, coalesce(email, name) as name from person where person_id = any(${ids}::uuid[])
      union all select owner_id, name from owner where owner_id = any(${ids}::uuid[])
      union all select identity_id, name from identity where identity_id = any(${ids}::uuid[])
      union all select resource_id, name from resource where resource_id = any(${ids}::uuid[])
      union all select trust_provider_id, name from trust_provider where trust_provider_id = any(${ids}::uuid[])`.execute(
      tx.query,
    )
    for (const row of rows) names.set(row.id, row.name)
  }
  const named = (value: JsonValue): JsonValue => (isIdText(value) ? (names.get(value) ?? value) : value)
  return (change) =>
    isReference(change)
      ? { field: change.field.replace(/(_person)?_id$/, ''), from: named(change.from), to: named(change.to) }
      : change
}

function isReference({ field }: FieldChange): boolean {
  return field.endsWith('_id') && field !== 'spiffe_id'
}

function isIdText(value: JsonValue): value is string {
  return typeof value === 'string' && isId(value)
}
