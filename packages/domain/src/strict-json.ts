/**
 * JSON from strangers: one object, no member twice (RFC 8725 section 2.4 shows what two readings of one text cost).
 */

/** @returns the object, or `undefined`: not JSON, not an object, a duplicate member, `__proto__`, or nested too deep */
export function parseStrictObject(text: string, maxDepth = 16): Readonly<Record<string, unknown>> | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const members = countMembers(value, maxDepth)
  return members === undefined || members !== countColons(text) ? undefined : (value as Record<string, unknown>)
}

// JSON.parse keeps the last of equal names without a word. In a valid text each member has one colon outside of strings,
// so more colons than members left means that a name stood there twice.
function countColons(text: string): number {
  let colons = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x3a) colons++
    else if (code === 0x22) {
      for (at++; text.charCodeAt(at) !== 0x22; at++) if (text.charCodeAt(at) === 0x5c) at++
    }
  }
  return colons
}

function countMembers(value: object, depthLeft: number): number | undefined {
  if (depthLeft === 0) return undefined
  let members = 0
  for (const [name, inner] of Object.entries(value)) {
    if (name === '__proto__') return undefined
    if (!Array.isArray(value)) members++
    if (typeof inner === 'object' && inner !== null) {
      const below = countMembers(inner as object, depthLeft - 1)
      if (below === undefined) return undefined
      members += below
    }
  }
  return members
}
