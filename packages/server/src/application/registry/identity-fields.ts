import { findPurposeFault, type JsonValue, MayflyError } from '@mayfly/domain'
import { findOwnerHeld, type OwnerRow } from '../../store/owner-rows.ts'
import type { Tx } from '../../store/database.ts'
import type { Faults } from './faults.ts'
import type { RegistryDeps } from './registry-deps.ts'

const day = 86_400_000

export function judgePurpose(faults: Faults, purpose: string | undefined, name: string): void {
  if (purpose !== undefined) faults.add('/purpose', findPurposeFault(purpose, name))
}

/** Law 7: every identity ends, and not so far away that nobody would remember why it was made. */
export function judgeExpiry(
  faults: Faults,
  deps: Pick<RegistryDeps, 'maxIdentityLifetimeSeconds'>,
  expiresAt: Date | undefined,
  now: Date,
): void {
  if (expiresAt === undefined) return
  if (expiresAt.getTime() <= now.getTime()) {
    faults.add('/expires_at', `lies in the past; it is now ${now.toISOString()}`)
  } else if (expiresAt.getTime() > now.getTime() + deps.maxIdentityLifetimeSeconds * 1000) {
    const days = Math.floor((deps.maxIdentityLifetimeSeconds * 1000) / day)
    faults.add('/expires_at', `lies more than ${days} days ahead; renew it before it ends instead`)
  }
}

export type Attributes = Readonly<Record<string, string | number | boolean>>

/** What policies may ask about beside the fixed fields: few, small and flat. */
export function judgeAttributes(faults: Faults, attributes: Readonly<Record<string, JsonValue>> | undefined): void {
  if (attributes === undefined) return
  const entries = Object.entries(attributes)
  if (entries.length > 32) faults.add('/attributes', `has ${entries.length} members; at most 32 fit`)
  for (const [key, value] of entries) {
    const pointer = `/attributes/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (!/^[a-z][a-z0-9_]{0,62}$/.test(key)) faults.add(pointer, 'is not a name such as `cost_centre`')
    if (!['string', 'number', 'boolean'].includes(typeof value)) {
      faults.add(pointer, 'is neither a string, a number, true nor false')
    } else if (typeof value === 'string' && value.length > 200) {
      faults.add(pointer, `has ${value.length} characters; at most 200 fit`)
    }
  }
}

/**
 * The owner that is to answer, held so that it cannot depart meanwhile.
 *
 * @throws MayflyError `identity_owner_missing`: there is no such owner, or nobody of it is left
 */
export async function getAnsweringOwner(tx: Tx, ref: string): Promise<OwnerRow> {
  const owner = await findOwnerHeld(tx, ref)
  if (owner === undefined) throw ownerMissing(`there is no owner \`${ref}\``, 'register the owner first')
  if (owner.state === 'departed') {
    throw ownerMissing(
      `nobody of the owner \`${owner.name}\` is left`,
      'give the owner a new primary person, or name another owner',
    )
  }
  return owner
}

function ownerMissing(detail: string, hint: string): MayflyError {
  return new MayflyError('identity_owner_missing', {
    publicDetail: detail,
    hint,
    fields: [{ pointer: '/owner', detail }],
  })
}
