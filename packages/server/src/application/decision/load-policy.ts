import type { PolicyVersionId, TenantId } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import { activePolicyPart, selectFacts } from '../../store/facts-rows.ts'
import { getPolicyVersion } from '../../store/policy-rows.ts'
import type { AuthorityDeps } from './authority-deps.ts'

/**
 * Makes sure that the engine knows a policy version; its text is read once a digest.
 *
 * One that cannot be compiled is left out: `decide` then denies with `engine_failed`, so a text that came into the table
 * by another way opens nothing.
 */
export async function loadPolicy(
  deps: Pick<AuthorityDeps, 'policies' | 'logger'>,
  tx: Tx,
  policy: { readonly policyVersionId: PolicyVersionId; readonly digest: string },
): Promise<void> {
  if (deps.policies.find(policy.digest) !== undefined) return
  const { policy_text: text } = await getPolicyVersion(tx, policy.policyVersionId)
  try {
    await deps.policies.load(policy.digest, text)
  } catch (error) {
    deps.logger.error(
      { policyVersionId: policy.policyVersionId, err: error },
      'a policy version cannot be compiled: under it everything is denied',
    )
  }
}

/**
 * Loads the active version ahead of the first question under it, outside a transaction: a thousand policies take a second
 * or two to compile, and meanwhile a server that did not activate them itself would hold its connections.
 */
export async function loadActivePolicy(
  deps: Pick<AuthorityDeps, 'policies' | 'logger' | 'database'>,
  tenantId: TenantId,
): Promise<void> {
  const version = await deps.database.transaction(tenantId, async (tx) => {
    const { active } = await selectFacts(tx, { active: activePolicyPart })
    if (active === null || deps.policies.find(active.digest) !== undefined) return undefined
    return getPolicyVersion(tx, active.policy_version_id)
  })
  if (version === undefined) return
  try {
    await deps.policies.load(version.digest, version.policy_text)
  } catch (error) {
    deps.logger.error(
      { policyVersionId: version.policy_version_id, err: error },
      'the active policies cannot be compiled',
    )
  }
}
