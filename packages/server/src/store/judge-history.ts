import { MayflyError } from '@mayfly/domain'

/** A migration as the database remembers it. */
export interface AppliedMigration {
  /** `NNNN_what_it_does.sql`. */
  readonly name: string
  /** SHA-256 of the file, in hex. */
  readonly checksum: string
  /** `NNNN`: the oldest server, by its last migration, that may still serve after it. */
  readonly readers: string
}

/**
 * Compares the migrations that this server has with those that the database has had.
 *
 * A newer database is served where its migrations say that this server may (`readers`): so versions next to each other
 * serve together while an upgrade is under way.
 *
 * @param own in the order of their names
 * @returns those still to apply, in order
 * @throws MayflyError `migration_refused`
 */
export function judgeHistory<Own extends AppliedMigration>(
  own: readonly Own[],
  applied: readonly AppliedMigration[],
): readonly Own[] {
  const newestOwn = numberOf(own.at(-1)?.name ?? '')
  for (const row of applied) {
    const same = own.find(({ name }) => name === row.name)
    if (same === undefined) refuseUnlessReadable(row, newestOwn)
    else if (same.checksum !== row.checksum) {
      throw refused(
        `migration \`${row.name}\` was changed after it was applied`,
        'restore the file as it was released, and put the change into a new migration',
      )
    }
  }
  const pending = own.filter(({ name }) => !applied.some((row) => row.name === name))
  const newestApplied = applied.map(({ name }) => numberOf(name)).reduce((a, b) => (a > b ? a : b), '')
  const late = pending.find(({ name }) => numberOf(name) <= newestApplied)
  if (late !== undefined) {
    throw refused(
      `migration \`${late.name}\` was left out, and later ones were applied`,
      'run the release that the database was last used with',
    )
  }
  return pending
}

function refuseUnlessReadable(row: AppliedMigration, newestOwn: string): void {
  if (numberOf(row.name) <= newestOwn) {
    throw refused(
      `the database has migration \`${row.name}\`, which this server never had`,
      'run the release that applied it, or restore the database from before',
    )
  }
  if (newestOwn < row.readers) {
    throw refused(
      `migration \`${row.name}\` needs a server that knows migration ${row.readers}; this one knows ${newestOwn}`,
      'upgrade this server',
    )
  }
}

function numberOf(name: string): string {
  return name.slice(0, 4)
}

function refused(publicDetail: string, hint: string): MayflyError {
  return new MayflyError('migration_refused', { publicDetail, hint })
}
