import type { BoundTo } from '@mayfly/domain'
import type { EntityUid } from './entity-uid.ts'
import type { AttributesRead } from './read-attributes.ts'

/** What a permit obliges to, as its annotations say it. */
export interface DutyAnnotations {
  readonly maxTtlSeconds?: number
  readonly requireTask?: true
  readonly requireApproval?: true
  readonly requireBinding?: BoundTo
  /** The longest that "until the task's deadline" may be. */
  readonly untilTaskDeadlineSeconds?: number
  /** From this moment on it permits nothing: RFC 3339, UTC. */
  readonly until?: string
}

/** One end of a policy's scope: whom or what it can concern. Empty is everything. */
export interface ScopeConstraint {
  /** `is T`. */
  readonly type?: string
  /** `== T::"x"`. */
  readonly equal?: EntityUid
  /** `in T::"x"`. */
  readonly within?: EntityUid
}

export interface CompiledPolicy extends AttributesRead {
  /** Its `@id`, unique in the set. */
  readonly id: string
  readonly effect: 'permit' | 'forbid'
  readonly principal: ScopeConstraint
  /** Names of the actions; absent is every action. */
  readonly actions?: readonly string[]
  readonly resource: ScopeConstraint
  readonly description: string
  readonly duties: DutyAnnotations
  /** Its own text, without what stands between policies. */
  readonly text: string
}

/** Something wrong with a policy text, and where: lines and columns count from 1, columns in UTF-16 units. */
export interface PolicyFault {
  readonly line: number
  readonly column: number
  /** The `@id` of the policy, where it is known. */
  readonly policyId?: string
  readonly message: string
  readonly hint?: string
}

export type CompileResult =
  | { readonly ok: true; readonly policies: readonly CompiledPolicy[]; readonly warnings: readonly PolicyFault[] }
  | { readonly ok: false; readonly faults: readonly PolicyFault[] }
