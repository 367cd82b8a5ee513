import type { PolicyVersionId } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
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
