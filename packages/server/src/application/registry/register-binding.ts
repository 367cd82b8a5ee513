import {
  type BindingId,
  type FieldProblem,
  type IdentityId,
  MayflyError,
  newId,
  type PersonId,
  type TrustProviderId,
} from '@mayfly/domain'
import type { BindingRule } from '../../adapters/trust-providers/trust-provider.ts'
import { type BindingWithNames, findRivalBinding, getBinding, insertBinding } from '../../store/binding-rows.ts'
import type { Tx } from '../../store/database.ts'
import { findIdentity } from '../../store/identity-rows.ts'
import { findPerson } from '../../store/person-rows.ts'
import { findTrustProvider } from '../../store/trust-provider-rows.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Change, Changed } from './change.ts'
import { allFields } from './diff-fields.ts'
import { requireNotRetired } from './end-authority.ts'
import { recordChange } from './record-change.ts'
import { getTrustProviderPlugIn } from './trust-provider-fields.ts'

export interface BindingProof {
  /** What the proof says of itself, exactly; absent for a bound key, whose thumbprint it is. */
  readonly subject?: string | undefined
  /** Further claims, each exactly equal. */
  readonly claims?: Readonly<Record<string, string | number | boolean>> | undefined
  /** A public key (RFC 7517); a private one is refused. */
  readonly publicJwk?: unknown
}

export interface NewBinding extends BindingProof {
  /** Id or name. */
  readonly trustProvider: string
  /** Id or name; this or `person`. */
  readonly identity?: string | undefined
  /** Id or email. */
  readonly person?: string | undefined
}

export const shownBindingFields = ['trust_provider_id', 'identity_id', 'person_id', 'subject', 'claims', 'state']

/**
 * Says whose proof it is. Whoever may write a binding can become the identity that it names: the action
 * `binding.write` guards it, and the entry states it in full.
 *
 * @throws MayflyError `request_invalid`, `state_not_allowed` (retired), `name_taken` (a proof could be another's too)
 */
export async function registerBinding(change: Change, input: NewBinding): Promise<Changed<BindingWithNames>> {
  const { tx, now } = change
  const provider = await findTrustProvider(tx, input.trustProvider)
  if (provider === undefined) throw names('/trust_provider', `names no trust provider: \`${input.trustProvider}\``)
  requireNotRetired('trust provider', provider)
  const holder = await resolveHolder(tx, input)
  const rule = parseProof(provider, input)
  if (getTrustProviderPlugIn(provider.kind).severalHolders !== true) {
    await requireUnambiguous(tx, provider.trust_provider_id, rule, holder)
  }
  const wanted = {
    trust_provider_id: provider.trust_provider_id,
    ...holder,
    subject: rule.subject,
    claims: { ...rule.claims },
    public_jwk: rule.publicJwk === null ? null : { ...(rule.publicJwk as Record<string, string>) },
  }
  const row = await insertBinding(tx, {
    binding_id: newId<BindingId>(),
    ...wanted,
    claims: JSON.stringify(wanted.claims),
    public_jwk: wanted.public_jwk === null ? null : JSON.stringify(wanted.public_jwk),
    created_at: now,
  })
  const changes = allFields(wanted)
  const receipt = await recordChange(change, {
    action: 'binding.registered',
    rows: [statedRow('binding', row)],
    changes,
    shown: shownBindingFields,
    ...(holder.identity_id === null ? {} : { subject: { identityId: holder.identity_id } }),
  })
  return { row: await getBinding(tx, row.binding_id), receipt, outcome: 'created', changes }
}

interface Holder {
  readonly identity_id: IdentityId | null
  readonly person_id: PersonId | null
}

async function resolveHolder(tx: Tx, input: NewBinding): Promise<Holder> {
  if ((input.identity === undefined) === (input.person === undefined)) {
    throw names('/identity', 'is required, or `person`, but not both')
  }
  if (input.identity !== undefined) {
    const identity = await findIdentity(tx, input.identity)
    if (identity === undefined) throw names('/identity', `names no identity: \`${input.identity}\``)
    requireNotRetired('identity', identity)
    return { identity_id: identity.identity_id, person_id: null }
  }
  const ref = input.person ?? ''
  const person = await findPerson(tx, ref.includes('@') ? ref.trim().toLowerCase() : ref)
  if (person === undefined) throw names('/person', `names no person: \`${ref}\``)
  if (person.state === 'left') throw names('/person', `names a person who has left: \`${ref}\``)
  return { identity_id: null, person_id: person.person_id }
}

/** @param provider its settings may ask for more than its kind does */
export function parseProof(
  provider: { readonly kind: string; readonly settings: unknown },
  input: BindingProof,
): BindingRule {
  const plugIn = getTrustProviderPlugIn(provider.kind)
  const given = {
    subject: input.subject,
    claims: input.claims,
    ...(input.publicJwk === undefined ? {} : { public_jwk: input.publicJwk }),
  }
  return plugIn.parseBinding(given, plugIn.settings.parse(provider.settings))
}

/** One proof must not be two holders': which of them it is would be chance. */
export async function requireUnambiguous(
  tx: Tx,
  trustProviderId: TrustProviderId,
  rule: BindingRule,
  holder: Holder,
  exceptId?: BindingId,
): Promise<void> {
  const rival = await findRivalBinding(tx, {
    trustProviderId,
    subject: rule.subject,
    claims: rule.claims,
    holder,
    ...(exceptId === undefined ? {} : { exceptId }),
  })
  if (rival === undefined) return
  const detail = `a proof with this subject could match the binding \`${rival.binding_id}\` of another holder too`
  throw new MayflyError('name_taken', {
    publicDetail: detail,
    hint: 'add a claim, to both, that tells the holders apart; or retire the other binding',
    fields: [{ pointer: '/subject', detail }],
  })
}

function names(pointer: string, detail: string): MayflyError {
  const fields: FieldProblem[] = [{ pointer, detail }]
  return new MayflyError('request_invalid', { publicDetail: `\`${pointer}\` ${detail}`, fields })
}
