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
// Most strings: printable ASCII but for the quote and the backslash.
const needsNoEscape = /^[ !#-[\]-~]*$/
// With the `u` flag a pair of surrogates is one character of another category, so this finds lone ones only.
const loneSurrogate = /\p{Surrogate}/u

/** @throws MayflyError `internal`: the value is not plain JSON; the log part names the member */
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
  let value: JsonValue
  let canonical: boolean
  try {
    value = JSON.parse(text) as JsonValue
    canonical = isSurelyCanonical(text, value) || canonicalJson(value) === text
  } catch (cause) {
    throw new MayflyError('audit_verification_failed', { publicDetail: 'the bytes are not canonical JSON', cause })
  }
  if (!canonical) {
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

/**
 * The quick yes; a no says nothing. The engine writes numbers and strings as the RFC does, so three things are left to
 * see: lone surrogates, which it writes as escapes that nothing else needs, the order of keys, and the depth.
 */
function isSurelyCanonical(text: string, value: JsonValue): boolean {
  return !text.includes('\\ud') && isSortedWithin(value, maxDepth) && JSON.stringify(value) === text
}

function isSortedWithin(value: JsonValue, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (depth === 0) return false
  if (Array.isArray(value)) return value.every((item: JsonValue) => isSortedWithin(item, depth - 1))
  const members = value as JsonObject
  let before: string | undefined
  for (const key of Object.keys(members)) {
    if (before !== undefined && before >= key) return false
    if (!isSortedWithin(members[key] ?? null, depth - 1)) return false
    before = key
  }
  return true
}

function write(value: unknown, member: string, depth: number): string {
  if (typeof value === 'string') return writeString(value, member)
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'object') return writeNested(value, member, depth + 1)
  if (typeof value !== 'number') throw refuse(member, `is of type ${typeof value}`)
  if (!Number.isFinite(value)) throw refuse(member, 'is not a finite number')
  return JSON.stringify(value)
}

function writeNested(value: object, member: string, depth: number): string {
  if (depth > maxDepth) throw refuse(member, `is nested deeper than ${maxDepth}`)
  if (Array.isArray(value)) return `[${value.map((item) => write(item, member, depth)).join(',')}]`
  const prototype: unknown = Object.getPrototypeOf(value)
  // A class instance would be written as its own fields, or as what its toJSON says: neither is what was meant.
  if (prototype !== Object.prototype && prototype !== null) throw refuse(member, 'is not a plain object')
  let text = '{'
  // Default sort order compares UTF-16 code units, which is what RFC 8785 section 3.2.3 asks for.
  for (const key of Object.keys(value).sort()) {
    const inner: unknown = (value as Record<string, unknown>)[key]
    text += `${text.length > 1 ? ',' : ''}${writeString(key, key)}:${write(inner, key, depth)}`
  }
  return `${text}}`
}

function writeString(text: string, member: string): string {
  if (needsNoEscape.test(text)) return `"${text}"`
  if (loneSurrogate.test(text)) throw refuse(member, 'holds a lone surrogate')
  return JSON.stringify(text)
}

function refuse(member: string, what: string): MayflyError {
  return new MayflyError('internal', { log: `canonical JSON: \`${member}\` ${what}` })
}
