/** JSON as google.protobuf.Struct. */
type Value =
  | { readonly nullValue: 'NULL_VALUE' }
  | { readonly numberValue: number }
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly structValue: Struct }
  | { readonly listValue: { readonly values: readonly Value[] } }

export interface Struct {
  readonly fields: Readonly<Record<string, Value>>
}

/** Does NOT bound the depth: what is parsed does. */
export function toStruct(value: Readonly<Record<string, unknown>>): Struct {
  return { fields: Object.fromEntries(Object.entries(value).map(([name, one]) => [name, toValue(one)])) }
}

function toValue(value: unknown): Value {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'number') return { numberValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (Array.isArray(value)) return { listValue: { values: value.map(toValue) } }
  if (typeof value === 'object' && value !== null) return { structValue: toStruct(value as Record<string, unknown>) }
  return { nullValue: 'NULL_VALUE' }
}
