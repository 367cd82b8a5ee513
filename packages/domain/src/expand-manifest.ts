/**
 * A manifest's lists with their templates filled in, so that a hundred identities are as easy to write as one.
 *
 * An item is either the thing itself, or `template` with `each` (a list of values) or with `count` (1 to n, as `n`).
 * `{{name}}` in a text of the template is replaced; a text that is nothing but one placeholder takes the value's type.
 * Promise: closed. An unknown placeholder and a value that no placeholder uses are faults; there are no expressions, and
 * what is filled in is not looked at again. `secret` is left as it is: a password may hold any characters.
 */
import type { JsonObject, JsonValue } from './log/canonical-json.ts'
import type { FieldProblem } from './problem.ts'

/** In the order in which they are applied: each refers to those before it. */
export const manifestSections = [
  'people',
  'owners',
  'offline_sites',
  'trust_providers',
  'identities',
  'resources',
  'roles',
  'bindings',
] as const
export type ManifestSection = (typeof manifestSections)[number]

export interface ManifestItem {
  readonly section: ManifestSection
  /** JSON pointer to where it is written in the file: of a templated item, to the template. */
  readonly pointer: string
  /** Of a templated item: which of them; empty otherwise. */
  readonly instance: string
  readonly value: JsonObject
}

export interface ExpandedManifest {
  readonly items: readonly ManifestItem[]
  readonly faults: readonly FieldProblem[]
}

export const maxManifestItems = 2_000

type Values = Readonly<Record<string, string | number>>

export function expandManifest(manifest: JsonObject): ExpandedManifest {
  const items: ManifestItem[] = []
  const faults: FieldProblem[] = []
  const known: readonly string[] = ['version', ...manifestSections]
  for (const key of Object.keys(manifest)) {
    if (!known.includes(key)) {
      faults.push({ pointer: pointerTo(key), detail: `is not a section; there are ${known.join(', ')}` })
    }
  }
  if (manifest['version'] !== 1) {
    faults.push({ pointer: '/version', detail: 'must be 1: the version of the manifest format' })
  }
  for (const section of manifestSections) {
    const list = manifest[section]
    if (list === undefined || list === null) continue
    if (!Array.isArray(list)) {
      faults.push({ pointer: `/${section}`, detail: 'must be a list' })
      continue
    }
    for (const [index, item] of list.entries()) {
      const pointer = `/${section}/${index}`
      if (!isObject(item)) faults.push({ pointer, detail: 'must be an object' })
      else if (Object.hasOwn(item, 'template')) expandItem(section, pointer, item, items, faults)
      else items.push({ section, pointer, instance: '', value: item })
      if (items.length > maxManifestItems) {
        faults.push({ pointer, detail: `is beyond ${maxManifestItems} items; split the manifest` })
        return { items: [], faults }
      }
    }
  }
  return { items, faults }
}

function expandItem(
  section: ManifestSection,
  pointer: string,
  item: JsonObject,
  items: ManifestItem[],
  faults: FieldProblem[],
): void {
  const { template, each, count, ...rest } = item
  for (const key of Object.keys(rest)) {
    faults.push({ pointer: pointer + pointerTo(key), detail: 'does not stand beside `template`; write it inside' })
  }
  if (!isObject(template)) {
    faults.push({ pointer: `${pointer}/template`, detail: 'must be an object' })
    return
  }
  if ((each === undefined) === (count === undefined)) {
    faults.push({ pointer, detail: 'needs `each` or `count` beside `template`, and only one of them' })
    return
  }
  const rows = each === undefined ? countedRows(pointer, count, faults) : listedRows(pointer, each, faults)
  for (const [index, values] of rows.entries()) {
    const unused = new Set(Object.keys(values))
    const unknown = new Set<string>()
    const value = fill(template, values, unused, unknown) as JsonObject
    for (const name of unknown) {
      const detail = `\`{{${name}}}\` is given no value${each === undefined ? '; with `count` there is `{{n}}`' : ` by \`each/${index}\``}`
      faults.push({ pointer: `${pointer}/template`, detail })
    }
    for (const name of unused) {
      const at = each === undefined ? `${pointer}/count` : `${pointer}/each/${index}${pointerTo(name)}`
      faults.push({ pointer: at, detail: `is used nowhere: the template has no \`{{${name}}}\`` })
    }
    const instance = each === undefined ? `n = ${index + 1}` : `each/${index}`
    items.push({ section, pointer: `${pointer}/template`, instance, value })
    // A template's own fault would be told once for each of its items.
    if (unknown.size > 0 || unused.size > 0) return
  }
}

function countedRows(pointer: string, count: JsonValue | undefined, faults: FieldProblem[]): Values[] {
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > maxManifestItems) {
    faults.push({ pointer: `${pointer}/count`, detail: `must be a whole number from 1 to ${maxManifestItems}` })
    return []
  }
  return Array.from({ length: count }, (_, index) => ({ n: index + 1 }))
}

function listedRows(pointer: string, each: JsonValue, faults: FieldProblem[]): Values[] {
  if (!Array.isArray(each) || each.length === 0 || each.length > maxManifestItems) {
    faults.push({ pointer: `${pointer}/each`, detail: `must be a list of 1 to ${maxManifestItems} objects` })
    return []
  }
  return each.flatMap((row, index) => {
    const at = `${pointer}/each/${index}`
    if (!isObject(row)) {
      faults.push({ pointer: at, detail: 'must be an object such as `{ name: orders-api }`' })
      return []
    }
    const bad = Object.entries(row).filter(([, value]) => typeof value !== 'string' && typeof value !== 'number')
    for (const [name] of bad) faults.push({ pointer: at + pointerTo(name), detail: 'must be a text or a number' })
    return bad.length === 0 ? [row as Values] : []
  })
}

const placeholder = /\{\{ *([A-Za-z0-9_]{1,63}) *\}\}/g

function fill(value: JsonValue, values: Values, unused: Set<string>, unknown: Set<string>): JsonValue {
  const take = (name: string): string | number => {
    unused.delete(name)
    if (Object.hasOwn(values, name)) return values[name] ?? ''
    unknown.add(name)
    return ''
  }
  if (typeof value === 'string') {
    const whole = /^\{\{ *([A-Za-z0-9_]{1,63}) *\}\}$/.exec(value)?.[1]
    if (whole !== undefined) return take(whole)
    return value.replace(placeholder, (_all, name: string) => String(take(name)))
  }
  if (Array.isArray(value)) return value.map((one) => fill(one, values, unused, unknown))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, key === 'secret' ? one : fill(one, values, unused, unknown)]),
  )
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** RFC 6901 section 3. */
function pointerTo(key: string): string {
  return `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
}
