import type { KeyRing } from '../../adapters/keys/key-ring.ts'
import type { CoreDeps } from '../context.ts'

/** What the making and changing of keys needs. */
export interface KeyDeps extends CoreDeps {
  readonly keys: KeyRing
}
