/**
 * What the change from one policy version to another can concern: nothing, some selectors, or all that is held.
 */
import type { ActionName } from '@mayfly/domain'
import type { CompiledPolicy, ScopeConstraint } from '../../adapters/cedar/compiled-policy.ts'
import type { Tx } from '../../store/database.ts'
import { findNamed, type HeldSelector } from '../../store/held-rows.ts'

export interface PolicyDifference {
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
  /** The policies that differ, old and new. */
  readonly policies: readonly CompiledPolicy[]
}

export function policyDifference(
  before: readonly CompiledPolicy[],
  after: readonly CompiledPolicy[],
): PolicyDifference {
  const old = new Map(before.map((policy) => [policy.id, policy]))
  const fresh = new Map(after.map((policy) => [policy.id, policy]))
  const added = after.filter(({ id }) => !old.has(id))
  const removed = before.filter(({ id }) => !fresh.has(id))
  const changed = after.filter(({ id, text }) => old.has(id) && old.get(id)?.text !== text)
  const changedBefore = before.filter(({ id, text }) => fresh.has(id) && fresh.get(id)?.text !== text)
  return {
    added: added.map(({ id }) => id),
    changed: changed.map(({ id }) => id),
    removed: removed.map(({ id }) => id),
    policies: [...added, ...changed, ...changedBefore, ...removed],
  }
}

/** What a difference concerns: which credentials, and which SVIDs. */
export interface Concerned {
  readonly credentials: readonly HeldSelector[]
  readonly svids: readonly HeldSelector[]
}

/** By the scopes of the policies that differ; a scope that says nothing concerns all. */
export async function concernedBy(tx: Tx, { policies }: PolicyDifference): Promise<Concerned> {
  const ofIdentities = policies.filter((policy) => fitsType(policy.principal, 'Identity'))
  return {
    credentials: await selectorsOf(tx, ofIdentities.flatMap(credentialsNamedBy)),
    svids: await selectorsOf(tx, ofIdentities.flatMap(svidsNamedBy)),
  }
}

async function selectorsOf(tx: Tx, named: readonly (Named | 'all')[]): Promise<readonly HeldSelector[]> {
  const selectors = new Map<string, HeldSelector>()
  for (const one of named) {
    if (one === 'all') return [{ kind: 'all' }]
    const id = await findNamed(tx, one.kind, one.name)
    if (id !== undefined) selectors.set(`${one.kind} ${id}`, { kind: one.kind, id })
  }
  return [...selectors.values()]
}

function isAbout({ actions }: CompiledPolicy, action: ActionName): boolean {
  return actions === undefined || actions.includes(action)
}

/** What is held was issued, and some of it on behalf of another: the questions that are asked again of it. */
function credentialsNamedBy(policy: CompiledPolicy): readonly (Named | 'all')[] {
  return [
    ...(isAbout(policy, 'credential.issue') && fitsType(policy.resource, 'Role')
      ? [narrowest(policy) ?? ('all' as const)]
      : []),
    ...(isAbout(policy, 'token.exchange') && ['Identity', 'Tenant'].some((type) => fitsType(policy.resource, type))
      ? [narrowestParty(policy) ?? ('all' as const)]
      : []),
  ]
}

/** An SVID is of the one who gets it. */
function svidsNamedBy(policy: CompiledPolicy): readonly (Named | 'all')[] {
  return isAbout(policy, 'svid.issue') && fitsType(policy.resource, 'Identity') ? [narrowestParty(policy) ?? 'all'] : []
}

function fitsType(constraint: ScopeConstraint, type: string): boolean {
  const named = constraint.type ?? constraint.equal?.type
  return named === undefined || named === type
}

type Named = { readonly kind: 'identity' | 'owner' | 'role' | 'resource'; readonly name: string }

/** Of who acts, and for whom. */
function narrowestParty({ principal, resource }: CompiledPolicy): Named | undefined {
  for (const { equal, within } of [resource, principal]) {
    const party = equal ?? within
    if (party?.type === 'Identity') return { kind: 'identity', name: party.id }
    if (party?.type === 'Owner') return { kind: 'owner', name: party.id }
  }
  return undefined
}

function narrowest({ principal, resource }: CompiledPolicy): Named | undefined {
  const inResource = resource.equal ?? resource.within
  if (inResource?.type === 'Role') return { kind: 'role', name: inResource.id }
  const inPrincipal = principal.equal ?? principal.within
  if (inPrincipal?.type === 'Identity') return { kind: 'identity', name: inPrincipal.id }
  if (inResource?.type === 'Resource') return { kind: 'resource', name: inResource.id }
  // A resource's owner is no selector of what is held, an identity's is.
  if (inPrincipal?.type === 'Owner') return { kind: 'owner', name: inPrincipal.id }
  return undefined
}
