import type { BoundTo } from '@mayfly/domain'
import type { EntityUid } from './policy-engine.ts'

/** What a permit obliges to, as its annotations say it. */
export interface DutyAnnotations {
  readonly maxTtlSeconds?: number
  readonly requireTask?: true
  readonly requireApproval?: true
  readonly requireBinding?: BoundTo
  /** The longest that "until the task's deadline" may be. */
  readonly untilTaskDeadlineSeconds?: number
}

/** One end of a policy's scope: whom or what it can concern. */
export interface ScopeConstraint {
  /** `is T`. */
  readonly type?: string
  /** `== T::"x"`. */
  readonly equal?: EntityUid
  /** `in T::"x"`. */
  readonly within?: EntityUid
}

export interface CompiledPolicy {
  /** Its `@id`, unique in the set. */
  readonly id: string
  readonly effect: 'permit' | 'forbid'
  readonly principal: ScopeConstraint
  /** Names of the actions; `undefined` is every action. */
  readonly actions: readonly string[] | undefined
  readonly resource: ScopeConstraint
  readonly description: string
  readonly duties: DutyAnnotations
  /** Its own text, without what stands between policies. */
  readonly text: string
}

export interface CompiledPolicySet {
  readonly digest: string
  readonly policies: ReadonlyMap<string, CompiledPolicy>
}
