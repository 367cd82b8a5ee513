import { MayflyError } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import { listAdministratorProofs } from '../../store/held-rows.ts'

/**
 * Does a change that takes a way of proving away, and refuses it where no administrator could prove themselves any more: the
 * bootstrap does not come back while there is an administrator.
 *
 * @throws MayflyError `policy_locks_out_administrators`
 */
export async function keepAdministrator<T>(tx: Tx, work: () => Promise<T>): Promise<T> {
  const before = await listAdministratorProofs(tx)
  const done = await work()
  if (before.length === 0 || (await listAdministratorProofs(tx)).length > 0) return done
  throw new MayflyError('policy_locks_out_administrators', {
    publicDetail: 'no administrator could prove who they are any more',
    hint: 'first let another administrator sign in, or bind another proof to one',
  })
}
