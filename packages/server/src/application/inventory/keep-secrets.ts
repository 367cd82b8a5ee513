/**
 * What is due at a target without anybody asking: rotations of static secrets, and the ends of versions whose notice is over.
 */
import type { TenantId } from '@mayfly/domain'
import type { LookDeps } from './look-deps.ts'
import { runLook } from './run-look.ts'

/** A kind says itself when something is due next; this is how long a failure rests at first. */
const everySeconds = 30

/** Does what is due at one target. */
export function keepSecrets(deps: LookDeps, tenantId: TenantId, signal: AbortSignal): Promise<'idle' | 'more'> {
  return runLook(deps, tenantId, signal, {
    kind: 'upkeep',
    everySeconds,
    look: ({ target, signal: within }) =>
      target.use(async (way) => (way.upkeep === undefined ? 'unable' : way.upkeep({}, within))),
  })
}
