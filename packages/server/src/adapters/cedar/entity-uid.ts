export interface EntityUid {
  readonly type: string
  readonly id: string
}

/** One text for one entity; the id is quoted, so that no id can look like another entity. */
export function uidKey({ type, id }: EntityUid): string {
  return `${type}::${JSON.stringify(id)}`
}
