/**
 * Canonical JSON (RFC 8785, JCS): one value has one text, so that everybody hashes the same bytes.
 *
 * Promise: only plain JSON values pass. An object with a class (a `Secret`, a `Date`), `undefined`, a number that is
 * not finite, a lone surrogate and nesting deeper than 32 are refused, never turned into something else.
 * Limit: numbers are IEEE 754 doubles, as in the RFC; what is larger than 2^53 goes into a string.
 */
import { MayflyError } from '../problem.ts'
import { decodeUtf8 } from './bytes.ts'

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [key: string]: JsonValue
}

const maxDepth = 32
// With the `u` flag a pair of surrogates is one character of another category, so this finds lone ones only.
const loneSurrogate = /\p{Surrogate}/u

/** @throws MayflyError `internal`: the value is not plain JSON; the log part says where */
export function canonicalJson(value: JsonValue): string {
  return write(value, '', 0)
}

/**
 * Reads bytes that must be canonical JSON. Whatever has two readings is refused because it does not come out the same
 * again: duplicate keys, unsorted keys, white space, `1.0`, `-0`, integers that a double cannot hold, needless escapes.
 *
 * Does NOT bound the size: the caller knows the limit of its format.
 *
 * @throws MayflyError `audit_verification_failed`
 */
export function parseCanonicalJson(bytes: Uint8Array): JsonValue {
  const text = decodeUtf8(bytes)
  let again: string
  let value: JsonValue
  try {
    value = JSON.parse(text) as JsonValue
    again = canonicalJson(value)
  } catch (cause) {
    throw new MayflyError('audit_verification_failed', { publicDetail: 'the bytes are not canonical JSON', cause })
  }
  if (again !== text) {
    throw new MayflyError('audit_verification_failed', {
      publicDetail: 'the bytes are JSON but not canonical',
      hint: 'keys must be unique and sorted, without white space, numbers in their shortest form (RFC 8785)',
    })
  }
  return value
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function write(value: unknown, path: string, depth: number): string {
  if (typeof value === 'string') return writeString(value, path)
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'object') return writeNested(value, path, depth + 1)
  if (typeof value !== 'number') throw refuse(path, `is of type ${typeof value}`)
  if (!Number.isFinite(value)) throw refuse(path, 'is not a finite number')
  return JSON.stringify(value)
}

function writeNested(value: object, path: string, depth: number): string {
  if (depth > maxDepth) throw refuse(path, `is nested deeper than ${maxDepth}`)
  if (Array.isArray(value)) {
    return `[${value.map((item, index) => write(item, `${path}/${index}`, depth)).join(',')}]`
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  // A class instance would be written as its own fields, or as what its toJSON says: neither is what was meant.
  if (prototype !== Object.prototype && prototype !== null) throw refuse(path, 'is not a plain object')
  let text = '{'
  // Default sort order compares UTF-16 code units, which is what RFC 8785 section 3.2.3 asks for.
  for (const key of Object.keys(value).sort()) {
    const member: unknown = (value as Record<string, unknown>)[key]
    if (text.length > 1) text += ','
    text += `${writeString(key, path)}:${write(member, `${path}/${key}`, depth)}`
  }
  return `${text}}`
}

function writeString(text: string, path: string): string {
  if (loneSurrogate.test(text)) throw refuse(path, 'holds a lone surrogate')
  return JSON.stringify(text)
}

function refuse(path: string, what: string): MayflyError {
  return new MayflyError('internal', { log: `canonical JSON: \`${path || '/'}\` ${what}` })
}
