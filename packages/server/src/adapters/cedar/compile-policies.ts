/**
 * From policy text to checked policies, with every fault and where it stands.
 *
 * Promise: what compiles is valid against the published schema, has names of its own and no duty that is not understood.
 * Limit: text can make the Cedar instance trap for good. Give it an instance that can be thrown away (policy-compiler.ts).
 */
import type { DetailedError, PolicyJson, ValidationError } from '@cedar-policy/cedar-wasm/nodejs'
import type { Cedar } from './cedar-instance.ts'
import type { CompiledPolicy, CompileResult, PolicyFault, ScopeConstraint } from './compiled-policy.ts'
import type { EntityUid } from './entity-uid.ts'
import { parseAnnotations } from './duty-annotations.ts'
import { findDeepNesting, maxNesting } from './find-deep-nesting.ts'
import { readAttributes } from './read-attributes.ts'
import { textPositions } from './text-position.ts'

export const maxPolicyTextBytes = 1_048_576
export const maxPolicies = 5_000

export function compilePolicies(cedar: Cedar, schema: string, text: string): CompileResult {
  const { policies, faults, at } = readPolicies(cedar, text)
  // Cedar numbers the policies as they stand in the text; if they cannot all be read, the numbers mean nothing.
  if (policies === undefined) return refused(faults)
  const validated = cedar.validate({ schema, policies: { staticPolicies: text } })
  if (validated.type === 'failure') return refused(validated.errors.map((error) => parseFault(error, at)))
  const told = (error: ValidationError): PolicyFault => validationFault(error, policies, at)
  const all = [...faults, ...validated.validationErrors.map(told)]
  return all.length > 0 ? refused(all) : { ok: true, policies, warnings: validated.validationWarnings.map(told) }
}

interface ReadPolicies {
  /** In the order of the text; absent where the text cannot be read at all. */
  readonly policies?: readonly CompiledPolicy[]
  readonly faults: readonly PolicyFault[]
  readonly at: At
}

/** Reads policies without asking whether the schema knows what they speak of. */
export function readPolicies(cedar: Cedar, text: string): ReadPolicies {
  const at = textPositions(text)
  const unreadable = (message: string, hint?: string, index = 0): ReadPolicies => {
    const position = at(Buffer.byteLength(text.slice(0, index)))
    return { at, faults: [{ ...position, message, ...(hint === undefined ? {} : { hint }) }] }
  }
  if (Buffer.byteLength(text) > maxPolicyTextBytes) {
    return unreadable(`the text is larger than ${maxPolicyTextBytes} bytes`)
  }
  const deep = findDeepNesting(text)
  if (deep !== undefined) {
    return unreadable(`brackets are nested more than ${maxNesting} deep`, 'split it into several policies', deep)
  }
  const parts = cedar.policySetTextToParts(text)
  if (parts.type === 'failure') return { at, faults: parts.errors.map((error) => parseFault(error, at)) }
  if (parts.policy_templates.length > 0) {
    return unreadable('templates (`?principal`, `?resource`) are not used', 'write a policy for each')
  }
  if (parts.policies.length > maxPolicies) {
    return unreadable(`there are ${parts.policies.length} policies, at most ${maxPolicies} fit`)
  }
  const faults: PolicyFault[] = []
  const policies: CompiledPolicy[] = []
  const lines = new Map<string, number>()
  let from = 0
  for (const itsText of inOrderOfText(parts.policies)) {
    const index = text.indexOf(itsText, from)
    const position = at(Buffer.byteLength(text.slice(0, index)))
    from = index + itsText.length
    const read = cedar.policyToJson(itsText)
    if (read.type === 'failure') return { at, faults: read.errors.map(({ message }) => ({ ...position, message })) }
    const {
      id,
      description,
      duties,
      faults: annotationFaults,
    } = parseAnnotations(read.json.effect, read.json.annotations ?? {})
    const named = id === '' ? position : { ...position, policyId: id }
    faults.push(...annotationFaults.map((fault) => ({ ...named, ...fault })))
    const twin = lines.get(id)
    if (twin !== undefined && id !== '') {
      const message = `the \`@id\` is used already by the policy on line ${twin}`
      faults.push({ ...named, message, hint: 'give each policy an `@id` of its own' })
    }
    lines.set(id, position.line)
    policies.push({
      id,
      effect: read.json.effect,
      description,
      duties,
      ...scopeOf(read.json),
      ...readAttributes(read.json.conditions),
      text: itsText,
    })
  }
  return { policies, faults, at }
}

function refused(faults: readonly PolicyFault[]): CompileResult {
  return { ok: false, faults: faults.toSorted((a, b) => a.line - b.line || a.column - b.column).slice(0, 100) }
}

/** Cedar sorts the parts by `policy0`, `policy1`, `policy10`, `policy2`, …: back to the order of the text. */
function inOrderOfText(parts: readonly string[]): string[] {
  const sorted = parts.map((_part, index) => `policy${index}`).toSorted()
  const texts: string[] = []
  sorted.forEach((name, index) => (texts[Number(name.slice('policy'.length))] = parts[index] ?? ''))
  return texts
}

function scopeOf(json: PolicyJson): Pick<CompiledPolicy, 'principal' | 'actions' | 'resource'> {
  const { principal, action, resource } = json
  const scope = { principal: constraintOf(principal), resource: constraintOf(resource) }
  if (action.op === 'All') return scope
  const entities = 'entities' in action ? action.entities : 'entity' in action ? [action.entity] : []
  return { ...scope, actions: entities.map((entity) => uidOf(entity).id) }
}

function constraintOf(constraint: PolicyJson['principal']): ScopeConstraint {
  switch (constraint.op) {
    case 'All':
      return {}
    case '==':
      return 'entity' in constraint ? { equal: uidOf(constraint.entity) } : {}
    case 'in':
      return 'entity' in constraint ? { within: uidOf(constraint.entity) } : {}
    case 'is':
      return {
        type: constraint.entity_type,
        ...(constraint.in !== undefined && 'entity' in constraint.in ? { within: uidOf(constraint.in.entity) } : {}),
      }
  }
}

function uidOf(entity: { __entity: EntityUid } | EntityUid): EntityUid {
  const { type, id } = '__entity' in entity ? entity.__entity : entity
  return { type, id }
}

type At = (byteOffset: number) => { line: number; column: number }

function parseFault(error: DetailedError, at: At): PolicyFault {
  const label = error.sourceLocations?.[0]?.label
  const hint = error.help ?? (label === null || label === undefined || label === '' ? undefined : label)
  return {
    ...at(error.sourceLocations?.[0]?.start ?? 0),
    message: error.message.replace(/^failed to parse policies from string: /, ''),
    ...(hint === undefined ? {} : { hint }),
  }
}

function validationFault(
  { policyId, error }: ValidationError,
  policies: readonly CompiledPolicy[],
  at: At,
): PolicyFault {
  const id = policies[Number(policyId.slice('policy'.length))]?.id
  return {
    ...at(error.sourceLocations?.[0]?.start ?? 0),
    ...(id === undefined || id === '' ? {} : { policyId: id }),
    message: error.message.replace(`for policy \`${policyId}\`, `, ''),
    ...(error.help === null ? {} : { hint: error.help }),
  }
}
