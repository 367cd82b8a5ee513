import { MayflyError, type PolicyVersionId, type TenantId } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import { activePolicyPart, selectFacts } from '../../store/facts-rows.ts'
import { getPolicyVersion, type PolicyVersionRow } from '../../store/policy-rows.ts'
import type { AuthorityDeps } from './authority-deps.ts'
import { policyDigest } from './policy-digest.ts'

/** It was compiled within the compiler's own limit once; this only keeps a busy machine from denying everything. */
const loadTimeoutMs = 300_000

/**
 * Makes sure that the engine knows a policy version; its text is read once a digest.
 *
 * One that cannot be compiled, or whose text is not that of its digest, is left out: `decide` then denies with
 * `engine_failed`, so a text that came into the table by another way opens nothing.
 */
export async function loadPolicy(
  deps: Pick<AuthorityDeps, 'policies' | 'logger'>,
  tx: Tx,
  policy: { readonly policyVersionId: PolicyVersionId; readonly digest: string },
): Promise<void> {
  if (deps.policies.find(policy.digest) === undefined) {
    await compileVersion(deps, await getPolicyVersion(tx, policy.policyVersionId))
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
  if (version !== undefined) await compileVersion(deps, version)
}

async function compileVersion(
  deps: Pick<AuthorityDeps, 'policies' | 'logger'>,
  { policy_version_id: policyVersionId, policy_text: text, digest }: PolicyVersionRow,
): Promise<void> {
  try {
    if (policyDigest(text) !== digest) {
      throw new MayflyError('decision_engine_failed', { log: 'the text of a policy version is not that of its digest' })
    }
    await deps.policies.load(digest, text, loadTimeoutMs)
  } catch (error) {
    deps.logger.error({ policyVersionId, err: error }, 'a policy version cannot be used: under it everything is denied')
  }
}
