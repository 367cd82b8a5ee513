/**
 * Who is it that has signed in, and what do their groups give them?
 *
 * Promise: a person is found by issuer and subject, by a binding; never by an email, which anybody may get at another
 * provider. What groups give stands apart from what was given by hand, is replaced at each sign-in, and has an entry
 * wherever it changes; what rested on it is decided again (law 11). Whom nothing lets in is refused, and what sessions they
 * had end.
 */
import {
  type BindingId,
  canonicalJson,
  type JsonObject,
  newId,
  type OwnerId,
  type PersonId,
  type PersonRole,
} from '@mayfly/domain'
import { claimsHold } from '../../../adapters/trust-providers/exact-claims.ts'
import type { GivenByGroups } from '../../../adapters/trust-providers/sign-in/group-rules.ts'
import type { SignInSettings } from '../../../adapters/trust-providers/sign-in/sign-in-settings.ts'
import { insertBinding, listLiveAttestationsOfBinding } from '../../../store/binding-rows.ts'
import type { Tx } from '../../../store/database.ts'
import { claimOwnersOfPerson, findOwner } from '../../../store/owner-rows.ts'
import { claimPerson, findPerson, insertPerson, type PersonRow, updatePerson } from '../../../store/person-rows.ts'
import { listPersonBindings, lockSubject } from '../../../store/sign-in-rows.ts'
import type { TrustProviderRow } from '../../../store/trust-provider-rows.ts'
import { statedRow } from '../../audit/stated-rows.ts'
import type { Change } from '../../registry/change.ts'
import { allFields, diffFields } from '../../registry/diff-fields.ts'
import { decideAgain, endAuthority } from '../../registry/end-authority.ts'
import { collectFaults } from '../../registry/faults.ts'
import { judgePerson, normalEmail } from '../../registry/person-fields.ts'
import { recordChange } from '../../registry/record-change.ts'
import { shownBindingFields } from '../../registry/register-binding.ts'
import type { SignInRefusal } from './sign-in-refusal.ts'

export interface Arrival {
  readonly provider: TrustProviderRow
  readonly settings: SignInSettings
  readonly subject: string
  readonly claims: Readonly<Record<string, unknown>>
  readonly given: GivenByGroups
}

export type Admission =
  | { readonly outcome: 'admitted'; readonly bindingId: BindingId; readonly person: PersonRow }
  | { readonly outcome: 'refused'; readonly reason: SignInRefusal; readonly detail: string; readonly hint: string }

/** What one trust provider's groups give, as it stands in `person.group_grants`. */
export interface Grant {
  readonly version: number
  readonly roles: readonly PersonRole[]
  readonly owner_ids: readonly OwnerId[]
  /** Here by their groups alone: without any they are not let in. */
  readonly registered?: true
}

/** In one transaction, which commits also where it refuses: what was taken away stays taken away. */
export async function admitPerson(change: Change, arrival: Arrival): Promise<Admission> {
  const { tx } = change
  const { provider, subject, claims } = arrival
  await lockSubject(tx, provider.trust_provider_id, subject)
  const bindings = (await listPersonBindings(tx, provider.trust_provider_id, subject)).filter((binding) =>
    claimsHold(binding.claims as Record<string, unknown>, claims),
  )
  const given = await grantOf(tx, arrival)
  const [binding] = bindings
  if (binding === undefined) return registerArrival(change, arrival, given)
  const current = await claimPerson(tx, binding.person_id)
  if (current.state === 'left') {
    return refused('person_left', 'this person has left', 'let an administrator take them back, if that is wrong')
  }
  const before = grantsOf(current)[provider.trust_provider_id]
  const person = await replaceGrant(change, arrival, current, keepRegistered(before, given, provider.version))
  if (given === undefined && before?.registered === true && !(await standsByHand(tx, person))) {
    for (const { attestation_id: id } of await listLiveAttestationsOfBinding(tx, binding.binding_id)) {
      await endAuthority(change, { kind: 'attestation', id }, 'session_ended', 'its groups give nothing any more')
    }
    return noRule(arrival)
  }
  return { outcome: 'admitted', bindingId: binding.binding_id, person }
}

async function registerArrival(change: Change, arrival: Arrival, given: Grant | undefined): Promise<Admission> {
  const { tx, now } = change
  const { provider, subject } = arrival
  const email = verifiedEmail(arrival)
  const taken = email === undefined ? undefined : await findPerson(tx, email)
  if (taken !== undefined) {
    return refused(
      'email_taken',
      'a person with this email is registered, and this sign-in is not theirs yet',
      `let an administrator bind it: \`mayfly binding add --trust-provider ${provider.name} --person ${email ?? ''} --subject ${shellWord(subject)}\``,
    )
  }
  if (given === undefined) return noRule(arrival)
  if (email === undefined && arrival.settings.require_verified_email) {
    return refused(
      'email_unverified',
      'the provider does not say that it has verified the email (`email_verified` is not true)',
      'verify the email at the provider; or let an administrator set `require_verified_email` to false',
    )
  }
  const grant: Grant = { ...given, registered: true }
  const wanted = { name: nameOf(arrival, email), email: email ?? null, roles: [] as PersonRole[] }
  const person = await insertPerson(tx, {
    person_id: newId<PersonId>(now.getTime()),
    ...wanted,
    group_grants: JSON.stringify({ [provider.trust_provider_id]: grant }),
    created_at: now,
  })
  await recordChange(change, {
    action: 'person.registered',
    rows: [statedRow('person', person)],
    changes: allFields({ ...wanted, group_roles: [...grant.roles], group_owner_ids: [...grant.owner_ids] }),
    shown: ['roles', 'group_roles', 'group_owner_ids'],
  })
  const rule = {
    trust_provider_id: provider.trust_provider_id,
    identity_id: null,
    person_id: person.person_id,
    subject,
  }
  const binding = await insertBinding(tx, {
    binding_id: newId<BindingId>(now.getTime()),
    ...rule,
    claims: '{}',
    public_jwk: null,
    created_at: now,
  })
  await recordChange(change, {
    action: 'binding.registered',
    rows: [statedRow('binding', binding)],
    changes: allFields({ ...rule, claims: {} }),
    // The subject may be an email, or a name.
    shown: shownBindingFields.filter((field) => field !== 'subject'),
  })
  return { outcome: 'admitted', bindingId: binding.binding_id, person }
}

async function grantOf(tx: Tx, { provider, given }: Arrival): Promise<Grant | undefined> {
  const ownerIds: OwnerId[] = []
  for (const name of given.owners) {
    const owner = await findOwner(tx, name)
    // A rule may name an owner that is not registered yet.
    if (owner?.state === 'active') ownerIds.push(owner.owner_id)
  }
  if (given.roles.length + ownerIds.length === 0) return undefined
  return { version: provider.version, roles: given.roles, owner_ids: ownerIds.toSorted() }
}

async function replaceGrant(
  change: Change,
  { provider }: Arrival,
  current: PersonRow,
  grant: Grant | undefined,
): Promise<PersonRow> {
  const { [provider.trust_provider_id]: before, ...others } = grantsOf(current)
  if (canonicalJson((before ?? null) as JsonObject | null) === canonicalJson((grant ?? null) as JsonObject | null)) {
    return current
  }
  const wanted = { ...others, ...(grant === undefined ? {} : { [provider.trust_provider_id]: grant }) }
  const row = await updatePerson(change.tx, current.person_id, {
    group_grants: Object.keys(wanted).length === 0 ? null : JSON.stringify(wanted),
  })
  const shown = (of: Grant | undefined) => ({
    group_roles: [...(of?.roles ?? [])],
    group_owner_ids: [...(of?.owner_ids ?? [])],
  })
  await recordChange(change, {
    action: 'person.groups_changed',
    rows: [statedRow('person', row)],
    changes: diffFields(shown(before), shown(grant)),
    shown: ['group_roles', 'group_owner_ids'],
  })
  await decideAgain(change, 'person', row.person_id, 'the groups of the person who declared the task have changed')
  return row
}

function grantsOf(person: PersonRow): Readonly<Record<string, Grant>> {
  return (person.group_grants ?? {}) as Record<string, Grant>
}

/** Whom their groups brought here is remembered as such, also when these give nothing any more. */
function keepRegistered(before: Grant | undefined, given: Grant | undefined, version: number): Grant | undefined {
  if (before?.registered !== true) return given
  return { ...(given ?? { version, roles: [], owner_ids: [] }), registered: true }
}

/** Somebody has given them a role since, or made them answer for an owner. */
async function standsByHand(tx: Tx, person: PersonRow): Promise<boolean> {
  return person.roles.length > 0 || (await claimOwnersOfPerson(tx, person.person_id)).length > 0
}

function noRule({ settings, given, provider }: Arrival): Admission {
  const detail = given.told
    ? `none of the groups in \`${settings.groups_claim}\` gives anything here, and nobody has registered this person`
    : `the ID token has no claim \`${settings.groups_claim}\`, and nobody has registered this person`
  const hint = given.told
    ? `ask to be put into a group that \`${provider.name}\` has a rule for, or let an administrator register you`
    : `let the provider send \`${settings.groups_claim}\`, or let an administrator register you`
  return refused('no_rule', detail, hint)
}

function verifiedEmail({ claims }: Arrival): string | undefined {
  const { email, email_verified: verified } = claims
  if (verified !== true || typeof email !== 'string') return undefined
  const faults = collectFaults()
  judgePerson(faults, { email })
  return faults.isEmpty() ? normalEmail(email) : undefined
}

/** For people to read; nothing is found by it. */
function nameOf({ claims, subject }: Arrival, email: string | undefined): string {
  const candidates = [claims['name'], claims['preferred_username'], email, subject]
  const found = candidates.find((name): name is string => {
    if (typeof name !== 'string') return false
    const faults = collectFaults()
    judgePerson(faults, { name })
    return faults.isEmpty()
  })
  return (found ?? 'signed in').trim()
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}

function refused(reason: SignInRefusal, detail: string, hint: string): Admission {
  return { outcome: 'refused', reason, detail, hint }
}
