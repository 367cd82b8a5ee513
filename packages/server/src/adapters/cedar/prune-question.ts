/**
 * Leaves out of a question what none of a slice's policies can see.
 *
 * Promise: the answer is the same (property test beside slice-policies.ts). Reason: Cedar spends more on parsing a
 * question than on judging it; an entity costs about as much as several policies.
 */
import type { CompiledPolicy } from './compiled-policy.ts'
import { type EntityUid, uidKey } from './entity-uid.ts'
import type { CedarEntity, CedarValue, Question } from './question.ts'

/** What the policies of a slice can see together. */
export interface Sight {
  readonly attributes: ReadonlySet<string>
  readonly usedWhole: ReadonlySet<string>
  readonly wholeContext: boolean
  readonly tags: boolean
  readonly literals: readonly EntityUid[]
}

export function sightOf(policies: readonly CompiledPolicy[]): Sight {
  return {
    attributes: new Set(policies.flatMap((policy) => policy.attributes)),
    usedWhole: new Set(policies.flatMap((policy) => policy.usedWhole)),
    wholeContext: policies.some((policy) => policy.wholeContext),
    tags: policies.some((policy) => policy.tags),
    literals: policies.flatMap((policy) => policy.literals),
  }
}

type Values = Readonly<Record<string, CedarValue>>

export function pruneQuestion(sight: Sight, question: Question): Pick<Question, 'context' | 'entities'> {
  const context = sight.wholeContext ? question.context : seen(sight, question.context)
  const given = new Map(question.entities.map((entity) => [uidKey(entity.uid), entity]))
  const kept = new Map<string, CedarEntity>()
  const open = [question.principal, question.resource, ...sight.literals]
  collectEntities(context, open)
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const key = uidKey(next)
    const entity = given.get(key)
    if (entity === undefined || kept.has(key)) continue
    const { uid, parents, tags } = entity
    const attrs = seen(sight, entity.attrs)
    kept.set(key, { uid, attrs, parents, ...(sight.tags && tags !== undefined ? { tags } : {}) })
    // An ancestor's own parents decide what it is `in`.
    open.push(...parents)
    collectEntities(attrs, open)
  }
  return { context, entities: [...kept.values()] }
}

function seen(sight: Sight, values: Values): Values {
  const kept: Record<string, CedarValue> = {}
  for (const name in values) {
    const value = values[name]
    if (value === undefined || !sight.attributes.has(name)) continue
    kept[name] = isRecord(value) && !sight.usedWhole.has(name) ? seen(sight, value) : value
  }
  return kept
}

/** A record of the question, not the JSON form of an entity or an extension value. */
function isRecord(value: CedarValue): value is Values {
  return typeof value === 'object' && !Array.isArray(value) && !('__entity' in value) && !('__extn' in value)
}

function collectEntities(value: CedarValue | Values, into: EntityUid[]): void {
  if (typeof value !== 'object') return
  if (Array.isArray(value)) {
    for (const item of value) collectEntities(item, into)
  } else if ('__entity' in value) into.push(value['__entity'] as EntityUid)
  else if (!('__extn' in value)) for (const inner of Object.values(value)) collectEntities(inner, into)
}
