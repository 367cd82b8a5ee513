import type { AccountProvider } from '@mayfly/provider-kit'
import type { KeyRing } from '../../adapters/keys/key-ring.ts'
import type { CoreDeps } from '../context.ts'

/** A provider whose types are not known here: its own schemas make the values that it is given. */
export type AnyAccountProvider = AccountProvider<unknown, unknown, unknown>

export interface RegistryDeps extends CoreDeps {
  readonly keys: KeyRing
  /** By kind. */
  readonly providers: ReadonlyMap<string, AnyAccountProvider>
  /** SPIFFE trust domain of this installation. */
  readonly trustDomain: string
  /** How far ahead an identity's end may lie; 31,536,000 (one year) unless configured. */
  readonly maxIdentityLifetimeSeconds: number
}
