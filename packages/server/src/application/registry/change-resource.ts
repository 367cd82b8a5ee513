import { type DataClass, type Delivery, type Exposure, type JsonValue, MayflyError, type Reach } from '@mayfly/domain'
import {
  claimResource,
  countAccountsAtResource,
  getResource,
  type ResourceWithOwner,
  updateResource,
} from '../../store/resource-rows.ts'
import type { Provider } from '../../adapters/targets/targets.ts'
import type { Tx } from '../../store/database.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Change, Changed, SeenVersion } from './change.ts'
import { diffFields, type FieldChange } from './diff-fields.ts'
import { decideAgain, endAuthority, requireNotRetired, requireVersion } from './end-authority.ts'
import { collectFaults } from './faults.ts'
import { type Attributes, getAnsweringOwner, judgeAttributes } from './identity-fields.ts'
import { recordChange } from './record-change.ts'
import { shownResourceFields } from './register-resource.ts'
import type { RegistryDeps } from './registry-deps.ts'
import {
  claimLogin,
  getProvider,
  judgeSecret,
  parseSettings,
  requireSecretForAddress,
  type SealedSecret,
  type SecretPlace,
  sealSecret,
} from './resource-settings.ts'

export interface ResourceUpdate extends SeenVersion {
  readonly reach?: Reach | undefined
  readonly dataClass?: DataClass | undefined
  readonly exposure?: Exposure | undefined
  readonly delivery?: Delivery | undefined
  readonly owner?: string | undefined
  /** The whole settings, not a part. */
  readonly settings?: unknown
  readonly secret?: JsonValue | undefined
  readonly attributes?: Attributes | undefined
  readonly adoptLogin?: boolean | undefined
  /** From a manifest, which says the same again and again: the secret that was entered last is no change. */
  readonly repeated?: boolean | undefined
  /** States that a new address leads to the same target, where accounts that Mayfly made still stand. */
  readonly sameTarget?: boolean | undefined
}

/**
 * Changes a resource; its name, provider and environment are fixed. What is live on it is decided again (law 11).
 *
 * A new address while accounts may still stand at the old one is refused unless the caller states that it is the same
 * target: the new one would say "absent" of accounts that it never had, and they would be called revoked (law 4).
 *
 * @throws MayflyError `request_invalid`, `secret_required`, `still_in_use`, `identity_owner_missing`,
 * `resource_not_found`, `state_not_allowed` (retired), `version_conflict`
 */
export async function changeResource(
  deps: RegistryDeps,
  change: Change,
  ref: string,
  input: ResourceUpdate,
): Promise<Changed<ResourceWithOwner>> {
  const { tx } = change
  const current = await claimResource(tx, ref)
  requireVersion('resource', current, input.version)
  requireNotRetired('resource', current)
  const provider = getProvider(deps, current.provider_kind)
  const faults = collectFaults()
  judgeAttributes(faults, input.attributes)
  const currentSettings = current.settings as Record<string, JsonValue>
  const settings = input.settings === undefined ? currentSettings : parseSettings(faults, provider, input.settings)
  if (input.secret !== undefined) judgeSecret(faults, provider, input.secret)
  faults.refuse()
  if (settings === undefined) throw new Error('a fault was not told')
  const moved = requireSecretForAddress(provider, currentSettings, settings, input.secret !== undefined)
  if (moved.length > 0 && input.sameTarget !== true) await requireNoAccounts(change, current, moved)
  const owner = input.owner === undefined ? undefined : await getAnsweringOwner(tx, input.owner)
  const wanted = {
    reach: input.reach ?? current.reach,
    data_class: input.dataClass ?? current.data_class,
    exposure: input.exposure ?? current.exposure,
    delivery: input.delivery ?? current.delivery,
    owner_id: owner?.owner_id ?? current.owner_id,
    settings,
    attributes: input.attributes ?? (current.attributes as Attributes),
    adopt_login: input.adoptLogin ?? current.adopt_login,
  }
  const changes = diffFields(current, wanted)
  const place = { resourceId: current.resource_id, provider, settings, current: current.sealed_secret }
  const sealed = await sealIfNew(deps, change, current, place, input, moved.length > 0)
  if (sealed !== undefined && sealed.fingerprint !== current.fingerprint) {
    changes.push({ field: 'secret', from: '[secret]', to: '[secret]' })
  }
  if (changes.length === 0) return { row: current, receipt: null, outcome: 'unchanged', changes }
  const way = changes.some(({ field }) => field === 'settings' || field === 'secret')
  const row = await updateResource(tx, current.resource_id, {
    ...wanted,
    ...(sealed !== undefined && (await enteredLogin(deps, tx, provider, current, sealed, settings, input.secret))),
    ...(wanted.adopt_login ? {} : { login_due_at: null }),
    settings: JSON.stringify(settings),
    attributes: JSON.stringify(wanted.attributes),
    // A check of other settings says nothing of these.
    ...(way ? { checked_at: null, check_result: null } : {}),
  })
  const noted: FieldChange[] =
    moved.length > 0 && input.sameTarget === true ? [{ field: 'same_target', from: null, to: true }] : []
  const receipt = await recordChange(change, {
    action: 'resource.updated',
    rows: [statedRow('resource', row)],
    changes: [...changes, ...noted],
    shown: shownResourceFields,
  })
  await decideAgain(change, 'resource', row.resource_id, 'the resource has changed')
  return { row: await getResource(tx, row.resource_id), receipt, outcome: 'updated', changes }
}

/**
 * The columns of a login that was entered anew. What Mayfly had begun to change the same login to is kept: it may have
 * come into force, or still come, and is then what opens the target.
 */
async function enteredLogin(
  deps: RegistryDeps,
  tx: Tx,
  provider: Provider,
  current: ResourceWithOwner,
  sealed: SealedSecret,
  settings: unknown,
  secret: unknown,
) {
  const of = { settings, secret, resourceId: current.resource_id }
  const loginFingerprint = await claimLogin(deps, tx, provider, of)
  const underWay = loginFingerprint === current.login_fingerprint && current.sealed_next_secret !== null
  return {
    ...sealed,
    login_fingerprint: loginFingerprint,
    ...(underWay ? {} : { sealed_next_secret: null, login_due_at: null }),
  }
}

/** Undefined where no secret was given, or one that is in force already. */
async function sealIfNew(
  deps: RegistryDeps,
  { tx }: Change,
  current: ResourceWithOwner,
  place: SecretPlace,
  { secret, repeated }: ResourceUpdate,
  moved: boolean,
): Promise<SealedSecret | undefined> {
  if (secret === undefined) return undefined
  const sealed = await sealSecret(deps, tx, place, secret)
  const known = [current.fingerprint, ...(repeated === true ? [current.entered_fingerprint] : [])]
  return !moved && known.includes(sealed.fingerprint) ? undefined : sealed
}

async function requireNoAccounts(change: Change, resource: ResourceWithOwner, moved: readonly string[]): Promise<void> {
  const count = await countAccountsAtResource(change.tx, resource.resource_id)
  if (count === 0) return
  throw new MayflyError('still_in_use', {
    publicDetail: `${count} accounts may still stand at the present address of \`${resource.name}\``,
    hint: 'revoke them first; or, where the new address leads to the same target, send `same_target: true`',
    fields: moved.map((name) => ({ pointer: `/settings/${name}`, detail: 'cannot change while accounts stand there' })),
  })
}

/**
 * Ends everything on the resource and takes it out of use. Its login stays sealed for as long as accounts are removed.
 *
 * @throws MayflyError `resource_not_found`, `version_conflict`
 */
export async function retireResource(
  change: Change,
  ref: string,
  input: SeenVersion & { readonly reason?: string | undefined },
): Promise<Changed<ResourceWithOwner>> {
  const current = await claimResource(change.tx, ref)
  requireVersion('resource', current, input.version)
  const changes = diffFields(current, { state: 'retired' })
  if (changes.length === 0) return { row: current, receipt: null, outcome: 'unchanged', changes }
  const row = await updateResource(change.tx, current.resource_id, { state: 'retired' })
  const receipt = await recordChange(change, {
    action: 'resource.retired',
    rows: [statedRow('resource', row)],
    changes,
    shown: shownResourceFields,
  })
  await endAuthority(change, { kind: 'resource', id: row.resource_id }, 'resource_retired', input.reason)
  return { row: await getResource(change.tx, row.resource_id), receipt, outcome: 'updated', changes }
}
