/**
 * Names for statements that are sent again and again, so that a connection parses and plans each of them once: planning
 * costs more than running where a row is found by its id.
 *
 * Not those that take many rows in hand at once, which say so by `materialized`: after five ends of one credential each
 * PostgreSQL may keep a plan made for one. (What was seen to cost seconds was another plan: migration 0016.)
 * Limit: a connection keeps what it has prepared; so many names and no more are given, and statements whose text varies
 * (lists of values) never come to one.
 */
const timesBeforeName = 5
const maxNames = 300
const maxUnnamed = 2_000

const names = new Map<string, string>()
const unnamed = new Map<string, number>()

/** @returns the name to send it under, or undefined where it has not been sent often enough */
export function preparedNameOf(text: string): string | undefined {
  if (text.includes(' materialized (')) return undefined
  const name = names.get(text)
  if (name !== undefined || names.size >= maxNames) return name
  const times = (unnamed.get(text) ?? 0) + 1
  if (times < timesBeforeName) {
    if (unnamed.size >= maxUnnamed) unnamed.clear()
    unnamed.set(text, times)
    return undefined
  }
  unnamed.delete(text)
  const fresh = `mayfly_${names.size}`
  names.set(text, fresh)
  return fresh
}
