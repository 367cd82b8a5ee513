import { MayflyError } from '@mayfly/domain'
import {
  findActivePolicyVersion,
  getPolicyVersion,
  lockPolicyVersions,
  markPolicyVersionActive,
  type PolicyVersionRow,
  supersedePolicyVersion,
} from '../../store/policy-rows.ts'
import { requestRedecision } from '../../store/redecision-rows.ts'
import type { Tx } from '../../store/database.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { AuditReceipt } from '../audit/audit-entry.ts'
import { statedRow } from '../audit/stated-rows.ts'
import { actorRecord, type RequestContext } from '../context.ts'
import type { AuthorityDeps } from './authority-deps.ts'
import { previewActivation } from './preview-activation.ts'
import { requireAdministrators } from './require-administrators.ts'
import { withAuthority } from './with-authority.ts'

export interface ActivateInput {
  readonly policyVersionId: string
  /** What a preview told: if more would end now, nothing is activated. */
  readonly expectedToEnd?: number | undefined
  /** The same for SVIDs. */
  readonly expectedSvidsToEnd?: number | undefined
}

export interface ActivatedPolicy {
  readonly row: PolicyVersionRow
  readonly receipt: AuditReceipt
}

/**
 * Puts a policy version into force, atomically: the old one is superseded, the new one active, the re-decision of what
 * the difference concerns requested, and one entry says so. An earlier version can be put into force again.
 *
 * @throws MayflyError `policy_denied`; `resource_not_found`; `state_not_allowed` where it is active already;
 *   `policy_locks_out_administrators`; `preview_changed`; `policy_invalid` where this release no longer understands it
 */
export async function activatePolicy(
  deps: AuthorityDeps,
  ctx: RequestContext,
  input: ActivateInput,
): Promise<ActivatedPolicy> {
  const resource = { type: 'PolicyVersion', id: input.policyVersionId } as const
  const asked = { action: 'policy.activate', resource } as const
  // Compiled before the transaction that activates: it must be short, since whoever mints waits for it.
  const seen = await withAuthority(deps, ctx, { ...asked, readOnly: true }, (tx) =>
    getPolicyVersion(tx, input.policyVersionId),
  )
  await deps.policies.load(seen.digest, seen.policy_text)
  return withAuthority(deps, ctx, asked, async (tx, decision) => {
    await lockPolicyVersions(tx)
    const now = deps.clock.now()
    const candidate = await getPolicyVersion(tx, input.policyVersionId)
    const active = await findActivePolicyVersion(tx)
    if (active?.policy_version_id === candidate.policy_version_id) {
      throw new MayflyError('state_not_allowed', { publicDetail: `version ${candidate.number} is in force already` })
    }
    await requireAdministrators(deps, tx, ctx, candidate, now)
    await requireAsPreviewed(deps, tx, candidate, input, now)
    const superseded = active && (await supersedePolicyVersion(tx, active.policy_version_id))
    const row = await markPolicyVersionActive(tx, candidate.policy_version_id, actorRecord(ctx.actor), now)
    if (superseded !== undefined) {
      await requestRedecision(tx, {
        selectorKind: 'policy',
        selectorId: `${superseded.policy_version_id}..${row.policy_version_id}`,
        why: `policy version ${row.number} was activated`,
        requestedBy: actorRecord(ctx.actor),
        now,
      })
    }
    const receipt = await appendAudit(tx, {
      action: 'policy_version.activated',
      at: now,
      actor: ctx.actor,
      decisionId: decision.decisionId,
      rows: [row, ...(superseded === undefined ? [] : [superseded])].map((one) => statedRow('policy_version', one)),
      body: {
        policy_version_id: row.policy_version_id,
        number: row.number,
        digest: row.digest,
        superseded: superseded?.policy_version_id ?? null,
        expected_to_end: input.expectedToEnd ?? null,
        expected_svids_to_end: input.expectedSvidsToEnd ?? null,
        request_id: ctx.requestId,
      },
    })
    return { row, receipt }
  })
}

/** @throws MayflyError `preview_changed` */
async function requireAsPreviewed(
  deps: AuthorityDeps,
  tx: Tx,
  candidate: PolicyVersionRow,
  { expectedToEnd, expectedSvidsToEnd }: ActivateInput,
  now: Date,
): Promise<void> {
  if (expectedToEnd === undefined && expectedSvidsToEnd === undefined) return
  const { wouldEnd, wouldEndSvids } = await previewActivation(deps, tx, candidate, now)
  const faults = [
    ...faultOf('credentials', wouldEnd, expectedToEnd),
    ...faultOf('SVIDs', wouldEndSvids, expectedSvidsToEnd),
  ]
  if (faults.length === 0) return
  throw new MayflyError('preview_changed', {
    publicDetail: faults.join('; '),
    hint: 'look at a new preview, then activate with its numbers',
    extra: {
      would_end: wouldEnd,
      would_end_svids: wouldEndSvids,
      ...(expectedToEnd === undefined ? {} : { expected_to_end: expectedToEnd }),
      ...(expectedSvidsToEnd === undefined ? {} : { expected_svids_to_end: expectedSvidsToEnd }),
    },
  })
}

function faultOf(what: string, count: number, expected: number | undefined): readonly string[] {
  return expected === undefined || count <= expected
    ? []
    : [`${count} ${what} would end now, the preview showed ${expected}`]
}
