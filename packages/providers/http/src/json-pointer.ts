import type { JsonValue } from '@mayfly/domain'

/** The form of a JSON Pointer (RFC 6901 section 3). */
export const jsonPointerPattern = /^(?:\/(?:[^~/]|~[01])*)*$/

/** What a JSON Pointer leads to (RFC 6901 section 4); undefined where there is nothing. `-` leads nowhere. */
export function readJsonPointer(document: JsonValue | undefined, pointer: string): JsonValue | undefined {
  let at: JsonValue | undefined = document
  for (const step of pointer.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof at !== 'object' || at === null) return undefined
    if (Array.isArray(at))
      at = /^(?:0|[1-9]\d{0,8})$/.test(name) ? (at[Number(name)] as JsonValue | undefined) : undefined
    else at = Object.hasOwn(at, name) ? (at as Readonly<Record<string, JsonValue>>)[name] : undefined
  }
  return at
}
