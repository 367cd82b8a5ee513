/**
 * Finds the policies that can concern a question, so that Cedar judges ten of ten thousand.
 *
 * Promise: a policy whose scope fits the question is in the slice, the unscoped `forbid` too; sliced and unsliced answer
 * alike (property test). The cost does not grow with the number of policies.
 * How: each policy lies in one bucket, named by its action, its principal and its resource constraint; a question opens
 * the buckets of its own principal and resource, of all their ancestors, and of "any".
 */
import type { CompiledPolicy, ScopeConstraint } from './compiled-policy.ts'
import { type EntityUid, uidKey } from './entity-uid.ts'
import { type Sight, sightOf } from './prune-question.ts'

export interface SliceQuestion {
  readonly principal: EntityUid
  readonly action: string
  readonly resource: EntityUid
  readonly entities: readonly { readonly uid: EntityUid; readonly parents: readonly EntityUid[] }[]
}

export interface Slice {
  readonly policies: readonly CompiledPolicy[]
  readonly sight: Sight
}

export interface PolicyIndex {
  slice(question: SliceQuestion): Slice
}

const anyAction = '*'
const anything = '*'

export function indexPolicies(policies: readonly CompiledPolicy[]): PolicyIndex {
  const buckets = new Map<string, CompiledPolicy[]>()
  policies.forEach((policy) => {
    for (const action of policy.actions ?? [anyAction]) {
      const key = bucketKey(action, constraintKey(policy.principal), constraintKey(policy.resource))
      const bucket = buckets.get(key)
      if (bucket === undefined) buckets.set(key, [policy])
      else if (!bucket.includes(policy)) bucket.push(policy)
    }
  })
  const order = new Map(policies.map((policy, index) => [policy, index]))
  // One slice for each set of buckets that was ever opened together: at most as many as there are scoped targets.
  const slices = new Map<string, Slice>()

  function make(keys: readonly string[], question: SliceQuestion): Slice {
    const found = keys
      .flatMap((key) => buckets.get(key) ?? [])
      .filter(
        (policy) => fitsType(policy.principal, question.principal) && fitsType(policy.resource, question.resource),
      )
      .toSorted((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0))
    return { policies: [...new Set(found)], sight: sightOf(found) }
  }

  return {
    slice(question) {
      const principals = constraintsMet(question.principal, question.entities)
      const resources = constraintsMet(question.resource, question.entities)
      const keys: string[] = []
      for (const action of [anyAction, question.action]) {
        for (const principal of principals) {
          for (const resource of resources) {
            const key = bucketKey(action, principal, resource)
            if (buckets.has(key)) keys.push(key)
          }
        }
      }
      const memo = `${question.principal.type} ${question.resource.type}\n${keys.join('\n')}`
      const known = slices.get(memo)
      if (known !== undefined) return known
      const slice = make(keys, question)
      if (slices.size >= maxSlices) slices.clear()
      slices.set(memo, slice)
      return slice
    },
  }
}

const maxSlices = 4_096

function bucketKey(action: string, principal: string, resource: string): string {
  return `${action} ${principal} ${resource}`
}

function constraintKey(constraint: ScopeConstraint): string {
  if (constraint.equal !== undefined) return `==${uidKey(constraint.equal)}`
  if (constraint.within !== undefined) return `in${uidKey(constraint.within)}`
  return anything
}

/** Keys of every constraint that an entity meets: any, itself, and `in` itself and each ancestor. */
function constraintsMet(uid: EntityUid, entities: SliceQuestion['entities']): string[] {
  const within = new Set([uidKey(uid)])
  const open = [uid]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const key = uidKey(next)
    for (const parent of entities.find((entity) => uidKey(entity.uid) === key)?.parents ?? []) {
      if (within.has(uidKey(parent))) continue
      within.add(uidKey(parent))
      open.push(parent)
    }
  }
  return [anything, `==${uidKey(uid)}`, ...[...within].map((key) => `in${key}`)]
}

function fitsType(constraint: ScopeConstraint, uid: EntityUid): boolean {
  return constraint.type === undefined || constraint.type === uid.type
}
