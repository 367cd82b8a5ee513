/**
 * What a policy's conditions can see of a question.
 *
 * Promise: what is left out of this list cannot change the policy's answer, so it need not be handed to Cedar, where
 * parsing a question costs more than judging it (prune-question.ts). What cannot be told is named as seen.
 */
import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import type { EntityUid } from './entity-uid.ts'

export interface AttributesRead {
  /** Every attribute that is named, of whatever. */
  readonly attributes: readonly string[]
  /** Attributes whose value is used as it is, not only to name an attribute of it. */
  readonly usedWhole: readonly string[]
  /** True where the context itself is used otherwise than to name an attribute of it. */
  readonly wholeContext: boolean
  readonly tags: boolean
  /** Entities that are named in the conditions; a policy can look at their attributes too. */
  readonly literals: readonly EntityUid[]
}

export function readAttributes(conditions: PolicyJson['conditions']): AttributesRead {
  const attributes = new Set<string>()
  const usedWhole = new Set<string>()
  const literals: EntityUid[] = []
  let wholeContext = false
  let tags = false

  /** `selected`: of the value only an attribute is asked for. */
  function walk(value: unknown, selected: boolean): void {
    if (Array.isArray(value)) {
      for (const item of value) walk(item, false)
      return
    }
    if (typeof value !== 'object' || value === null) return
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'Value') collectLiterals(inner)
      else if (key === 'Var') wholeContext ||= inner === 'context' && !selected
      // The keys of a record are its author's words, not operators.
      else if (key === 'Record') for (const member of Object.values(inner as object)) walk(member, false)
      else if (key === '.' || key === 'has') {
        const { left, attr } = inner as { left: unknown; attr: string | readonly string[] }
        const names = typeof attr === 'string' ? [attr] : attr
        for (const name of names) attributes.add(name)
        // `has` asks only whether it is there.
        if (key === '.' && !selected) for (const name of names) usedWhole.add(name)
        walk(left, true)
      } else {
        tags ||= key === 'getTag' || key === 'hasTag'
        walk(inner, false)
      }
    }
  }

  function collectLiterals(value: unknown): void {
    if (typeof value !== 'object' || value === null) return
    if ('__entity' in value) literals.push(value.__entity as EntityUid)
    else for (const inner of Object.values(value)) collectLiterals(inner)
  }

  for (const { body } of conditions) walk(body, false)
  return {
    attributes: [...attributes].toSorted(),
    usedWhole: [...usedWhole].toSorted(),
    wholeContext,
    tags,
    literals,
  }
}
