/** The known word that a misspelt one was most likely meant to be; undefined where none is close. */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  // A third of the letters may differ: `onwer` finds `owner`, `id` finds nothing.
  const tolerance = Math.floor(Math.max(word.length, 3) / 3)
  let best: { readonly word: string; readonly distance: number } | undefined
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) > tolerance) continue
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance <= tolerance && (best === undefined || distance < best.distance)) best = { word: candidate, distance }
  }
  return best?.word
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_none, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      current[column] = Math.min(
        (current[column - 1] ?? 0) + 1,
        (last[column] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (beforeLast[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    beforeLast = last
    last = current
  }
  return last[b.length] ?? 0
}
