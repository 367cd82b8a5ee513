import type { KeyRing } from '../../adapters/keys/key-ring.ts'
import type { Provider } from '../../adapters/targets/targets.ts'
import type { CoreDeps } from '../context.ts'

export interface RegistryDeps extends CoreDeps {
  readonly keys: KeyRing
  /** By kind. */
  readonly providers: ReadonlyMap<string, Provider>
  /** SPIFFE trust domain of this installation. */
  readonly trustDomain: string
  /** How far ahead an identity's end may lie; 31,536,000 (one year) unless configured. */
  readonly maxIdentityLifetimeSeconds: number
}
