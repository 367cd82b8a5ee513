import type { BoundTo } from '@mayfly/domain'
import type { PolicyEngine } from '../../adapters/cedar/policy-engine.ts'
import type { CoreDeps } from '../context.ts'

/** What deciding needs. */
export interface AuthorityDeps extends CoreDeps {
  readonly policies: PolicyEngine
  /** What the provider of a kind can bind a credential to; for an unknown kind nothing. */
  readonly offeredBindings: (providerKind: string) => readonly BoundTo[]
}
