/**
 * The SQL of facts: all rows that a decision is made from, in one round trip.
 *
 * Each part is a scalar subquery that gives one JSON value, so that the parts of a question are put together freely
 * and still cost one statement.
 */
import {
  type AttestationId,
  type AttestationState,
  type CredentialId,
  type CredentialState,
  type DataClass,
  type Delivery,
  type Environment,
  type Exposure,
  type IdentityId,
  type IdentityKind,
  type IdentityState,
  isId,
  type OwnerId,
  type PersonId,
  type PersonRole,
  type PersonState,
  type PolicyVersionId,
  type Reach,
  type ResourceId,
  type RoleId,
  type Strength,
  type TaskId,
  type TaskKind,
  type TaskState,
  type TrustProviderId,
} from '@mayfly/domain'
import { type RawBuilder, sql } from 'kysely'
import type { Tx } from './database.ts'

/** Times are RFC 3339 text, as the database writes them into JSON. */
type Instant = string

export interface OwnerJson {
  readonly owner_id: OwnerId
  readonly name: string
  readonly version: number
  readonly answers: boolean
}

/** What the groups of a person give, as one trust provider said it last. */
export interface GroupGrantJson {
  /** Its name. */
  readonly trust_provider: string
  readonly roles: readonly PersonRole[]
  /** Names of owners. */
  readonly member_of: readonly string[]
}

export interface PersonJson {
  readonly person_id: PersonId
  readonly state: PersonState
  readonly roles: readonly PersonRole[]
  readonly version: number
  readonly answers_for: readonly string[]
  readonly grants: readonly GroupGrantJson[]
}

export interface IdentityJson {
  readonly identity_id: IdentityId
  readonly name: string
  readonly kind: IdentityKind
  readonly environment: Environment
  readonly state: IdentityState
  readonly expires_at: Instant
  readonly attributes: Readonly<Record<string, unknown>>
  readonly version: number
  readonly owner: OwnerJson
}

export interface TargetJson {
  readonly resource_id: ResourceId
  readonly name: string
  readonly environment: Environment
  readonly reach: Reach
  readonly data_class: DataClass
  readonly exposure: Exposure
  readonly delivery: Delivery
  readonly provider_kind: string
  readonly settings: unknown
  readonly attributes: Readonly<Record<string, unknown>>
  readonly state: string
  readonly version: number
  readonly owner_name: string
}

export interface RoleJson {
  readonly role_id: RoleId
  readonly name: string
  readonly state: string
  readonly version: number
  readonly target: TargetJson
}

export interface AttestationJson {
  readonly attestation_id: AttestationId
  readonly state: AttestationState
  readonly strength: Strength
  readonly accepted_at: Instant
  readonly fresh_until: Instant
  readonly trust_provider_name: string
  readonly trust_provider_kind: string
  readonly policy_claims: Readonly<Record<string, string>>
  readonly token_binding: string | null
  readonly trust_made_at: Instant | null
  readonly version: number
  readonly source_address: string | null
}

export interface TaskJson {
  readonly task_id: TaskId
  readonly kind: TaskKind
  readonly state: TaskState
  readonly deadline: Instant
  readonly environment: Environment
  readonly version: number
  readonly role_ids: readonly RoleId[]
  readonly identity: IdentityJson
  readonly declared_by_person: PersonJson | null
  readonly declared_by_identity: IdentityJson | null
}

export interface CredentialJson {
  readonly credential_id: CredentialId
  readonly state: CredentialState
  readonly environment: Environment
  readonly role_name: string
  readonly resource_name: string
  readonly identity: IdentityJson
}

export interface TrustProviderJson {
  readonly trust_provider_id: TrustProviderId
  readonly name: string
  readonly state: string
  readonly version: number
}

export interface ActivePolicyJson {
  readonly policy_version_id: PolicyVersionId
  readonly digest: string
  readonly version: number
}

/** A scalar subquery that gives one JSON value, or null where there is no row. */
export type FactPart<T> = RawBuilder<T>
export const noPart: FactPart<null> = sql<null>`select null::jsonb`

/** Part of a statement. */
type Fragment = RawBuilder<unknown>

/** Reads all parts in one statement. */
export async function selectFacts<Parts extends Readonly<Record<string, FactPart<unknown>>>>(
  tx: Tx,
  parts: Parts,
): Promise<{ readonly [Name in keyof Parts]: Parts[Name] extends FactPart<infer T> ? T | null : never }> {
  const columns = Object.entries(parts).map(([name, part]) => sql`(${part}) as ${sql.id(name)}`)
  const { rows } = await sql<never>`select ${sql.join(columns)}`.execute(tx.query)
  const row = rows[0]
  if (row === undefined) throw new Error('a select without from gave no row')
  return row
}

const ownerOf = sql`jsonb_build_object('owner_id', o.owner_id, 'name', o.name, 'version', o.version,
  'answers', o.state = 'active' and exists (
    select from person p where p.person_id in (o.primary_person_id, o.deputy_person_id) and p.state = 'active'))`

function identityObject(alias: string): Fragment {
  const column = (name: string) => sql.ref(`${alias}.${name}`)
  return sql`jsonb_build_object('identity_id', ${column('identity_id')}, 'name', ${column('name')},
    'kind', ${column('kind')}, 'environment', ${column('environment')}, 'state', ${column('state')},
    'expires_at', ${column('expires_at')}, 'attributes', ${column('attributes')}, 'version', ${column('version')},
    'owner', (select ${ownerOf} from owner o where o.owner_id = ${column('owner_id')}))`
}

function personObject(alias: string): Fragment {
  const column = (name: string) => sql.ref(`${alias}.${name}`)
  return sql`jsonb_build_object('person_id', ${column('person_id')}, 'state', ${column('state')},
    'roles', to_jsonb(${column('roles')}), 'version', ${column('version')},
    'answers_for', (select coalesce(jsonb_agg(o.name order by o.name), '[]') from owner o
      where o.state = 'active'
        and (o.primary_person_id = ${column('person_id')} or o.deputy_person_id = ${column('person_id')})),
    'grants', (select coalesce(jsonb_agg(jsonb_build_object('trust_provider', g.name, 'roles', w.held -> 'roles',
        'member_of', (select coalesce(jsonb_agg(o.name order by o.name), '[]') from owner o
          where o.state = 'active'
            and o.owner_id in (select jsonb_array_elements_text(w.held -> 'owner_ids')::uuid)))), '[]')
      from jsonb_object_keys(${column('group_grants')}) as k(id)
      join trust_provider g on g.trust_provider_id = k.id::uuid and g.state = 'active'
      cross join lateral (select group_grant(${column('group_grants')}, g.trust_provider_id, g.version) as held) w
      where w.held is not null))`
}

const targetObject = sql`jsonb_build_object('resource_id', t.resource_id, 'name', t.name, 'environment', t.environment,
  'reach', t.reach, 'data_class', t.data_class, 'exposure', t.exposure, 'delivery', t.delivery,
  'provider_kind', t.provider_kind, 'settings', t.settings, 'attributes', t.attributes, 'state', t.state, 'version', t.version,
  'owner_name', (select o.name from owner o where o.owner_id = t.owner_id))`

const roleObject = sql`jsonb_build_object('role_id', r.role_id, 'name', t.name || '/' || r.name, 'state', r.state,
  'version', r.version, 'target', ${targetObject})`

// What a host agent vouched for is worth nothing without its own proof.
const attestationObject = sql`jsonb_build_object('attestation_id', a.attestation_id,
    'state', case when a.state in ('fresh', 'succeeded') and a.vouched_by_attestation_id is not null and not exists (
        select from attestation v where v.attestation_id = a.vouched_by_attestation_id and v.state in ('fresh', 'succeeded'))
      then 'lapsed' else a.state end,
    'strength', a.strength, 'accepted_at', a.accepted_at,
    'fresh_until', least(a.fresh_until, (
      select v.fresh_until from attestation v where v.attestation_id = a.vouched_by_attestation_id)), 'trust_provider_name', x.name,
    'trust_provider_kind', x.kind, 'policy_claims', coalesce(a.claims -> 'policy_claims', '{}'),
    'token_binding', a.token_binding, 'trust_made_at', a.trust_made_at, 'version', a.version,
    'source_address', host(a.source_address))`

const taskObject = sql`jsonb_build_object('task_id', k.task_id, 'kind', k.kind, 'state', k.state, 'deadline', k.deadline,
    'environment', k.environment, 'version', k.version,
    'role_ids', (select coalesce(jsonb_agg(kr.role_id), '[]') from task_role kr where kr.task_id = k.task_id),
    'identity', (select ${identityObject('i')} from identity i where i.identity_id = k.identity_id),
    'declared_by_person', (select ${personObject('h')} from person h where h.person_id = k.declared_by_person),
    'declared_by_identity', (select ${identityObject('d')} from identity d where d.identity_id = k.declared_by_identity))`

export function personPart(personId: string): FactPart<PersonJson> {
  return sql<PersonJson>`select ${personObject('h')} from person h where h.person_id = ${uuid(personId)}`
}

/** By id or name. */
export function identityPart(ref: string): FactPart<IdentityJson> {
  return sql<IdentityJson>`select ${identityObject('i')} from identity i where ${idOrName('i', 'identity_id', ref)}`
}

export function ownerPart(ref: string): FactPart<OwnerJson> {
  return sql<OwnerJson>`select ${ownerOf} from owner o where ${idOrName('o', 'owner_id', ref)}`
}

export function targetPart(ref: string): FactPart<TargetJson> {
  return sql<TargetJson>`select ${targetObject} from resource t where ${idOrName('t', 'resource_id', ref)}`
}

/** By id, or by name as `resource/role`. */
export function rolePart(ref: string): FactPart<RoleJson> {
  return sql<RoleJson>`select ${roleObject} from role r join resource t using (resource_id) where ${roleIs(ref)}`
}

/** Several roles, each once; fewer than asked for where some are not there. */
export function rolesPart(refs: readonly string[]): FactPart<readonly RoleJson[]> {
  return sql<
    readonly RoleJson[]
  >`select coalesce(jsonb_agg(${roleObject}), '[]') from role r join resource t using (resource_id)
    where ${refs.length === 0 ? sql`false` : sql.join(refs.map(roleIs), sql` or `)}`
}

/** Rows by id, each once, for many questions at a time. */
export function manyIdentitiesPart(ids: readonly IdentityId[]): FactPart<readonly IdentityJson[]> {
  return sql<readonly IdentityJson[]>`select coalesce(jsonb_agg(${identityObject('i')}), '[]') from identity i
    where i.identity_id = any(${ids}::uuid[])`
}

export function manyPeoplePart(ids: readonly PersonId[]): FactPart<readonly PersonJson[]> {
  return sql<readonly PersonJson[]>`select coalesce(jsonb_agg(${personObject('h')}), '[]') from person h
    where h.person_id = any(${ids}::uuid[])`
}

export function manyAttestationsPart(ids: readonly AttestationId[]): FactPart<readonly AttestationJson[]> {
  return sql<readonly AttestationJson[]>`select coalesce(jsonb_agg(${attestationObject}), '[]')
    from attestation a join trust_provider x using (trust_provider_id) where a.attestation_id = any(${ids}::uuid[])`
}

export function manyTasksPart(ids: readonly TaskId[]): FactPart<readonly TaskJson[]> {
  return sql<readonly TaskJson[]>`select coalesce(jsonb_agg(${taskObject}), '[]') from task k
    where k.task_id = any(${ids}::uuid[])`
}

export function trustProviderPart(ref: string): FactPart<TrustProviderJson> {
  return sql<TrustProviderJson>`select jsonb_build_object('trust_provider_id', x.trust_provider_id, 'name', x.name, 'state', x.state,
    'version', x.version) from trust_provider x where ${idOrName('x', 'trust_provider_id', ref)}`
}

export function attestationPart(attestationId: string): FactPart<AttestationJson> {
  return sql<AttestationJson>`select ${attestationObject}
    from attestation a join trust_provider x using (trust_provider_id) where a.attestation_id = ${uuid(attestationId)}`
}

export function taskPart(taskId: string): FactPart<TaskJson> {
  return sql<TaskJson>`select ${taskObject} from task k where k.task_id = ${uuid(taskId)}`
}

export function credentialPart(credentialId: string): FactPart<CredentialJson> {
  return sql<CredentialJson>`select jsonb_build_object('credential_id', c.credential_id, 'state', c.state, 'environment', c.environment,
    'role_name', t.name || '/' || r.name, 'resource_name', t.name,
    'identity', (select ${identityObject('i')} from identity i where i.identity_id = c.identity_id))
    from credential c join role r using (role_id) join resource t on t.resource_id = c.resource_id
    where c.credential_id = ${uuid(credentialId)}`
}

export function policyVersionPart(policyVersionId: string): FactPart<{ readonly policy_version_id: PolicyVersionId }> {
  return sql<{
    readonly policy_version_id: PolicyVersionId
  }>`select jsonb_build_object('policy_version_id', v.policy_version_id, 'state', v.state)
    from policy_version v where v.policy_version_id = ${uuid(policyVersionId)}`
}

/** Which policy version is in force; not its text, which is read once a digest. */
export const activePolicyPart: FactPart<ActivePolicyJson> = sql<ActivePolicyJson>`select jsonb_build_object('policy_version_id', v.policy_version_id,
  'digest', v.digest, 'version', v.version) from policy_version v where v.state = 'active'`

function idOrName(alias: string, idColumn: string, ref: string): Fragment {
  return isId(ref)
    ? sql`${sql.ref(`${alias}.${idColumn}`)} = ${ref}::uuid`
    : sql`${sql.ref(`${alias}.name`)} = ${ref}::text`
}

function roleIs(ref: string): Fragment {
  if (isId(ref)) return sql`r.role_id = ${ref}::uuid`
  const [resource = '', role = ''] = ref.split('/')
  return sql`(t.name = ${resource}::text and r.name = ${role}::text)`
}

// What is no id is an id of nothing, so that a malformed one is "not found" and not an error of the database.
function uuid(id: string): Fragment {
  return isId(id) ? sql`${id}::uuid` : sql`null::uuid`
}

/**
 * Keeps rows as they are until the transaction ends, and tells at which version each is; one that is gone is missing.
 *
 * By advisory locks and not FOR SHARE: those who change a row take their turn with those who hold it, however many come
 * (see hold_authority in the first migration).
 */
export async function lockVersions(
  tx: Tx,
  wanted: readonly { readonly table: string; readonly id: string }[],
): Promise<ReadonlyMap<string, number | null>> {
  if (wanted.length === 0) return new Map()
  const { rows } = await sql<{ key: string; version: number | null }>`
    select key, version from hold_authority(
      ${wanted.map((row) => row.table)}::text[], ${wanted.map((row) => row.id)}::uuid[])`.execute(tx.query)
  return new Map(rows.map((row) => [row.key, row.version]))
}
