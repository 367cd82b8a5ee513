/**
 * The deciding engine: Cedar in WebAssembly, held so that no policy can break it for good.
 *
 * Promise: an answer, never a throw. An engine that traps is replaced and asked once more; if that fails too, the
 * answer is `failed`, and the caller denies (law 8).
 * Limit: Cedar never forgets a preparsed set, so sets live in a fixed number of slots that are used again, and the whole
 * instance is replaced from time to time: memory does not grow with activations.
 */
import type { CedarValueJson, EntityJson } from '@cedar-policy/cedar-wasm/nodejs'
import { type Cedar, openCedar } from './cedar-instance.ts'
import type { CompiledPolicy, CompileResult, PolicyFault } from './compiled-policy.ts'
import { compileApart, type CompileOptions } from './policy-compiler.ts'
import { policyInvalid } from './policy-invalid.ts'
import { pruneQuestion } from './prune-question.ts'
import type { Question } from './question.ts'
import { indexPolicies, type PolicyIndex, type Slice } from './slice-policies.ts'

export type Answer =
  | { readonly outcome: 'permit'; readonly determining: readonly CompiledPolicy[] }
  | { readonly outcome: 'forbid'; readonly determining: readonly CompiledPolicy[] }
  /** `near`: permits whose scope fits the question, but not one of whose conditions. */
  | { readonly outcome: 'no_match'; readonly near: readonly CompiledPolicy[] }
  /** Cedar skips a policy that errors, a `forbid` too; so any error denies. */
  | { readonly outcome: 'error'; readonly errors: readonly { readonly policyId: string; readonly message: string }[] }
  | { readonly outcome: 'failed'; readonly message: string }

export interface CompiledPolicySet {
  readonly policies: readonly CompiledPolicy[]
  /** Valid, and yet not what was meant: e.g. a policy that can concern nothing. */
  readonly warnings: readonly PolicyFault[]
  readonly index: PolicyIndex
}

export interface PolicyEngine {
  /** The compiled policies of a digest, if loaded. A digest says the whole text, so what is found is never stale. */
  find(digest: string): CompiledPolicySet | undefined
  /**
   * Compiles a policy text apart from this thread and keeps it under its digest.
   *
   * @param timeoutMs default: that of the compiler. More for what is in force already: on a busy machine it must not
   *   seem broken because it took long
   * @throws MayflyError `policy_invalid`, with every fault as a field; `decision_engine_failed`
   */
  load(digest: string, text: string, timeoutMs?: number): Promise<CompiledPolicySet>
  ask(policies: CompiledPolicySet, question: Question): Answer
}

type Compile = (text: string, options: CompileOptions) => Promise<CompileResult>

export interface PolicyEngineOptions {
  /** How an instance is made; for tests of its replacement. */
  readonly open?: () => Cedar
  /** How a text is compiled; default: in a process of its own. In this process only text that is known to be harmless. */
  readonly compile?: Compile
  /** Called when an instance trapped or was used up. */
  readonly onReplaced?: (why: string) => void
}

const slotCount = 256
/** Preparsed sets after which the instance is replaced, since WebAssembly memory never shrinks. */
const preparsesPerInstance = 20_000
/** Policies kept compiled, of all versions of all tenants together; those used last are kept. */
const keptPolicies = 50_000

export function createPolicyEngine(options: PolicyEngineOptions = {}): PolicyEngine {
  const open = options.open ?? openCedar
  const compile = options.compile ?? compileApart
  let cedar = open()
  let preparses = 0
  // Oldest use first: a Map keeps the order of insertion.
  let slots = new Map<Slice, string>()
  const sets = new Map<string, CompiledPolicySet>()
  const loading = new Map<string, Promise<CompiledPolicySet>>()

  function replace(why: string): void {
    cedar = open()
    preparses = 0
    slots = new Map()
    options.onReplaced?.(why)
  }

  function forgetOldest(): void {
    let kept = 0
    for (const set of sets.values()) kept += set.policies.length
    for (const [digest, set] of sets) {
      if (kept <= keptPolicies) return
      sets.delete(digest)
      kept -= set.policies.length
    }
  }

  function slotOf(slice: Slice): string {
    let slot = slots.get(slice)
    if (slot === undefined) {
      if (preparses >= preparsesPerInstance) replace('used up')
      const oldest = slots.size < slotCount ? undefined : slots.entries().next().value
      slot = oldest === undefined ? `slot-${slots.size}` : oldest[1]
      if (oldest !== undefined) slots.delete(oldest[0])
      preparses += 1
      const staticPolicies = Object.fromEntries(slice.policies.map((policy) => [policy.id, policy.text]))
      const parsed = cedar.preparsePolicySet(slot, { staticPolicies })
      if (parsed.type === 'failure') throw new Error(parsed.errors.map((error) => error.message).join('; '))
    } else slots.delete(slice)
    slots.set(slice, slot)
    return slot
  }

  function askOnce(slice: Slice, question: Question): Answer {
    const { context, entities } = pruneQuestion(slice.sight, question)
    const answer = cedar.statefulIsAuthorized({
      principal: question.principal,
      action: { type: 'Action', id: question.action },
      resource: question.resource,
      context: context as Record<string, CedarValueJson>,
      entities: entities as EntityJson[],
      preparsedPolicySetId: slotOf(slice),
    })
    if (answer.type === 'failure') {
      return { outcome: 'failed', message: answer.errors.map((error) => error.message).join('; ') }
    }
    const { decision, diagnostics } = answer.response
    if (diagnostics.errors.length > 0) {
      const errors = diagnostics.errors.map(({ policyId, error }) => ({ policyId, message: error.message }))
      return { outcome: 'error', errors }
    }
    const determining = slice.policies.filter((policy) => diagnostics.reason.includes(policy.id))
    if (decision === 'allow') return { outcome: 'permit', determining }
    if (determining.length > 0) return { outcome: 'forbid', determining }
    return { outcome: 'no_match', near: slice.policies.filter((policy) => policy.effect === 'permit') }
  }

  return {
    find(digest) {
      const set = sets.get(digest)
      if (set !== undefined) {
        // Used last, forgotten last.
        sets.delete(digest)
        sets.set(digest, set)
      }
      return set
    },
    async load(digest, text, timeoutMs) {
      const known = sets.get(digest) ?? loading.get(digest)
      if (known !== undefined) return known
      const work = compiled(compile, text, timeoutMs === undefined ? {} : { timeoutMs })
      loading.set(digest, work)
      try {
        const set = await work
        sets.set(digest, set)
        forgetOldest()
        return set
      } finally {
        loading.delete(digest)
      }
    },
    ask(policies, question) {
      const slice = policies.index.slice(question)
      // Nothing to ask: no policy can concern it.
      if (slice.policies.length === 0) return { outcome: 'no_match', near: [] }
      for (let attempt = 1; ; attempt++) {
        try {
          return askOnce(slice, question)
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error)
          try {
            replace(message)
          } catch (again) {
            return { outcome: 'failed', message: again instanceof Error ? again.message : String(again) }
          }
          if (attempt === 2) return { outcome: 'failed', message }
        }
      }
    },
  }
}

async function compiled(compile: Compile, text: string, options: CompileOptions): Promise<CompiledPolicySet> {
  const result = await compile(text, options)
  if (!result.ok) throw policyInvalid(result.faults)
  return { policies: result.policies, warnings: result.warnings, index: indexPolicies(result.policies) }
}
