import { canonicalJson, type JsonObject, type JsonValue } from '@mayfly/domain'

/** What one field was and is, fit to be shown. */
export interface FieldChange {
  readonly field: string
  readonly from: JsonValue
  readonly to: JsonValue
}

export type FieldValue = JsonValue | Date | undefined

/**
 * The fields of `wanted` that differ from `current`. A field that is `undefined` in `wanted` is not asked about. Values
 * are compared as canonical JSON, so that the order of an object's keys is no change.
 */
export function diffFields(
  current: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, FieldValue>>,
): FieldChange[] {
  const changes: FieldChange[] = []
  for (const [field, value] of Object.entries(wanted)) {
    if (value === undefined) continue
    const from = asJson(current[field])
    const to = asJson(value)
    if (canonicalJson(from) !== canonicalJson(to)) changes.push({ field, from, to })
  }
  return changes
}

/** What a new row was given, in the same form. */
export function allFields(values: Readonly<Record<string, FieldValue>>): FieldChange[] {
  return diffFields({}, values)
}

/**
 * The changes as an entry says them: from and to of the fields in `shown`, of all others that they changed. The log
 * cannot forget, so names and contacts of people, free text and settings stay out; the row's digest covers them.
 */
export function changesForLog(changes: readonly FieldChange[], shown: readonly string[]): JsonObject {
  return Object.fromEntries(
    changes.map(({ field, from, to }) => [field, shown.includes(field) ? { from, to } : 'changed']),
  )
}

function asJson(value: unknown): JsonValue {
  if (value === undefined || value === null) return null
  return value instanceof Date ? value.toISOString() : (value as JsonValue)
}
