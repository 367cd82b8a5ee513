import { newId, type PolicyVersionId } from '@mayfly/domain'
import type { PolicyFault } from '../../adapters/cedar/compiled-policy.ts'
import { insertPolicyVersion, lockPolicyVersions, type PolicyVersionRow } from '../../store/policy-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { AuditReceipt } from '../audit/audit-entry.ts'
import { statedRow } from '../audit/stated-rows.ts'
import { actorRecord, type RequestContext } from '../context.ts'
import type { AuthorityDeps } from './authority-deps.ts'
import { policyDigest } from './policy-digest.ts'
import { withAuthority } from './with-authority.ts'

export interface PolicyDraft {
  readonly row: PolicyVersionRow
  readonly warnings: readonly PolicyFault[]
  readonly receipt: AuditReceipt
}

/**
 * Takes a policy text as a new version, not yet in force. Its text never changes afterwards.
 *
 * @throws MayflyError `policy_denied`; `policy_invalid` with every fault, its line and its policy
 */
export async function draftPolicy(
  deps: AuthorityDeps,
  ctx: RequestContext,
  input: { readonly text: string; readonly note?: string | undefined },
): Promise<PolicyDraft> {
  const asked = { action: 'policy.write', resource: { type: 'Tenant' } } as const
  // Asked before, so that only who may draft can make the server compile; no transaction is open while it does.
  await withAuthority(deps, ctx, { ...asked, readOnly: true }, async () => undefined)
  const digest = policyDigest(input.text)
  const { warnings } = await deps.policies.load(digest, input.text)
  return withAuthority(deps, ctx, asked, async (tx, decision) => {
    await lockPolicyVersions(tx)
    const now = deps.clock.now()
    const row = await insertPolicyVersion(tx, {
      policyVersionId: newId<PolicyVersionId>(now.getTime()),
      text: input.text,
      digest,
      note: input.note ?? '',
      createdBy: actorRecord(ctx.actor),
      createdAt: now,
    })
    const receipt = await appendAudit(tx, {
      action: 'policy_version.drafted',
      at: now,
      actor: ctx.actor,
      decisionId: decision.decisionId,
      rows: [statedRow('policy_version', row)],
      body: { policy_version_id: row.policy_version_id, number: row.number, digest, request_id: ctx.requestId },
    })
    return { row, warnings, receipt }
  })
}
