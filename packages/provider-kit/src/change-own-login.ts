import { MayflyError, type MayflyErrorOptions } from '@mayfly/domain'
import { isLoginRefused } from './login-refused.ts'

/**
 * Changes the secret of Mayfly's own login, and proves it (`Adoptable.adopt`). Of several calls at once whoever connects late is
 * refused with the old secret, and the new one is in force: that is no failure.
 *
 * @param change throws `loginRefused` where the target takes the present secret no more
 * @param isInForce logs in anew with the next secret
 * @param notTaken why the target may keep it and yet not take it
 * @throws MayflyError `target_refused` with `notTaken`; what `change` and `isInForce` throw
 */
export async function changeOwnLogin(
  change: () => Promise<void>,
  isInForce: () => Promise<boolean>,
  notTaken: MayflyErrorOptions,
): Promise<void> {
  try {
    await change()
  } catch (error) {
    if (isLoginRefused(error) && (await isInForce())) return
    throw error
  }
  if (!(await isInForce())) throw new MayflyError('target_refused', notTaken)
}
