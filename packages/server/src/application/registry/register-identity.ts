import { type Environment, findNameFault, type IdentityId, type IdentityKind, newId, spiffeIdOf } from '@mayfly/domain'
import { type IdentityWithOwner, insertIdentity } from '../../store/identity-rows.ts'
import { findTrustDomain } from '../../store/tenant-rows.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Change, Changed } from './change.ts'
import { allFields } from './diff-fields.ts'
import { collectFaults } from './faults.ts'
import { type Attributes, getAnsweringOwner, judgeAttributes, judgeExpiry, judgePurpose } from './identity-fields.ts'
import { recordChange } from './record-change.ts'
import type { RegistryDeps } from './registry-deps.ts'

export interface NewIdentity {
  readonly name: string
  readonly kind: IdentityKind
  /** Id or name of an owner that answers. */
  readonly owner: string
  readonly purpose: string
  readonly environment: Environment
  readonly expiresAt: Date
  readonly attributes?: Attributes | undefined
}

export const shownIdentityFields = ['name', 'kind', 'owner_id', 'environment', 'expires_at', 'spiffe_id', 'state']

/**
 * Registers a machine identity: with owner, purpose, environment and end, or not at all (law 7).
 *
 * Its SPIFFE ID is derived from environment, kind and name; these never change.
 *
 * @throws MayflyError `request_invalid` (every fault at once), `identity_owner_missing`, `name_taken`
 */
export async function registerIdentity(
  deps: Pick<RegistryDeps, 'trustDomain' | 'maxIdentityLifetimeSeconds'>,
  change: Change,
  input: NewIdentity,
): Promise<Changed<IdentityWithOwner>> {
  const { tx, now } = change
  const faults = collectFaults()
  faults.add('/name', findNameFault(input.name))
  judgePurpose(faults, input.purpose, input.name)
  judgeExpiry(faults, deps, input.expiresAt, now)
  judgeAttributes(faults, input.attributes)
  faults.refuse()
  const owner = await getAnsweringOwner(tx, input.owner)
  const wanted = {
    name: input.name,
    kind: input.kind,
    owner_id: owner.owner_id,
    purpose: input.purpose.trim(),
    environment: input.environment,
    expires_at: input.expiresAt,
    spiffe_id: spiffeIdOf({ trustDomain: await findTrustDomain(tx, deps.trustDomain), ...input }),
    attributes: input.attributes ?? {},
  }
  const row = await insertIdentity(tx, {
    identity_id: newId<IdentityId>(),
    ...wanted,
    attributes: JSON.stringify(wanted.attributes),
    created_at: now,
  })
  const changes = allFields(wanted)
  const receipt = await recordChange(change, {
    action: 'identity.registered',
    rows: [statedRow('identity', row)],
    changes,
    shown: shownIdentityFields,
    subject: { identityId: row.identity_id },
  })
  const shown = { ...row, owner_name: owner.name, owner_state: owner.state }
  return { row: shown, receipt, outcome: 'created', changes }
}
