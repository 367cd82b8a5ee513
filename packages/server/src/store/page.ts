/** What the SQL of a list reads. Ids are made in order of time, so they are the order of the pages. */
export interface PageRequest {
  /** Rows with an id greater than this; absent on the first page. */
  readonly after?: string | undefined
  /** Rows at most. */
  readonly limit: number
}
