/**
 * The deciding engine: Cedar in WebAssembly, held so that no policy can break it for good.
 */
import type { CompiledPolicySet } from './compiled-policy.ts'

export interface EntityUid {
  readonly type: string
  readonly id: string
}

export type CedarValue =
  | boolean
  | number
  | string
  | readonly CedarValue[]
  | { readonly __entity: EntityUid }
  | { readonly __extn: { readonly fn: string; readonly arg: string } }
  | { readonly [name: string]: CedarValue }

export interface CedarEntity {
  readonly uid: EntityUid
  readonly attrs: Readonly<Record<string, CedarValue>>
  readonly parents: readonly EntityUid[]
  readonly tags?: Readonly<Record<string, CedarValue>>
}

export interface Question {
  readonly principal: EntityUid
  /** The action's name, e.g. `credential.issue`. */
  readonly action: string
  readonly resource: EntityUid
  readonly context: Readonly<Record<string, CedarValue>>
  readonly entities: readonly CedarEntity[]
}

export type Answer =
  | { readonly outcome: 'permit'; readonly determining: readonly string[] }
  | { readonly outcome: 'forbid'; readonly determining: readonly string[] }
  | {
      readonly outcome: 'no_match'
      /** Permits whose scope fits the question, but not one of whose conditions. */
      readonly near: readonly string[]
    }
  /** Cedar skips a policy that errors, a `forbid` too; so any error denies. */
  | { readonly outcome: 'error'; readonly errors: readonly { readonly policyId: string; readonly message: string }[] }
  | { readonly outcome: 'failed'; readonly message: string }

export interface PolicyEngine {
  /** The compiled policies of a digest, if loaded. Immutable, so a cached one is never stale. */
  find(digest: string): CompiledPolicySet | undefined
  /**
   * Compiles a policy text apart from this thread and keeps it.
   *
   * @throws MayflyError `policy_invalid`, `decision_engine_failed`
   */
  load(digest: string, text: string): Promise<CompiledPolicySet>
  /** Never throws: an engine that fails is an answer, and the caller denies. */
  ask(policies: CompiledPolicySet, question: Question): Answer
}
