/**
 * Puts the decision of `token.issue` into the hands of the proof floor, which stands below it: what was read in a batch
 * becomes the facts, and the decision becomes rows.
 */
import type { TokenAuthority, TokenFacts } from '../../application/proof/token-authority.ts'
import type { AuthorityDeps } from '../../application/decision/authority-deps.ts'
import { decide } from '../../application/decision/decide.ts'
import type { Facts } from '../../application/decision/facts.ts'
import { loadPolicy } from '../../application/decision/load-policy.ts'
import { dutiesJson, recordDenial } from '../../application/decision/record-decision.ts'

export function createTokenAuthority(deps: AuthorityDeps): TokenAuthority {
  const loading = new Map<string, Promise<void>>()

  /** Requests that come while a policy version is being compiled wait for it together. */
  async function knowPolicy({ tenantId, policy }: TokenFacts): Promise<void> {
    if (policy === undefined || deps.policies.find(policy.digest) !== undefined) return
    let load = loading.get(policy.digest)
    if (load === undefined) {
      load = deps.database
        .transaction(tenantId, (tx) => loadPolicy(deps, tx, policy))
        .finally(() => loading.delete(policy.digest))
      loading.set(policy.digest, load)
    }
    await load
  }

  return {
    async decide(facts) {
      await knowPolicy(facts)
      const decision = decide(deps.policies, factsOf(facts))
      const { decisionId } = decision
      if (decision.outcome === 'deny') {
        const { attestationId } = facts.attestation
        return {
          outcome: 'deny',
          decisionId,
          reasons: decision.reasons,
          async record(tx, requestId) {
            const { party } = facts
            const actor =
              party.kind === 'identity'
                ? ({ kind: 'identity', identityId: party.identityId, attestationId } as const)
                : ({ kind: 'person', personId: party.personId, roles: party.roles, attestationId } as const)
            await recordDenial(tx, actor, decision, requestId)
          },
        }
      }
      const { policyVersionId, determining, principal, resource, context, duties } = decision
      return {
        outcome: 'permit',
        decisionId,
        policyVersionId,
        determining,
        maxTtlSeconds: duties.maxTtlSeconds,
        principal,
        resource,
        duties: dutiesJson(duties),
        context,
      }
    },
  }
}

function factsOf(facts: TokenFacts): Facts {
  const { trustProvider, attestation, policy, sourceAddress } = facts
  return {
    tenantId: facts.tenantId,
    now: facts.now,
    action: 'token.issue',
    principal: facts.party,
    attestation: { ...attestation, state: 'fresh', trustProviderName: trustProvider.name, version: 1 },
    resource: {
      type: 'TrustProvider',
      trustProviderId: trustProvider.trustProviderId,
      name: trustProvider.name,
      retired: false,
      version: trustProvider.version,
    },
    risk: 0,
    chainLength: 0,
    delivery: 'direct',
    asked: {},
    versions: [],
    ...(policy === undefined ? {} : { policy }),
    ...(sourceAddress === undefined ? {} : { sourceAddress }),
  }
}
