/**
 * Judges which live SVIDs would be denied if they were asked for now (law 11): the question is `svid.issue`, of the identity
 * itself, by the proof that each came of.
 *
 * Not judged: the age of the proof, which an SVID does not outlive, and how long an SVID may live, which is judged when it
 * is minted. The address is that of the proof, since the one of the issue says nothing of today.
 */
import type { SvidId } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import { activePolicyPart, manyAttestationsPart, manyIdentitiesPart, selectFacts } from '../../store/facts-rows.ts'
import { type HeldSvidGroup, listHeldSvids } from '../../store/held-svid-rows.ts'
import type { SvidKind } from '../../store/svid-rows.ts'
import type { AuthorityDeps } from './authority-deps.ts'
import { decide } from './decide.ts'
import type { DenyDecision } from './decision.ts'
import type { Facts, IdentityFacts } from './facts.ts'
import { missingRows, type PolicyChoice, provenNow } from './held-facts.ts'
import { refuseEngineFailure } from './judge-held.ts'
import { loadPolicy } from './load-policy.ts'
import { type FactReader, identityFacts, policyFacts } from './read-facts.ts'
import { unboundDenial } from './unbound-svid.ts'

export interface DeniedSvids {
  readonly group: HeldSvidGroup
  readonly identity: IdentityFacts
  readonly decision: DenyDecision
  readonly kinds: readonly SvidKind[]
  readonly svidIds: readonly SvidId[]
}

/**
 * @param choice the policy version to decide under; absent: the active one
 * @throws MayflyError `decision_engine_failed`: as `judgeHeld`
 */
export async function judgeHeldSvids(
  deps: AuthorityDeps,
  tx: Tx,
  groups: readonly HeldSvidGroup[],
  now: Date,
  choice?: PolicyChoice,
): Promise<readonly DeniedSvids[]> {
  if (groups.length === 0) return []
  const read = await selectFacts(tx, {
    identities: manyIdentitiesPart([...new Set(groups.map((group) => group.identityId))]),
    attestations: manyAttestationsPart(groups.map((group) => group.attestationId)),
    policy: activePolicyPart,
  })
  const reader: FactReader = { versions: [], offeredBindings: deps.offeredBindings }
  const policy = choice ?? (read.policy && policyFacts(reader, read.policy)) ?? undefined
  if (policy !== undefined) await loadPolicy(deps, tx, policy)
  const identities = new Map(read.identities?.map((row) => [row.identity_id, identityFacts(reader, row)]))
  const attestations = new Map(read.attestations?.map((row) => [row.attestation_id, row]))
  const denied: DeniedSvids[] = []
  for (const group of groups) {
    const identity = identities.get(group.identityId)
    const proof = attestations.get(group.attestationId)
    if (identity === undefined || proof === undefined) throw missingRows
    const facts: Facts = {
      tenantId: tx.tenantId,
      now,
      action: 'svid.issue',
      principal: identity,
      attestation: provenNow(reader, proof, now),
      resource: { type: 'Identity', identity },
      ...(proof.source_address === null ? {} : { sourceAddress: proof.source_address }),
      risk: 0,
      chainLength: 0,
      delivery: 'direct',
      asked: {},
      ...(policy === undefined ? {} : { policy }),
      versions: [],
    }
    const judged = judge(deps, facts)
    if (judged === undefined) continue
    const svidIds = await listHeldSvids(tx, group.attestationId, judged.kinds, now)
    if (svidIds.length > 0) denied.push({ group, identity, ...judged, svidIds })
  }
  return denied
}

function judge(deps: AuthorityDeps, facts: Facts): Pick<DeniedSvids, 'decision' | 'kinds'> | undefined {
  const decision = decide(deps.policies, facts)
  if (decision.outcome === 'deny') {
    refuseEngineFailure(decision)
    return { decision, kinds: ['x509', 'jwt'] }
  }
  const unbound = unboundDenial(decision)
  return unbound === undefined ? undefined : { decision: unbound, kinds: ['jwt'] }
}
