/** Brackets within brackets that a person still reads; Cedar's own parser traps at some 150. */
export const maxNesting = 50

/**
 * Where brackets are nested deeper than `maxNesting`, as an index into the text; undefined where nowhere.
 *
 * Knows strings and comments. Does NOT find other nesting (`!!!!…`, `if` in `if`): that ends in the compiler's trap.
 */
export function findDeepNesting(text: string): number | undefined {
  let depth = 0
  for (let index = 0; index < text.length; index++) {
    const char = text[index]
    if (char === '"') {
      for (index++; index < text.length && text[index] !== '"'; index++) if (text[index] === '\\') index++
    } else if (char === '/' && text[index + 1] === '/') {
      const end = text.indexOf('\n', index)
      if (end === -1) return undefined
      index = end
    } else if (char === '(' || char === '[' || char === '{') {
      if (++depth > maxNesting) return index
    } else if (char === ')' || char === ']' || char === '}') depth--
  }
  return undefined
}
