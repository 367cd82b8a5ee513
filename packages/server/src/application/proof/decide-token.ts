/** Whether an accepted proof may become an access token (action `token.issue`), on facts that were read in a batch. */
import type { AttestationId, TenantId } from '@mayfly/domain'
import type { CandidateTrustProvider, ProofCandidates, ProvingParty } from '../../store/proof-rows.ts'
import { decide } from '../decision/decide.ts'
import type { Decision } from '../decision/decision.ts'
import type { Facts } from '../decision/facts.ts'
import type { ProofDeps } from './proof-deps.ts'
import type { TokenBinding } from './token-binding.ts'

export interface TokenFacts {
  readonly tenantId: TenantId
  readonly now: Date
  readonly party: ProvingParty
  readonly trustProvider: CandidateTrustProvider
  readonly policy: ProofCandidates['policy']
  /** The attestation as it will be. */
  readonly attestationId: AttestationId
  readonly freshUntil: Date
  readonly sourceAddress: string | undefined
  readonly policyClaims: Readonly<Record<string, string>>
  readonly trustMadeAt: Date | undefined
  readonly tokenBinding: TokenBinding | undefined
}

/**
 * Decides; writes nothing. The rows that it was decided on are compared and held when the attestation is written
 * (`insertAcceptedProofs`), so their versions need not be named here.
 */
export async function decideToken(
  deps: Pick<ProofDeps, 'policies' | 'policyLoader'>,
  facts: TokenFacts,
): Promise<Decision> {
  if (facts.policy !== undefined) await deps.policyLoader.load(facts.tenantId, facts.policy)
  return decide(deps.policies, decisionFacts(facts))
}

function decisionFacts(facts: TokenFacts): Facts {
  const { trustProvider, policy, sourceAddress } = facts
  return {
    tenantId: facts.tenantId,
    now: facts.now,
    action: 'token.issue',
    principal: facts.party,
    attestation: {
      attestationId: facts.attestationId,
      state: 'fresh',
      strength: trustProvider.strength,
      acceptedAt: facts.now,
      freshUntil: facts.freshUntil,
      trustProviderName: trustProvider.name,
      trustProviderKind: trustProvider.kind,
      claims: facts.policyClaims,
      trustMadeAt: facts.trustMadeAt,
      tokenBoundTo: facts.tokenBinding?.kind ?? 'none',
      version: 1,
    },
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
