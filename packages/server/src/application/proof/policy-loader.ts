/**
 * Makes the engine know a policy version before it is asked: read once, compiled once, however many proofs wait for it.
 *
 * No transaction is open while it compiles (law 10): else the first proofs after an activation would hold every
 * connection.
 */
import type { TenantId } from '@mayfly/domain'
import { getPolicyVersion } from '../../store/policy-rows.ts'
import type { ProofCandidates } from '../../store/proof-rows.ts'
import type { AuthorityDeps } from '../decision/authority-deps.ts'

export interface PolicyLoader {
  /** A version that does not compile stays unknown, and under it everything is denied. */
  load(tenantId: TenantId, policy: NonNullable<ProofCandidates['policy']>): Promise<void>
}

export function openPolicyLoader(deps: AuthorityDeps): PolicyLoader {
  const underWay = new Map<string, Promise<void>>()

  async function compile(tenantId: TenantId, policy: NonNullable<ProofCandidates['policy']>): Promise<void> {
    const { policyVersionId, digest } = policy
    const { policy_text: text } = await deps.database.transaction(tenantId, (tx) =>
      getPolicyVersion(tx, policyVersionId),
    )
    try {
      await deps.policies.load(digest, text)
    } catch (error) {
      deps.logger.error({ policyVersionId, err: error }, 'a policy version cannot be compiled: under it all is denied')
    }
  }

  return {
    async load(tenantId, policy) {
      if (deps.policies.find(policy.digest) !== undefined) return
      let work = underWay.get(policy.digest)
      if (work === undefined) {
        work = compile(tenantId, policy).finally(() => underWay.delete(policy.digest))
        underWay.set(policy.digest, work)
      }
      await work
    },
  }
}
