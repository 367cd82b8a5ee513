import type { Targets } from '../../adapters/targets/targets.ts'
import type { KeyRing } from '../../adapters/keys/key-ring.ts'
import type { TenantId } from '@mayfly/domain'
import type { RequestContext } from '../context.ts'
import type { AuthorityDeps } from '../decision/authority-deps.ts'
import type { StatusPlaces } from '../revocation/status-places.ts'

export interface IssueLimits {
  /** Requests for credentials of one identity within a minute. */
  readonly issuesPerMinute: number
  /** The same, of tokens at the token endpoint. */
  readonly tokensPerMinute: number
  /** How long the target may take to create an account; it enforces this itself (law 1). */
  readonly createTimeoutMs: number
  /** How long a credential without a task may be renewed. */
  readonly maxLifetimeSeconds: number
}

export const defaultIssueLimits: IssueLimits = {
  issuesPerMinute: 600,
  tokensPerMinute: 6_000,
  createTimeoutMs: 10_000,
  maxLifetimeSeconds: 86_400,
}

export interface IssueDeps extends AuthorityDeps {
  readonly targets: Targets
  readonly keys: KeyRing
  readonly issueLimits: IssueLimits
  /** Where the state of a token is published. */
  readonly statusPlaces: StatusPlaces
  /** What a tenant's tokens name as their issuer. */
  readonly issuerOf: (tenantId: TenantId) => Promise<string>
}

/** A request whose caller may go away before it is answered. */
export interface CallContext extends RequestContext {
  readonly signal: AbortSignal
}
