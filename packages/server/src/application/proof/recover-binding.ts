/**
 * Recovery of a key that counts its logins: after a clone was seen, or a client lost its count.
 *
 * Promise: a person asks, with a reason, at most three times in 24 hours for one key; the count begins anew with the next
 * login, and the identity stays suspended unless that person says otherwise.
 * Limit: whoever holds the key and logs in first goes on. Where the key may be in wrong hands, register a new one instead.
 */
import { MayflyError } from '@mayfly/domain'
import { type BindingWithNames, claimBinding, getBinding } from '../../store/binding-rows.ts'
import { beginKeyLoginAnew, countRecoveries, insertKeyRecovery } from '../../store/key-login-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { AuditReceipt } from '../audit/audit-entry.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Change } from '../registry/change.ts'
import { resumeIdentity } from '../registry/change-identity-state.ts'
import { requireNotRetired, requireVersion } from '../registry/end-authority.ts'
import { closeFinding } from '../revocation/raise-finding.ts'

export const maxRecoveriesADay = 3
const dayMs = 86_400_000

export interface RecoveryInput {
  readonly reason: string
  /** Also lets the identity act again. */
  readonly resume: boolean
  readonly version?: number | undefined
}

/** @throws MayflyError `resource_not_found`, `state_not_allowed`, `version_conflict`, `policy_denied`: not asked by a person */
export async function recoverBinding(
  change: Change,
  id: string,
  input: RecoveryInput,
): Promise<{ row: BindingWithNames; receipt: AuditReceipt | null }> {
  const { tx, now, actor } = change
  if (actor.kind !== 'person') {
    throw new MayflyError('policy_denied', {
      publicDetail: 'a key is recovered by a person',
      hint: 'what locked it may have been a thief; have somebody look',
    })
  }
  const current = await claimBinding(tx, id)
  requireVersion('binding', current, input.version)
  requireNotRetired('binding', current)
  const recoveries = await countRecoveries(tx, current.binding_id, new Date(now.getTime() - dayMs))
  if (recoveries >= maxRecoveriesADay) {
    throw new MayflyError('state_not_allowed', {
      publicDetail: `the key was recovered ${recoveries} times within a day`,
      hint: 'register a new key: `mayfly binding update` with `--new-key`',
    })
  }
  const begun = await beginKeyLoginAnew(tx, current.binding_id)
  if (begun === undefined) return { row: current, receipt: null }
  await insertKeyRecovery(tx, current.binding_id, actor.personId, now)
  const receipt = await appendAudit(tx, {
    action: 'key_login.recovered',
    at: now,
    actor,
    identityId: current.identity_id ?? undefined,
    ...(change.decisionId === undefined ? {} : { decisionId: change.decisionId }),
    rows: [statedRow('key_login', begun)],
    body: {
      binding_id: current.binding_id,
      reason: input.reason,
      resumed: input.resume,
      times_within_a_day: recoveries + 1,
      request_id: change.requestId,
    },
  })
  await closeFinding(tx, { kind: 'clone_detected', subject: `binding:${current.binding_id}` }, actor, now)
  if (input.resume && current.identity_id !== null) {
    await resumeIdentity(change, current.identity_id, { reason: input.reason })
  }
  return { row: await getBinding(tx, id), receipt }
}
