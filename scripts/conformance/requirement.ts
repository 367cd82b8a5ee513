/** What a standard asks for, in our own words, by the tag that the titles of its tests begin with. */
export interface Requirement {
  /** As in a title: `[RFC9449 4.3] …`. */
  readonly tag: string
  /** One sentence or two, no full stop at the end. */
  readonly says: string
  /** Why it is not done. Absent: it is, and a test shows it. */
  readonly notSupported?: string
}

export interface Standard {
  readonly title: string
  readonly url: string
  /** What tags of it begin with: a tag that no requirement has is still one of its tests. */
  readonly prefix: RegExp
  readonly requirements: readonly Requirement[]
}

/** `[tag, says]` or `[tag, says, why not]`. */
export function requirements(
  rows: readonly (readonly [tag: string, says: string, notSupported?: string])[],
): readonly Requirement[] {
  return rows.map(([tag, says, notSupported]) => ({
    tag,
    says,
    ...(notSupported === undefined ? {} : { notSupported }),
  }))
}
