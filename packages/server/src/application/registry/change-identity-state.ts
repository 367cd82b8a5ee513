/**
 * Suspend, resume, retire.
 *
 * Promise: from the commit on, a suspended or retired identity can do nothing by any path: its row is read wherever
 * authority is asked for (law 13), and what it holds ends by the one way out (law 2).
 */
import { type IdentityState, MayflyError, mayBecome, nextIdentityStates, type RevocationCause } from '@mayfly/domain'
import { claimIdentity, getIdentity, type IdentityWithOwner, updateIdentity } from '../../store/identity-rows.ts'
import type { AuditAction } from '../audit/audit-stream.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Change, Changed, SeenVersion } from './change.ts'
import { diffFields } from './diff-fields.ts'
import { endAuthority, requireVersion } from './end-authority.ts'
import { recordChange } from './record-change.ts'

export interface StateChange extends SeenVersion {
  /** Why, for whoever looks at the revocation later. */
  readonly reason?: string | undefined
}

/** @throws MayflyError `resource_not_found`, `state_not_allowed`, `version_conflict` */
export async function suspendIdentity(
  change: Change,
  ref: string,
  input: StateChange & { readonly cause?: 'clone_detected' },
): Promise<Changed<IdentityWithOwner>> {
  return moveIdentity(change, ref, input, {
    to: 'suspended',
    action: 'identity.suspended',
    cause: input.cause ?? 'identity_suspended',
  })
}

/** What it held before does not come back: it proves itself and asks again. */
export async function resumeIdentity(
  change: Change,
  ref: string,
  input: StateChange,
): Promise<Changed<IdentityWithOwner>> {
  return moveIdentity(change, ref, input, { to: 'active', action: 'identity.resumed' })
}

/** For good: its name and SPIFFE ID are never given again. */
export async function retireIdentity(
  change: Change,
  ref: string,
  input: StateChange,
): Promise<Changed<IdentityWithOwner>> {
  return moveIdentity(change, ref, input, { to: 'retired', action: 'identity.retired', cause: 'identity_retired' })
}

async function moveIdentity(
  change: Change,
  ref: string,
  input: StateChange,
  move: { readonly to: IdentityState; readonly action: AuditAction; readonly cause?: RevocationCause },
): Promise<Changed<IdentityWithOwner>> {
  const current = await claimIdentity(change.tx, ref)
  requireVersion('identity', current, input.version)
  const changes = diffFields(current, { state: move.to })
  // Asked twice is done once.
  if (changes.length === 0) return { row: current, receipt: null, outcome: 'unchanged', changes }
  if (!mayBecome(nextIdentityStates, current.state, move.to)) {
    throw new MayflyError('state_not_allowed', {
      publicDetail: `the identity \`${current.name}\` is ${current.state} and cannot become ${move.to}`,
      ...(current.state === 'retired' ? { hint: 'register a new identity under another name' } : {}),
    })
  }
  const row = await updateIdentity(change.tx, current.identity_id, { state: move.to })
  const receipt = await recordChange(change, {
    action: move.action,
    rows: [statedRow('identity', row)],
    changes,
    shown: ['state'],
    subject: { identityId: row.identity_id },
  })
  if (move.cause !== undefined) {
    await endAuthority(change, { kind: 'identity', id: row.identity_id }, move.cause, input.reason)
  }
  return { row: await getIdentity(change.tx, row.identity_id), receipt, outcome: 'updated', changes }
}
