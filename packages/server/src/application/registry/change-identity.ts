import { claimIdentity, getIdentity, type IdentityWithOwner, updateIdentity } from '../../store/identity-rows.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Change, Changed, SeenVersion } from './change.ts'
import { diffFields } from './diff-fields.ts'
import { decideAgain, requireNotRetired, requireVersion } from './end-authority.ts'
import { collectFaults } from './faults.ts'
import { type Attributes, getAnsweringOwner, judgeAttributes, judgeExpiry, judgePurpose } from './identity-fields.ts'
import { recordChange } from './record-change.ts'
import { shownIdentityFields } from './register-identity.ts'
import type { RegistryDeps } from './registry-deps.ts'

export interface IdentityUpdate extends SeenVersion {
  readonly owner?: string | undefined
  readonly purpose?: string | undefined
  readonly expiresAt?: Date | undefined
  readonly attributes?: Attributes | undefined
}

/**
 * Changes what may change of an identity; name, kind and environment are fixed, because its SPIFFE ID is made of them.
 * What it holds is decided again (law 11). A later `expires_at` lets an expired identity work again.
 *
 * @throws MayflyError `request_invalid`, `resource_not_found`, `identity_owner_missing`, `state_not_allowed` (retired),
 * `version_conflict`
 */
export async function changeIdentity(
  deps: Pick<RegistryDeps, 'maxIdentityLifetimeSeconds'>,
  change: Change,
  ref: string,
  input: IdentityUpdate,
): Promise<Changed<IdentityWithOwner>> {
  const { tx, now } = change
  const current = await claimIdentity(tx, ref)
  requireVersion('identity', current, input.version)
  requireNotRetired('identity', current)
  const sameExpiry = input.expiresAt?.getTime() === current.expires_at.getTime()
  const faults = collectFaults()
  judgePurpose(faults, input.purpose, current.name)
  // An end that is left as it is may have come.
  if (!sameExpiry) judgeExpiry(faults, deps, input.expiresAt, now)
  judgeAttributes(faults, input.attributes)
  faults.refuse()
  const owner = input.owner === undefined ? undefined : await getAnsweringOwner(tx, input.owner)
  const wanted = {
    owner_id: owner?.owner_id ?? current.owner_id,
    purpose: input.purpose?.trim() ?? current.purpose,
    expires_at: input.expiresAt ?? current.expires_at,
    attributes: input.attributes ?? (current.attributes as Attributes),
  }
  const changes = diffFields(current, wanted)
  if (changes.length === 0) return { row: current, receipt: null, outcome: 'unchanged', changes }
  const row = await updateIdentity(tx, current.identity_id, {
    ...wanted,
    attributes: JSON.stringify(wanted.attributes),
    ...(sameExpiry || input.expiresAt === undefined ? {} : { expired_at: null }),
  })
  const receipt = await recordChange(change, {
    action: 'identity.updated',
    rows: [statedRow('identity', row)],
    changes,
    shown: shownIdentityFields,
    subject: { identityId: row.identity_id },
  })
  if (changes.some(({ field }) => field !== 'purpose')) {
    await decideAgain(change, 'identity', row.identity_id, 'the identity has changed')
  }
  return { row: await getIdentity(tx, row.identity_id), receipt, outcome: 'updated', changes }
}
