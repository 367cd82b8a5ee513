/**
 * Which attributes a policy's conditions name.
 *
 * Promise: what is left out of this list cannot change the policy's answer, so it need not be handed to Cedar, where
 * parsing a question costs more than judging it. Where it cannot be told, it says so (`wholeContext`).
 */
import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'

export interface AttributesRead {
  readonly attributes: readonly string[]
  readonly wholeContext: boolean
}

export function readAttributes(conditions: PolicyJson['conditions']): AttributesRead {
  const attributes = new Set<string>()
  let wholeContext = false

  /** `selected` where the value is at once narrowed to one attribute of it. */
  function walk(value: unknown, selected: boolean): void {
    if (Array.isArray(value)) {
      for (const item of value) walk(item, false)
      return
    }
    if (typeof value !== 'object' || value === null) return
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'Value') continue
      if (key === 'Var') wholeContext ||= inner === 'context' && !selected
      else if (key === '.' || key === 'has') {
        const { left, attr } = inner as { left: unknown; attr: string | readonly string[] }
        for (const name of typeof attr === 'string' ? [attr] : attr) attributes.add(name)
        walk(left, true)
      } else walk(inner, false)
    }
  }

  for (const { body } of conditions) walk(body, false)
  return { attributes: [...attributes].toSorted(), wholeContext }
}
