/**
 * Templates with closed placeholders: `{account_name}` and the like, never an expression.
 *
 * Promise: what is filled in cannot change the shape of what it is filled into: in a path it is one percent-encoded piece,
 * in a JSON body it is part of one text, in a header it holds no control character.
 */
import type { JsonValue } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'

/** By name, e.g. `account_name`, `permission.scope`. */
export type Values = ReadonlyMap<string, string | number | boolean | readonly string[] | Secret>

const placeholder = /\{([a-z][a-z0-9_]*(?:\.[A-Za-z0-9_-]{1,63})?)\}/g
const whole = /^\{([a-z][a-z0-9_]*(?:\.[A-Za-z0-9_-]{1,63})?)\}$/

/** The names that a template speaks of. */
export function placeholdersOf(template: JsonValue | undefined): readonly string[] {
  if (typeof template === 'string') return [...template.matchAll(placeholder)].map((match) => match[1] ?? '')
  if (typeof template !== 'object' || template === null) return []
  return Object.entries(template).flatMap(([name, inner]) => [
    ...(Array.isArray(template) ? [] : placeholdersOf(name)),
    ...placeholdersOf(inner),
  ])
}

export function fillPath(template: string, values: Values): string {
  return template.replaceAll(placeholder, (_, name: string) => {
    const text = textOf(values, name)
    // `.` and `..` are left as they are by the encoding, and would be another path.
    return /^\.{1,2}$/.test(text) ? text.replaceAll('.', '%2E') : encodeURIComponent(text)
  })
}

/** @throws RangeError: a value that does not fit into a header */
export function fillHeader(template: string, values: Values): string {
  const filled = template.replaceAll(placeholder, (_, name: string) => textOf(values, name))
  if (!/^[\t\u0020-\u007e]*$/.test(filled)) throw new RangeError('a header takes printable ASCII only')
  return filled
}

/** Where a text is nothing but a placeholder its value keeps its type. */
export function fillBody(template: JsonValue, values: Values): JsonValue {
  if (typeof template === 'string') {
    const name = whole.exec(template)?.[1]
    if (name !== undefined) return valueOf(values, name)
    return template.replaceAll(placeholder, (_, inner: string) => textOf(values, inner))
  }
  if (Array.isArray(template)) return template.map((inner: JsonValue) => fillBody(inner, values))
  if (typeof template !== 'object' || template === null) return template
  return Object.fromEntries(Object.entries(template).map(([name, inner]) => [name, fillBody(inner, values)]))
}

function valueOf(values: Values, name: string): JsonValue {
  const value = values.get(name)
  if (value === undefined) throw new RangeError(`nothing is known of \`${name}\``)
  if (value instanceof Secret) return value.reveal()
  return typeof value === 'object' ? [...value] : value
}

function textOf(values: Values, name: string): string {
  const value = valueOf(values, name)
  if (Array.isArray(value)) return value.join(' ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
