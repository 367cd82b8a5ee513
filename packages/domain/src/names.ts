/**
 * Names of owners, identities, resources, roles and trust providers: what people type, and what stands in a SPIFFE ID.
 *
 * Promise: a name is one path segment (SPIFFE ID section 2.2), needs no quoting in a shell or URL, and is never taken
 * for an id.
 */
import { isId } from './ids.ts'

/** The database holds the same pattern as a check constraint. */
export const namePattern = /^[a-z0-9][a-z0-9._-]{0,62}$/

/** @returns what is wrong with the name, and the fix; undefined where nothing is */
export function findNameFault(name: string): string | undefined {
  if (name === '') return 'is empty; write 1 to 63 characters'
  if (name.length > 63) return `has ${name.length} characters; at most 63 fit`
  if (!namePattern.test(name)) {
    return 'has other characters than `a-z`, `0-9`, `.`, `_` and `-`, or does not begin with a letter or digit'
  }
  // Everything is found by id or name: a name in the shape of an id could stand in for another row.
  if (isId(name)) return 'has the shape of an id; choose a name that people can tell apart'
  return undefined
}
