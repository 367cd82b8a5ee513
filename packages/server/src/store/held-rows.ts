/** The SQL of what is held: live credentials, grouped by the facts that they rest on. */
import type {
  AttestationId,
  BoundTo,
  CredentialId,
  IdentityId,
  OwnerId,
  PersonId,
  RoleId,
  Strength,
  TaskId,
  TrustProviderId,
} from '@mayfly/domain'
import { type RawBuilder, sql } from 'kysely'
import type { Tx } from './database.ts'
import { credentialsOf, type Selector } from './revocation-rows.ts'

/** Credentials with the same facts; one decision judges them all. */
export interface HeldGroup {
  readonly identityId: IdentityId
  readonly roleId: RoleId
  readonly taskId: TaskId | null
  readonly attestationId: AttestationId
  /** Undefined while it is being issued: its target has not said yet. */
  readonly boundTo: BoundTo | undefined
  /** Present where it is held on behalf of another. */
  readonly onBehalfOf?: {
    readonly subject:
      | { readonly kind: 'person'; readonly personId: PersonId }
      | { readonly kind: 'identity'; readonly identityId: IdentityId }
    readonly attestationId: AttestationId
    readonly taskId: TaskId | null
    readonly chainLength: number
  }
  readonly count: number
  /** The first and the last end among them. */
  readonly firstExpiresAt: Date
  readonly lastExpiresAt: Date
}

/** What can be concerned; `all` is every live credential. */
export type HeldSelector = Selector | { readonly kind: 'all' }

interface HeldRow {
  identity_id: IdentityId
  role_id: RoleId
  task_id: TaskId | null
  attestation_id: AttestationId
  bound: BoundTo | ''
  subject_attestation_id: AttestationId | null
  subject_identity_id: IdentityId | null
  subject_person_id: PersonId | null
  subject_task_id: TaskId | null
  chain_length: number | null
  count: number
  first: Date
  last: Date
}

const nobody = '00000000-0000-0000-0000-000000000000'

const boundText = "case c.state when 'requested' then '' else c.bound_to end"
const bound = sql.raw(boundText)

/** The subject itself follows from its proof. */
const groupKey = sql.raw(`c.identity_id, c.role_id, coalesce(c.task_id, '${nobody}'), c.attestation_id, ${boundText},
  coalesce(c.subject_attestation_id, '${nobody}'), coalesce(c.subject_task_id, '${nobody}'), coalesce(c.chain_length, 0)`)

/** Groups in the order of their keys, after `after`. Reads live rows only, through the partial index of the selector. */
export async function listHeldGroups(
  tx: Tx,
  selector: HeldSelector,
  page: { readonly after?: HeldGroup | undefined; readonly limit: number },
): Promise<HeldGroup[]> {
  const { after } = page
  const later =
    after === undefined
      ? sql`true`
      : sql`(${groupKey}) > (${after.identityId}::uuid, ${after.roleId}::uuid, ${after.taskId ?? nobody}::uuid,
             ${after.attestationId}::uuid, ${after.boundTo ?? ''}, ${after.onBehalfOf?.attestationId ?? nobody}::uuid,
             ${after.onBehalfOf?.taskId ?? nobody}::uuid, ${after.onBehalfOf?.chainLength ?? 0})`
  const { rows } = await sql<HeldRow>`
    select c.identity_id, c.role_id, c.task_id, c.attestation_id, ${bound} as bound, c.subject_attestation_id,
           c.subject_identity_id, c.subject_person_id, c.subject_task_id, c.chain_length, count(*)::int as count,
           min(c.expires_at) as first, max(c.expires_at) as last
    from credential c
    where c.state in ('requested', 'active') and ${conditionOf(selector)} and ${later}
    group by c.identity_id, c.role_id, c.task_id, c.attestation_id, ${bound}, c.subject_attestation_id,
             c.subject_identity_id, c.subject_person_id, c.subject_task_id, c.chain_length
    order by ${groupKey}
    limit ${page.limit}`.execute(tx.query)
  return rows.map((row) => ({
    identityId: row.identity_id,
    roleId: row.role_id,
    taskId: row.task_id,
    attestationId: row.attestation_id,
    boundTo: row.bound === '' ? undefined : row.bound,
    ...delegationOf(row),
    count: row.count,
    firstExpiresAt: row.first,
    lastExpiresAt: row.last,
  }))
}

function delegationOf(row: HeldRow): Pick<HeldGroup, 'onBehalfOf'> {
  const { subject_attestation_id: attestationId, subject_identity_id: identityId, subject_person_id: personId } = row
  if (attestationId === null) return {}
  const subject =
    identityId !== null
      ? ({ kind: 'identity', identityId } as const)
      : personId !== null
        ? ({ kind: 'person', personId } as const)
        : undefined
  if (subject === undefined) throw new Error('a credential has the proof of a subject and no subject')
  return { onBehalfOf: { subject, attestationId, taskId: row.subject_task_id, chainLength: row.chain_length ?? 1 } }
}

export interface HeldCredential {
  readonly credentialId: CredentialId
  readonly expiresAt: Date
}

export async function listHeldCredentials(tx: Tx, group: HeldGroup): Promise<HeldCredential[]> {
  const { rows } = await sql<{ credential_id: CredentialId; expires_at: Date }>`
    select c.credential_id, c.expires_at from credential c
    where c.state in ('requested', 'active') and c.identity_id = ${group.identityId} and c.role_id = ${group.roleId}
      and c.task_id is not distinct from ${group.taskId}::uuid and c.attestation_id = ${group.attestationId}
      and ${bound} = ${group.boundTo ?? ''}
      and c.subject_attestation_id is not distinct from ${group.onBehalfOf?.attestationId ?? null}::uuid
      and c.subject_task_id is not distinct from ${group.onBehalfOf?.taskId ?? null}::uuid
      and c.chain_length is not distinct from ${group.onBehalfOf?.chainLength ?? null}::int
    order by c.credential_id`.execute(tx.query)
  return rows.map((row) => ({ credentialId: row.credential_id, expiresAt: row.expires_at }))
}

function conditionOf(selector: HeldSelector): RawBuilder<unknown> {
  if (selector.kind === 'all') return sql`true`
  // A person holds no credential; what was issued within tasks that they declared rests on them, and what is held for them.
  if (selector.kind === 'person') {
    return sql`(c.task_id in (select t.task_id from task t where t.declared_by_person = ${selector.id}::uuid and t.state = 'active')
      or ${credentialsOf(selector)})`
  }
  return credentialsOf(selector)
}

/** What the names in a policy's scope stand for; a name of nothing gives nothing. */
export async function findNamed(
  tx: Tx,
  kind: 'identity' | 'owner' | 'role' | 'resource',
  name: string,
): Promise<string | undefined> {
  const [first = '', second = ''] = name.split('/')
  const found = {
    identity: sql<{ id: IdentityId }>`select identity_id as id from identity where name = ${name}`,
    owner: sql<{ id: OwnerId }>`select owner_id as id from owner where name = ${name}`,
    resource: sql<{ id: string }>`select resource_id as id from resource where name = ${name}`,
    role: sql<{ id: RoleId }>`select r.role_id as id from role r join resource t using (resource_id)
      where t.name = ${first} and r.name = ${second}`,
  }[kind]
  const { rows } = await (found as RawBuilder<{ id: string }>).execute(tx.query)
  return rows[0]?.id
}

/** Administrators who can sign in, with each way of proving it: for the check that a policy locks nobody out. */
export interface AdministratorProof {
  readonly personId: PersonId
  readonly trustProviderId: TrustProviderId
  readonly trustProviderName: string
  readonly trustProviderKind: string
  readonly strength: Strength
}

export async function listAdministratorProofs(tx: Tx): Promise<AdministratorProof[]> {
  return tx.query
    .selectFrom('person')
    .innerJoin('binding', 'binding.person_id', 'person.person_id')
    .innerJoin('trust_provider', 'trust_provider.trust_provider_id', 'binding.trust_provider_id')
    .where('person.state', '=', 'active')
    .where('binding.state', '=', 'active')
    .where('trust_provider.state', '=', 'active')
    .where(
      sql<boolean>`('administrator' = any(person.roles) or group_grant(person.group_grants,
        trust_provider.trust_provider_id, trust_provider.version) -> 'roles' ? 'administrator')`,
    )
    .select([
      'person.person_id as personId',
      'trust_provider.trust_provider_id as trustProviderId',
      'trust_provider.name as trustProviderName',
      'trust_provider.kind as trustProviderKind',
      'trust_provider.strength as strength',
    ])
    .distinct()
    .orderBy('person.person_id')
    .limit(1_000)
    .execute()
}
