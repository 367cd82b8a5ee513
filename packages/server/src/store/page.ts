/** Pages of a list by key set: each page goes on behind the last key of the one before, whatever was added meanwhile. */
export interface PageRequest {
  /** Rows at most, 1 to 200. */
  readonly limit: number
  /** The key of the last row of the page before. */
  readonly after?: string | undefined
}

export interface Page<Row> {
  readonly rows: readonly Row[]
  /** What `after` must be for the next page; absent on the last. */
  readonly next?: string
}

/** @param rows read with `limit(page.limit + 1)`: the one too many says that there is a next page */
export function toPage<Row>(rows: readonly Row[], page: PageRequest, keyOf: (row: Row) => string): Page<Row> {
  const kept = rows.slice(0, page.limit)
  const last = kept.at(-1)
  return rows.length > page.limit && last !== undefined ? { rows: kept, next: keyOf(last) } : { rows: kept }
}
