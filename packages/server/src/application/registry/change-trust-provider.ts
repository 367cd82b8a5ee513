import { type JsonObject, MayflyError, type Strength } from '@mayfly/domain'
import { type BindingWithNames, listBindings } from '../../store/binding-rows.ts'
import { listGrantedDeclarers } from '../../store/person-rows.ts'
import { claimTrustProvider, type TrustProviderRow, updateTrustProvider } from '../../store/trust-provider-rows.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Change, Changed, SeenVersion } from './change.ts'
import { diffFields } from './diff-fields.ts'
import { decideAgain, endAuthority, requireNotRetired, requireVersion } from './end-authority.ts'
import { collectFaults } from './faults.ts'
import { recordChange } from './record-change.ts'
import { keepAdministrator } from './keep-administrator.ts'
import { type BindingProof, parseProof } from './register-binding.ts'
import { shownTrustProviderFields } from './register-trust-provider.ts'
import {
  getTrustProviderPlugIn,
  judgeFixedSettings,
  judgeFreshFor,
  judgeStrength,
  parseTrustSettings,
} from './trust-provider-fields.ts'

export interface TrustProviderUpdate extends SeenVersion {
  /** The whole settings, not a part. */
  readonly settings?: unknown
  readonly strength?: Strength | undefined
  readonly freshForSeconds?: number | undefined
}

/**
 * Changes which proofs are believed. Where it is another issuer, key set, rule or strength, the proofs accepted under
 * the old ones no longer count and what they gave ends (cause `attestation_lapsed`): a key that is taken out because it
 * leaked must not go on working until its proofs grow stale. Another freshness holds for proofs from now on.
 *
 * @throws MayflyError `request_invalid`, `resource_not_found`, `name_taken` (the issuer), `state_not_allowed` (retired),
 * `version_conflict`
 */
export async function changeTrustProvider(
  change: Change,
  ref: string,
  input: TrustProviderUpdate,
): Promise<Changed<TrustProviderRow>> {
  const current = await claimTrustProvider(change.tx, ref)
  requireVersion('trust provider', current, input.version)
  requireNotRetired('trust provider', current)
  const plugIn = getTrustProviderPlugIn(current.kind)
  const faults = collectFaults()
  const parsed = input.settings === undefined ? undefined : parseTrustSettings(faults, plugIn, input.settings)
  judgeStrength(faults, plugIn, input.strength)
  judgeFreshFor(faults, plugIn, input.freshForSeconds)
  judgeFixedSettings(faults, plugIn, current.settings as JsonObject, parsed?.settings)
  faults.refuse()
  if (parsed !== undefined) await requireBindingsFit(change, current, parsed.settings)
  const wanted = {
    issuer: parsed === undefined ? current.issuer : parsed.issuer,
    settings: parsed?.settings ?? (current.settings as JsonObject),
    strength: input.strength ?? current.strength,
    fresh_for_seconds: input.freshForSeconds ?? current.fresh_for_seconds,
  }
  const changes = diffFields(current, wanted)
  if (changes.length === 0) return { row: current, receipt: null, outcome: 'unchanged', changes }
  const row = await updateTrustProvider(change.tx, current.trust_provider_id, {
    ...wanted,
    settings: JSON.stringify(wanted.settings),
  })
  const receipt = await recordChange(change, {
    action: 'trust_provider.updated',
    rows: [statedRow('trust_provider', row)],
    changes,
    shown: shownTrustProviderFields,
  })
  const selector = { kind: 'trust_provider', id: row.trust_provider_id } as const
  // What groups give counts at one version of their sign-in provider, so a session under another would have nothing of it.
  if (row.kind === 'sign_in')
    await decideGrantedAgain(change, row, 'the sign-in provider of who declared the task has changed')
  if (row.kind === 'sign_in' || changes.some(({ field }) => field !== 'fresh_for_seconds')) {
    await endAuthority(change, selector, 'attestation_lapsed', 'the trust provider has changed: prove again')
  } else {
    await decideAgain(change, selector.kind, selector.id, 'the freshness of the trust provider has changed')
  }
  return { row, receipt, outcome: 'updated', changes }
}

const bindingsPerPage = 500

/**
 * What a binding may say depends on the settings (a preset refuses what is too wide): those that there are must fit the new
 * ones too.
 *
 * @throws MayflyError `request_invalid` naming the first that does not
 */
async function requireBindingsFit({ tx }: Change, current: TrustProviderRow, settings: JsonObject): Promise<void> {
  let after: string | undefined
  for (;;) {
    const filter = { trustProviderId: current.trust_provider_id, state: 'active' } as const
    const rows = await listBindings(tx, filter, { limit: bindingsPerPage, ...(after !== undefined && { after }) })
    for (const row of rows) requireBindingFits(current.kind, settings, row)
    after = rows.at(-1)?.binding_id
    if (rows.length < bindingsPerPage) return
  }
}

function requireBindingFits(kind: string, settings: JsonObject, row: BindingWithNames): void {
  try {
    parseProof(
      { kind, settings },
      {
        subject: row.subject,
        claims: row.claims as NonNullable<BindingProof['claims']>,
        publicJwk: row.public_jwk ?? undefined,
      },
    )
  } catch (cause) {
    if (!(cause instanceof MayflyError) || cause.code !== 'request_invalid') throw cause
    const detail = `the binding \`${row.binding_id}\` would not fit: ${cause.options.publicDetail ?? 'it says too little'}`
    throw new MayflyError('request_invalid', {
      publicDetail: detail,
      hint: 'change or retire that binding first',
      fields: [{ pointer: '/settings', detail }],
      cause,
    })
  }
}

/** @throws MayflyError `resource_not_found`, `version_conflict`, `policy_locks_out_administrators` */
export async function retireTrustProvider(
  change: Change,
  ref: string,
  input: SeenVersion & { readonly reason?: string | undefined },
): Promise<Changed<TrustProviderRow>> {
  const current = await claimTrustProvider(change.tx, ref)
  requireVersion('trust provider', current, input.version)
  const changes = diffFields(current, { state: 'retired' })
  if (changes.length === 0) return { row: current, receipt: null, outcome: 'unchanged', changes }
  const row = await keepAdministrator(change.tx, () =>
    updateTrustProvider(change.tx, current.trust_provider_id, { state: 'retired' }),
  )
  const receipt = await recordChange(change, {
    action: 'trust_provider.retired',
    rows: [statedRow('trust_provider', row)],
    changes,
    shown: shownTrustProviderFields,
  })
  const selector = { kind: 'trust_provider', id: row.trust_provider_id } as const
  if (row.kind === 'sign_in')
    await decideGrantedAgain(change, row, 'the sign-in provider of who declared the task is retired')
  await endAuthority(change, selector, 'trust_provider_retired', input.reason)
  return { row, receipt, outcome: 'updated', changes }
}

/** Tasks declared by people to whom its groups gave something. */
async function decideGrantedAgain(change: Change, row: TrustProviderRow, why: string): Promise<void> {
  for (const personId of await listGrantedDeclarers(change.tx, row.trust_provider_id)) {
    await decideAgain(change, 'person', personId, why)
  }
}
