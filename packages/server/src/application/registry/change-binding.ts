import {
  type BindingWithNames,
  claimBinding,
  getBinding,
  listLiveAttestationsOfBinding,
  updateBinding,
} from '../../store/binding-rows.ts'
import { beginKeyLoginAnew } from '../../store/key-login-rows.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Change, Changed, SeenVersion } from './change.ts'
import { diffFields } from './diff-fields.ts'
import { endAuthority, requireNotRetired, requireVersion } from './end-authority.ts'
import { recordChange } from './record-change.ts'
import { getTrustProviderPlugIn } from './trust-provider-fields.ts'
import { keepAdministrator } from './keep-administrator.ts'
import { type BindingProof, parseProof, requireUnambiguous, shownBindingFields } from './register-binding.ts'

export interface BindingUpdate extends SeenVersion, BindingProof {}

/**
 * Changes which proof a binding takes; its trust provider and its holder are fixed. What was accepted under the old rule
 * no longer counts, and what it gave ends.
 *
 * @throws MayflyError `request_invalid`, `resource_not_found`, `state_not_allowed` (retired), `name_taken`,
 * `version_conflict`
 */
export async function changeBinding(
  change: Change,
  id: string,
  input: BindingUpdate,
): Promise<Changed<BindingWithNames>> {
  const current = await claimBinding(change.tx, id)
  requireVersion('binding', current, input.version)
  requireNotRetired('binding', current)
  const keyed = current.public_jwk !== null
  const provider = { kind: current.trust_provider_kind, settings: current.trust_provider_settings }
  const rule = parseProof(provider, {
    subject: input.subject ?? (keyed ? undefined : current.subject),
    claims: input.claims ?? (current.claims as NonNullable<BindingProof['claims']>),
    publicJwk: input.publicJwk ?? (keyed ? current.public_jwk : undefined),
  })
  if (getTrustProviderPlugIn(provider.kind).severalHolders !== true) {
    await requireUnambiguous(change.tx, current.trust_provider_id, rule, current, current.binding_id)
  }
  const wanted = {
    subject: rule.subject,
    claims: { ...rule.claims },
    public_jwk: rule.publicJwk === null ? null : { ...(rule.publicJwk as Record<string, string>) },
  }
  return apply(change, current, wanted, 'binding.updated')
}

/** @throws MayflyError `resource_not_found`, `version_conflict`, `policy_locks_out_administrators` */
export async function retireBinding(
  change: Change,
  id: string,
  input: SeenVersion,
): Promise<Changed<BindingWithNames>> {
  const current = await claimBinding(change.tx, id)
  requireVersion('binding', current, input.version)
  const retire = () => apply(change, current, { state: 'retired' }, 'binding.retired')
  return current.person_id === null ? retire() : keepAdministrator(change.tx, retire)
}

async function apply(
  change: Change,
  current: BindingWithNames,
  wanted:
    | { subject: string; claims: Record<string, string | number | boolean>; public_jwk: Record<string, string> | null }
    | { state: 'retired' },
  action: 'binding.updated' | 'binding.retired',
): Promise<Changed<BindingWithNames>> {
  const changes = diffFields(current, wanted)
  if (changes.length === 0) return { row: current, receipt: null, outcome: 'unchanged', changes }
  const row = await updateBinding(
    change.tx,
    current.binding_id,
    'state' in wanted
      ? wanted
      : {
          subject: wanted.subject,
          claims: JSON.stringify(wanted.claims),
          public_jwk: wanted.public_jwk === null ? null : JSON.stringify(wanted.public_jwk),
        },
  )
  // Another key has logged in never yet.
  const counter = 'public_jwk' in wanted ? await beginKeyLoginAnew(change.tx, current.binding_id) : undefined
  const receipt = await recordChange(change, {
    action,
    rows: [statedRow('binding', row), ...(counter === undefined ? [] : [statedRow('key_login', counter)])],
    changes,
    shown: shownBindingFields,
    ...(row.identity_id === null ? {} : { subject: { identityId: row.identity_id } }),
  })
  for (const { attestation_id: proof } of await listLiveAttestationsOfBinding(change.tx, row.binding_id)) {
    await endAuthority(change, { kind: 'attestation', id: proof }, 'attestation_lapsed', 'its binding has changed')
  }
  return { row: await getBinding(change.tx, row.binding_id), receipt, outcome: 'updated', changes }
}
