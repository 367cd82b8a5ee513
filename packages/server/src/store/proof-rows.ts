/**
 * The SQL of the proof path: everything that accepting a proof reads, in one statement for many proofs, and everything
 * that it writes, in another.
 */
import type {
  AttestationId,
  BindingId,
  DecisionId,
  Environment,
  IdentityId,
  IdentityKind,
  IdentityState,
  JsonObject,
  OwnerId,
  PersonId,
  PersonRole,
  PersonState,
  PolicyVersionId,
  Strength,
  SvidId,
  TrustProviderId,
  TrustProviderKind,
} from '@mayfly/domain'
import type pg from 'pg'
import type { EntryRow } from './entry-rows.ts'
import { findOwnSvids, type OwnSvid, type ShownSvid } from './shown-svid-rows.ts'

/** How a proof asks for its trust provider and bindings. Nothing of it is believed yet. */
export type ProofQuestion = BindingQuestion & {
  /** Present where it may be an SVID of our own. */
  readonly svid?: ShownSvid
}

type BindingQuestion =
  /** The first of the issuers that is known counts. */
  | { readonly by: 'issuer'; readonly issuers: readonly string[]; readonly subject: string }
  /** Every trust provider of one of the issuers, or of the kind; a binding's subject is one of the subjects. */
  | {
      readonly by: 'kind'
      readonly issuers: readonly string[]
      readonly kind: TrustProviderKind
      readonly subjects: readonly string[]
    }
  /** A binding that was found before, e.g. of a person who signs in. */
  | { readonly by: 'binding'; readonly bindingId: BindingId }
  /** `client` is the id or name of an identity, or the id of a person. */
  | { readonly by: 'client'; readonly client: string; readonly thumbprint: string | undefined }

interface IdentityPart {
  readonly kind: 'identity'
  readonly identityId: IdentityId
  readonly name: string
  readonly identityKind: IdentityKind
  readonly environment: Environment
  readonly state: IdentityState
  readonly expiresAt: Date
  readonly spiffeId: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly version: number
  readonly owner: {
    readonly ownerId: OwnerId
    readonly name: string
    /** Not departed, and primary or deputy is still here. */
    readonly answers: boolean
    readonly version: number
  }
}

interface PersonPart {
  readonly kind: 'person'
  readonly personId: PersonId
  readonly state: PersonState
  readonly roles: readonly PersonRole[]
  /** Names of the owners for which the person is primary or deputy. */
  readonly answersFor: readonly string[]
  /** Names of the owners that they are in by their groups, as the trust provider of the proof says. */
  readonly memberOf: readonly string[]
  readonly version: number
}

export type ProvingParty = IdentityPart | PersonPart

export interface CandidateTrustProvider {
  readonly trustProviderId: TrustProviderId
  readonly name: string
  readonly kind: TrustProviderKind
  /** JSON as text: parsed once for each version. */
  readonly settings: string
  readonly strength: Strength
  readonly freshForSeconds: number
  readonly version: number
}

/** How often a key has logged in, as it was read. */
export interface KeyLoginState {
  readonly generation: number
  readonly nextDigest: string | null
  readonly previousDigest: string | null
  readonly movedAt: Date | null
  readonly repeats: number
  readonly lockedAt: Date | null
  readonly version: number
}

export interface CandidateBinding {
  readonly trustProvider: CandidateTrustProvider
  /** For bound keys; null where it has not been counted yet. */
  readonly keyLogin: KeyLoginState | null
  readonly bindingId: BindingId
  readonly subject: string
  readonly claims: Readonly<Record<string, unknown>>
  readonly publicJwk: unknown
  readonly version: number
  readonly party: ProvingParty
}

export interface ProofCandidates {
  /** The live trust providers that may judge the proof; none where nobody believes such a proof. */
  readonly trustProviders: readonly CandidateTrustProvider[]
  readonly bindings: readonly CandidateBinding[]
  readonly policy?: { readonly policyVersionId: PolicyVersionId; readonly digest: string }
  /** The active access-token key. */
  readonly signingKeyId?: string
  /** The SVID of our own that it calls itself, where there is such a one. */
  readonly svid?: OwnSvid
}

/** More bindings than that for one subject are refused as ambiguous rather than read. */
export const maxCandidates = 50

const columns = `
  t.trust_provider_id, t.name as t_name, t.kind as t_kind, t.settings::text as t_settings, t.strength,
  t.fresh_for_seconds, t.version as t_version,
  b.binding_id, b.subject, b.claims, b.public_jwk, b.version as b_version,
  i.identity_id, i.name as i_name, i.kind as i_kind, i.environment, i.state as i_state, i.expires_at, i.spiffe_id,
  i.attributes, i.version as i_version,
  o.owner_id, o.name as o_name, o.version as o_version,
  o.state = 'active' and (op.state = 'active' or coalesce(od.state, '') = 'active') as o_answers,
  p.person_id, p.state as p_state, p.version as p_version,
  p.roles || array(select jsonb_array_elements_text(g.held -> 'roles')) as roles,
  case when g.held is not null then array(
    select a.name from owner a where a.state = 'active'
      and a.owner_id in (select jsonb_array_elements_text(g.held -> 'owner_ids')::uuid)
  ) end as member_of,
  case when p.person_id is not null then array(
    select a.name from owner a
    where a.state = 'active' and (a.primary_person_id = p.person_id or a.deputy_person_id = p.person_id)
  ) end as answers_for,
  v.policy_version_id, v.digest, k.key_id`

// Each look-up stands in a subquery of its own, which the planner leaves where it is: by the index, once a row. Joined
// plainly, a table without statistics is taken for one of a single row, and read as a whole for every batch.
const parties = `
  left join lateral (select * from identity n where n.identity_id = b.identity_id limit 1) i on true
  left join lateral (select * from owner n where n.owner_id = i.owner_id limit 1) o on true
  left join lateral (select * from person n where n.person_id = o.primary_person_id limit 1) op on true
  left join lateral (select * from person n where n.person_id = o.deputy_person_id limit 1) od on true
  left join lateral (select * from person n where n.person_id = b.person_id limit 1) p on true
  left join lateral (select group_grant(p.group_grants, t.trust_provider_id, t.version) as held) g on true
  left join policy_version v on v.state = 'active'
  left join signing_key k on k.purpose = 'access_token' and k.state = 'active'`

const byIssuer = `
  select r.ord, ${columns}
  from json_to_recordset($1::json) as r(ord int, issuers text[], subject text)
  left join lateral (
    select n.* from unnest(r.issuers) with ordinality as i(issuer, place)
    join trust_provider n on n.issuer = i.issuer and n.state = 'active' order by i.place limit 1
  ) t on true
  left join lateral (
    select * from binding c
    where c.trust_provider_id = t.trust_provider_id and c.subject = r.subject and c.state = 'active'
    limit ${maxCandidates}
  ) b on true ${parties}`

const usable = `c.state = 'active' and c.public_jwk is not null and (r.thumbprint is null or c.subject = r.thumbprint)`

// Three ways to name a client, one index each; a name is never taken for an id, since its form is another.
const byClient = `
  select r.ord::int, ${columns}, to_jsonb(y) as key_login
  from unnest($1::text[], $2::uuid[], $3::text[]) with ordinality as r(name, id, thumbprint, ord)
  left join lateral (
    (select c.* from binding c
     where c.identity_id = coalesce((select n.identity_id from identity n where n.name = r.name), r.id) and ${usable}
     limit ${maxCandidates})
    union all
    (select c.* from binding c where c.person_id = r.id and ${usable} limit ${maxCandidates})
  ) b on true
  left join lateral (
    select * from trust_provider n where n.trust_provider_id = b.trust_provider_id and n.state = 'active' limit 1
  ) t on true
  left join lateral (select * from key_login n where n.binding_id = b.binding_id limit 1) y on true ${parties}`

// Trust providers are few, and each look-up of a binding is one by its index.
const byKind = `
  select r.ord, ${columns}
  from json_to_recordset($1::json) as r(ord int, issuers text[], kind text, subjects text[])
  left join lateral (
    select * from trust_provider n
    where (n.issuer = any(r.issuers) or n.kind = r.kind) and n.state = 'active' limit ${maxCandidates}
  ) t on true
  left join lateral (
    select * from binding c
    where c.trust_provider_id = t.trust_provider_id and c.subject = any(r.subjects) and c.state = 'active'
    limit ${maxCandidates}
  ) b on true ${parties}`

const byBinding = `
  select r.ord, ${columns}
  from json_to_recordset($1::json) as r(ord int, binding_id uuid)
  left join lateral (
    select * from binding c where c.binding_id = r.binding_id and c.state = 'active' limit 1
  ) b on true
  left join lateral (
    select * from trust_provider n where n.trust_provider_id = b.trust_provider_id and n.state = 'active' limit 1
  ) t on true ${parties}`

const uuidShape = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Answers all questions, those of one form in one statement. Runs inside the tenant's transaction. */
export async function findProofCandidates(
  client: pg.ClientBase,
  questions: readonly ProofQuestion[],
): Promise<readonly ProofCandidates[]> {
  const answers: ProofCandidates[] = questions.map(() => ({ trustProviders: [], bindings: [] }))
  const issuers = questions.flatMap((one, at) => (one.by === 'issuer' ? [{ ...one, at }] : []))
  const clients = questions.flatMap((one, at) => (one.by === 'client' ? [{ ...one, at }] : []))
  if (issuers.length > 0) {
    const asked = issuers.map((one, index) => ({ ord: index + 1, issuers: one.issuers, subject: one.subject }))
    collect(await ask(client, 'proof_by_issuer', byIssuer, asked), issuers, answers)
  }
  const kinds = questions.flatMap((one, at) => (one.by === 'kind' ? [{ ...one, at }] : []))
  if (kinds.length > 0) {
    const asked = kinds.map(({ issuers: of, kind, subjects }, index) => ({
      ord: index + 1,
      issuers: of,
      kind,
      subjects,
    }))
    collect(await ask(client, 'proof_by_kind', byKind, asked), kinds, answers)
  }
  const known = questions.flatMap((one, at) => (one.by === 'binding' ? [{ ...one, at }] : []))
  if (known.length > 0) {
    const asked = known.map((one, index) => ({ ord: index + 1, binding_id: one.bindingId }))
    collect(await ask(client, 'proof_by_binding', byBinding, asked), known, answers)
  }
  if (clients.length > 0) {
    const { rows } = await client.query<CandidateRow>({
      name: 'proof_by_client',
      text: byClient,
      values: [
        clients.map((one) => (uuidShape.test(one.client) ? null : one.client)),
        clients.map((one) => (uuidShape.test(one.client) ? one.client : null)),
        clients.map((one) => one.thumbprint ?? null),
      ],
    })
    collect(rows, clients, answers)
  }
  return withOwnSvids(client, questions, answers)
}

async function withOwnSvids(
  client: pg.ClientBase,
  questions: readonly ProofQuestion[],
  answers: readonly ProofCandidates[],
): Promise<readonly ProofCandidates[]> {
  const shown = questions.flatMap(({ svid }) => svid ?? [])
  if (shown.length === 0) return answers
  const found = await findOwnSvids(client, shown)
  const svidOf = new Map(shown.map((one, at) => [one, found[at]]))
  return answers.map((answer, at) => {
    const asked = questions[at]?.svid
    const svid = asked === undefined ? undefined : svidOf.get(asked)
    return svid === undefined ? answer : { ...answer, svid }
  })
}

async function ask(
  client: pg.ClientBase,
  name: string,
  text: string,
  asked: readonly object[],
): Promise<readonly CandidateRow[]> {
  const { rows } = await client.query<CandidateRow>({ name, text, values: [JSON.stringify(asked)] })
  return rows
}

interface CandidateRow {
  readonly ord: number
  readonly trust_provider_id: TrustProviderId | null
  readonly t_name: string
  readonly t_kind: TrustProviderKind
  readonly t_settings: string
  readonly strength: Strength
  readonly fresh_for_seconds: number
  readonly t_version: number
  readonly binding_id: BindingId | null
  readonly subject: string
  readonly claims: Readonly<Record<string, unknown>>
  readonly public_jwk: unknown
  readonly b_version: number
  readonly identity_id: IdentityId | null
  readonly i_name: string
  readonly i_kind: IdentityKind
  readonly environment: Environment
  readonly i_state: IdentityState
  readonly expires_at: Date
  readonly spiffe_id: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly i_version: number
  readonly owner_id: OwnerId
  readonly o_name: string
  readonly o_version: number
  readonly o_answers: boolean | null
  readonly person_id: PersonId | null
  readonly p_state: PersonState
  readonly roles: readonly PersonRole[]
  readonly p_version: number
  readonly answers_for: readonly string[]
  readonly member_of: readonly string[] | null
  readonly policy_version_id: PolicyVersionId | null
  readonly digest: string
  readonly key_id: string | null
  readonly key_login?: KeyLoginJson | null
}

interface KeyLoginJson {
  readonly generation: number
  readonly next_digest: string | null
  readonly previous_digest: string | null
  readonly moved_at: string | null
  readonly repeats: number
  readonly locked_at: string | null
  readonly version: number
}

function collect(
  rows: readonly CandidateRow[],
  asked: readonly { readonly at: number }[],
  answers: ProofCandidates[],
): void {
  for (const row of rows) {
    const at = asked[row.ord - 1]?.at ?? 0
    const trustProvider = trustProviderOf(row)
    answers[at] = {
      trustProviders: withTrustProvider(answers[at]?.trustProviders ?? [], trustProvider),
      bindings: [...(answers[at]?.bindings ?? []), ...bindingOf(row, trustProvider)],
      ...(row.policy_version_id === null
        ? {}
        : { policy: { policyVersionId: row.policy_version_id, digest: row.digest } }),
      ...(row.key_id === null ? {} : { signingKeyId: row.key_id }),
    }
  }
}

function withTrustProvider(
  known: readonly CandidateTrustProvider[],
  one: CandidateTrustProvider | undefined,
): readonly CandidateTrustProvider[] {
  if (one === undefined || known.some(({ trustProviderId }) => trustProviderId === one.trustProviderId)) return known
  return [...known, one]
}

function trustProviderOf(row: CandidateRow): CandidateTrustProvider | undefined {
  if (row.trust_provider_id === null) return undefined
  return {
    trustProviderId: row.trust_provider_id,
    name: row.t_name,
    kind: row.t_kind,
    settings: row.t_settings,
    strength: row.strength,
    freshForSeconds: row.fresh_for_seconds,
    version: row.t_version,
  }
}

function bindingOf(row: CandidateRow, trustProvider: CandidateTrustProvider | undefined): readonly CandidateBinding[] {
  // A binding whose trust provider is retired proves nothing.
  if (row.binding_id === null || trustProvider === undefined) return []
  const party = partyOf(row)
  if (party === undefined) return []
  const { binding_id: bindingId, subject, claims, public_jwk: publicJwk, b_version: version } = row
  const keyLogin = keyLoginOf(row.key_login ?? null)
  return [{ trustProvider, bindingId, subject, claims, publicJwk, version, party, keyLogin }]
}

function keyLoginOf(row: KeyLoginJson | null): KeyLoginState | null {
  if (row === null) return null
  return {
    generation: row.generation,
    nextDigest: row.next_digest,
    previousDigest: row.previous_digest,
    movedAt: row.moved_at === null ? null : new Date(row.moved_at),
    repeats: row.repeats,
    lockedAt: row.locked_at === null ? null : new Date(row.locked_at),
    version: row.version,
  }
}

function partyOf(row: CandidateRow): ProvingParty | undefined {
  if (row.identity_id !== null) {
    return {
      kind: 'identity',
      identityId: row.identity_id,
      name: row.i_name,
      identityKind: row.i_kind,
      environment: row.environment,
      state: row.i_state,
      expiresAt: row.expires_at,
      spiffeId: row.spiffe_id,
      attributes: row.attributes,
      version: row.i_version,
      owner: { ownerId: row.owner_id, name: row.o_name, answers: row.o_answers === true, version: row.o_version },
    }
  }
  if (row.person_id === null) return undefined
  return {
    kind: 'person',
    personId: row.person_id,
    state: row.p_state,
    roles: [...new Set(row.roles)],
    answersFor: row.answers_for,
    memberOf: row.member_of ?? [],
    version: row.p_version,
  }
}

/** What one accepted proof writes, and what must still be as it was decided on. */
export interface AcceptedProofRow {
  readonly attestationId: AttestationId
  readonly trustProvider: { readonly id: TrustProviderId; readonly version: number }
  readonly binding: { readonly id: BindingId; readonly version: number }
  readonly identity: { readonly id: IdentityId; readonly version: number } | null
  readonly owner: { readonly id: OwnerId; readonly version: number } | null
  readonly person: { readonly id: PersonId; readonly version: number } | null
  readonly instance: string
  readonly claims: JsonObject
  readonly strength: Strength
  /** As it stands in the row, e.g. `jkt:…`; null for a bearer token. */
  readonly tokenBinding: string | null
  readonly vouchedBy: { readonly attestationId: AttestationId; readonly identityId: IdentityId } | null
  /** The counter of a bound key as it is afterwards, where this login moves it on. */
  readonly keyLogin: KeyLoginState | null
  /** As of when the trust material was that it was judged with; null where that was asked for at this moment. */
  readonly trustMadeAt: Date | null
  /** The SVID of our own that it was proven with, as it was decided on. */
  readonly provenBy: { readonly svidId: SvidId; readonly version: number; readonly chainLength: number } | null
  readonly sourceAddress: string | null
  readonly acceptedAt: Date
  readonly freshUntil: Date
  readonly tokenExpiresAt: Date
  readonly proofDigest: Buffer
  readonly proofExpiresAt: Date
  readonly decision: {
    readonly decisionId: DecisionId
    readonly policyVersionId: PolicyVersionId
    readonly action: string
    readonly principal: JsonObject
    readonly resource: JsonObject
    readonly determining: readonly string[]
    readonly duties: JsonObject
    readonly context: JsonObject
  }
  readonly entry: EntryRow
}

export type AcceptOutcome =
  | 'accepted'
  /** The same proof was accepted before. */
  | 'replayed'
  /** A row that was decided on has changed since: read and decide again. */
  | 'overtaken'

// Held until commit, so that a suspension, a retirement or an activation comes wholly before or wholly after. A row lock
// may not reach the optional side of a join, so identities and people are looked at apart. SVIDs are held after all else, as
// a revocation comes to them last.
const acceptStatement = `
  with input as materialized (
    select * from json_to_recordset($1::json) as r(
      attestation_id uuid, trust_provider_id uuid, t_version int, binding_id uuid, b_version int, identity_id uuid,
      i_version int, owner_id uuid, o_version int, person_id uuid, p_version int, instance text, claims jsonb,
      strength text, token_binding text, vouched_by_attestation_id uuid, host_identity_id uuid, k_version int,
      k_generation int, k_next_digest text, k_previous_digest text, k_moved_at timestamptz, k_repeats int, trust_made_at timestamptz,
      proven_by_svid_id uuid, s_version int, svid_chain_length int, source_address inet, accepted_at timestamptz,
      fresh_until timestamptz, token_expires_at timestamptz, jti_digest text, jti_expires_at timestamptz, decision_id uuid, policy_version_id uuid, action text,
      principal jsonb, resource jsonb, determining jsonb, duties jsonb, context jsonb, entry_id uuid, stream text,
      entry_action text, data text, leaf_hash text)
  ), live_identity as materialized (
    select r.attestation_id from input r
    join trust_provider t on t.trust_provider_id = r.trust_provider_id and t.version = r.t_version
    join binding b on b.binding_id = r.binding_id and b.version = r.b_version
    join identity i on i.identity_id = r.identity_id and i.version = r.i_version
    join owner o on o.owner_id = r.owner_id and o.version = r.o_version
    join policy_version v on v.policy_version_id = r.policy_version_id and v.state = 'active'
    where r.identity_id is not null
    for share of t, b, i, o, v
  ), live_person as materialized (
    select r.attestation_id from input r
    join trust_provider t on t.trust_provider_id = r.trust_provider_id and t.version = r.t_version
    join binding b on b.binding_id = r.binding_id and b.version = r.b_version
    join person p on p.person_id = r.person_id and p.version = r.p_version
    join policy_version v on v.policy_version_id = r.policy_version_id and v.state = 'active'
    where r.person_id is not null
    for share of t, b, p, v
  ), counted as materialized (
    select k.binding_id from input r join key_login k on k.binding_id = r.binding_id and k.version = r.k_version - 1
    where r.k_version is not null for update of k
  ), bound as materialized (
    select attestation_id from live_identity union all select attestation_id from live_person
  ), shown as materialized (
    select array_agg('svid'::text) as kinds, array_agg(w.svid_id) as ids from (
      select distinct r.proven_by_svid_id as svid_id from input r
      where r.proven_by_svid_id is not null and r.attestation_id in (select attestation_id from bound)) w
  ), standing as materialized (
    select h.key, h.version from shown w, hold_authority(w.kinds, w.ids) h
  ), live as materialized (
    select r.* from input r
    where (r.k_version is null or r.binding_id in (select binding_id from counted))
      and (r.proven_by_svid_id is null or exists (
        select from standing h where h.key = 'svid ' || r.proven_by_svid_id and h.version = r.s_version))
      and (r.vouched_by_attestation_id is null or exists (
        select from attestation v where v.attestation_id = r.vouched_by_attestation_id
          and v.state in ('fresh', 'succeeded') and v.fresh_until > r.accepted_at for share))
      and r.attestation_id in (select attestation_id from bound)
  ), seen as (
    insert into proof_seen (trust_provider_id, jti_digest, expires_at)
    select trust_provider_id, decode(jti_digest, 'base64'), jti_expires_at from live
    on conflict do nothing returning trust_provider_id, encode(jti_digest, 'base64') as jti_digest
  ), accepted as materialized (
    select live.* from live join seen using (trust_provider_id, jti_digest)
  ), moved as (
    update key_login k
    set generation = r.k_generation, next_digest = r.k_next_digest, previous_digest = r.k_previous_digest,
        moved_at = r.k_moved_at, repeats = r.k_repeats
    from accepted r where r.k_version is not null and k.binding_id = r.binding_id
  ), decided as (
    insert into decision (decision_id, action, principal, resource, identity_id, outcome, reasons, determining, duties,
                          context, policy_version_id, decided_at)
    select decision_id, action, principal, resource, identity_id, 'permit', '[]',
           array(select jsonb_array_elements_text(determining)), duties, context, policy_version_id, accepted_at
    from accepted
  ), attested as (
    insert into attestation (attestation_id, identity_id, person_id, trust_provider_id, binding_id, instance, claims,
                             strength, token_binding, vouched_by_attestation_id, host_identity_id, trust_made_at,
                             proven_by_svid_id, svid_chain_length, source_address, accepted_at, fresh_until, token_expires_at, decision_id)
    select attestation_id, identity_id, person_id, trust_provider_id, binding_id, instance, claims, strength,
           token_binding, vouched_by_attestation_id, host_identity_id, trust_made_at, proven_by_svid_id, svid_chain_length,
           source_address, accepted_at, fresh_until, token_expires_at, decision_id
    from accepted
  ), told as (
    insert into entry (entry_id, stream, action, recorded_at, identity_id, attestation_id, decision_id, data, leaf_hash)
    select entry_id, stream, entry_action, accepted_at, identity_id, attestation_id, decision_id,
           decode(data, 'base64'), decode(leaf_hash, 'base64')
    from accepted
  )
  select attestation_id, 'accepted' as outcome from accepted
  union all
  select attestation_id, 'replayed' from live where attestation_id not in (select attestation_id from accepted)`

/** Runs inside the tenant's transaction. No two rows of one call may have the same `proofDigest`, or count the same key. */
export async function insertAcceptedProofs(
  client: pg.ClientBase,
  rows: readonly AcceptedProofRow[],
): Promise<readonly AcceptOutcome[]> {
  const answer = await client.query<{ attestation_id: string; outcome: AcceptOutcome }>({
    name: 'proof_accept',
    text: acceptStatement,
    // One parameter: thirty arrays would cost more to write than the rows.
    values: [JSON.stringify(rows.map(acceptedJson))],
  })
  const outcomes = new Map(answer.rows.map((row) => [row.attestation_id, row.outcome]))
  return rows.map((row) => outcomes.get(row.attestationId) ?? 'overtaken')
}

function acceptedJson(row: AcceptedProofRow) {
  const { decision, entry } = row
  return {
    attestation_id: row.attestationId,
    trust_provider_id: row.trustProvider.id,
    t_version: row.trustProvider.version,
    binding_id: row.binding.id,
    b_version: row.binding.version,
    identity_id: row.identity?.id,
    i_version: row.identity?.version,
    owner_id: row.owner?.id,
    o_version: row.owner?.version,
    person_id: row.person?.id,
    p_version: row.person?.version,
    instance: row.instance,
    claims: row.claims,
    strength: row.strength,
    token_binding: row.tokenBinding,
    vouched_by_attestation_id: row.vouchedBy?.attestationId,
    host_identity_id: row.vouchedBy?.identityId,
    ...keyLoginJson(row.keyLogin),
    trust_made_at: row.trustMadeAt,
    proven_by_svid_id: row.provenBy?.svidId,
    s_version: row.provenBy?.version,
    svid_chain_length: row.provenBy?.chainLength,
    source_address: row.sourceAddress,
    accepted_at: row.acceptedAt,
    fresh_until: row.freshUntil,
    token_expires_at: row.tokenExpiresAt,
    jti_digest: row.proofDigest.toString('base64'),
    jti_expires_at: row.proofExpiresAt,
    decision_id: decision.decisionId,
    policy_version_id: decision.policyVersionId,
    action: decision.action,
    principal: decision.principal,
    resource: decision.resource,
    determining: decision.determining,
    duties: decision.duties,
    context: decision.context,
    entry_id: entry.entryId,
    stream: entry.stream,
    entry_action: entry.action,
    data: base64(entry.data),
    leaf_hash: base64(entry.leafHash),
  }
}

function keyLoginJson(state: KeyLoginState | null) {
  if (state === null) return {}
  return {
    k_version: state.version,
    k_generation: state.generation,
    k_next_digest: state.nextDigest,
    k_previous_digest: state.previousDigest,
    k_moved_at: state.movedAt,
    k_repeats: state.repeats,
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
