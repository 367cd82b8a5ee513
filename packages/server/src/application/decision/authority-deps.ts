import type { BoundTo } from '@mayfly/domain'
import type { PolicyEngine } from '../../adapters/cedar/policy-engine.ts'
import type { CoreDeps } from '../context.ts'

/** What deciding needs. */
export interface AuthorityDeps extends CoreDeps {
  readonly policies: PolicyEngine
  /** What the provider of a kind can bind a credential to, with these settings of a resource; for an unknown kind nothing. */
  readonly offeredBindings: (providerKind: string, settings: unknown) => readonly BoundTo[]
  /** Whether a holder may send a key of its own; else a credential is bound as the token is with which it is asked for. */
  readonly takesHolderKeys: (providerKind: string) => boolean
}
