import { MayflyError, type MayflyErrorOptions } from '@mayfly/domain'

const refusals = new WeakSet<MayflyError>()

/**
 * The error for "the target does not let Mayfly's own login in with this secret": nothing has been done there, and the
 * same call with another secret may succeed. To the caller it is `target_rights_missing`, like every other thing that the
 * login lacks.
 *
 * Only for a refusal of the login itself, told by the target. A connection that fails is no refusal.
 */
export function loginRefused(options: MayflyErrorOptions): MayflyError {
  const error = new MayflyError('target_rights_missing', options)
  refusals.add(error)
  return error
}

/** True where the target refused the secret: the one failure after which another secret is worth a try. */
export function isLoginRefused(error: unknown): boolean {
  return error instanceof MayflyError && refusals.has(error)
}
