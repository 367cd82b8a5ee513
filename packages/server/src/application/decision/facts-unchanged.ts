import type { Tx } from '../../store/database.ts'
import { lockVersions } from '../../store/facts-rows.ts'
import type { RowVersion } from './facts.ts'

/**
 * Are the rows decided on still as they were? If so, they stay so until the transaction ends.
 *
 * Call it in the transaction that acts on the decision (law 13). A suspension, a revocation or an activation that comes
 * between is then either seen here, or waits its turn and sees what was done.
 */
export async function factsUnchanged(tx: Tx, versions: readonly RowVersion[]): Promise<boolean> {
  const now = await lockVersions(tx, versions)
  return versions.every(({ table, id, version }) => now.get(`${table} ${id}`) === version)
}
