/**
 * No policy version comes into force that would leave nobody able to put another one into force.
 */
import { type AttestationId, MayflyError, newId } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import { listAdministratorProofs } from '../../store/held-rows.ts'
import type { PolicyVersionRow } from '../../store/policy-rows.ts'
import type { RequestContext } from '../context.ts'
import type { AuthorityDeps } from './authority-deps.ts'
import { decide } from './decide.ts'
import type { DenyReason } from './decision.ts'
import type { AuthorityRequest, Facts } from './facts.ts'
import { loadFacts } from './load-facts.ts'

/**
 * Asks, under the candidate, whether some active administrator with some active way of proving it could sign in, draft
 * and activate, from the address of whoever activates now, at this moment.
 *
 * Does NOT look ahead in time: a policy that lets administrators act only by day passes by day.
 *
 * @throws MayflyError `policy_locks_out_administrators`
 */
export async function requireAdministrators(
  deps: AuthorityDeps,
  tx: Tx,
  ctx: RequestContext,
  candidate: PolicyVersionRow,
  now: Date,
): Promise<void> {
  const policy = { policyVersionId: candidate.policy_version_id, digest: candidate.digest }
  let reasons: readonly DenyReason[] = []
  for (const {
    personId,
    trustProviderId,
    trustProviderName,
    trustProviderKind,
    strength,
  } of await listAdministratorProofs(tx)) {
    const proof: Facts['attestation'] = {
      attestationId: newId<AttestationId>(),
      state: 'fresh',
      strength,
      acceptedAt: now,
      freshUntil: new Date(now.getTime() + 60_000),
      trustProviderName,
      trustProviderKind,
      claims: {},
      tokenBoundTo: 'none',
      version: 0,
    }
    const needed: readonly AuthorityRequest[] = [
      { action: 'token.issue', resource: { type: 'TrustProvider', id: trustProviderId } },
      { action: 'policy.write', resource: { type: 'Tenant' } },
      { action: 'policy.activate', resource: { type: 'PolicyVersion', id: candidate.policy_version_id } },
    ]
    reasons = []
    for (const request of needed) {
      const facts = await loadFacts(deps, tx, {
        request,
        principal: { kind: 'person', personId },
        attestation: proof,
        sourceAddress: ctx.sourceAddress,
        now,
      })
      const decision = decide(deps.policies, { ...facts, policy })
      if (decision.outcome === 'deny') reasons = [...reasons, ...decision.reasons]
    }
    if (reasons.length === 0) return
  }
  throw new MayflyError('policy_locks_out_administrators', {
    publicDetail: `under this version no administrator could change the policies again${reasons[0] === undefined ? '' : `: ${reasons[0].detail}`}`,
    hint: 'keep a permit of `token.issue`, `policy.write` and `policy.activate` for `principal.roles.contains("administrator")`',
  })
}
