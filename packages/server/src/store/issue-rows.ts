/** The SQL that an issue begins with: all that bounds it, in one look. */
import { type AttestationId, type IdentityId, isId, type TaskId } from '@mayfly/domain'
import { type Selectable, sql } from 'kysely'
import type { Tx } from './database.ts'
import { oldestUncovered } from './log-rows.ts'
import { notFound } from './registry-errors.ts'
import type { ResourceTable, RoleTable, SigningKeyTable } from './schema.gen.ts'

/** What an issue needs of its role and resource; no column that a trip through JSON would change. */
export interface IssueTerms {
  readonly role: Pick<
    Selectable<RoleTable>,
    'role_id' | 'name' | 'permission' | 'parameters' | 'max_ttl_seconds' | 'max_live_per_identity'
  >
  readonly resource: Pick<
    Selectable<ResourceTable>,
    | 'resource_id'
    | 'name'
    | 'version'
    | 'provider_kind'
    | 'environment'
    | 'settings'
    | 'sealed_secret'
    | 'sealed_next_secret'
  >
  readonly identityExpiresAt: Date
  readonly identitySpiffeId: string
  readonly taskDeadline: Date | undefined
}

/** All that bounds a new credential, the terms among it. */
export interface IssueBounds extends IssueTerms {
  /** Accounts of the role that the identity has and that are not yet gone; counted up to the role's cap. */
  readonly live: number
  /** Requests of the identity since `since`; counted up to `rateCap`. */
  readonly recent: number
  /** When the oldest entry was recorded that no checkpoint covers yet. */
  readonly oldestUncovered: Date | undefined
  readonly fingerprintKey: Pick<Selectable<SigningKeyTable>, 'key_id' | 'sealed_private'> | undefined
  /** The active keys that sign tokens, by algorithm. */
  readonly tokenKeys: Readonly<Partial<Record<'ES256' | 'RS256', string>>>
  /** Until when the proof of the holder is fresh, and what its access token is bound to, as in the row. */
  readonly proofFreshUntil: Date
  readonly proofTokenBinding: string | null
  /** From where the holder proved what it is. */
  readonly proofSourceAddress: string | null
  /** Of whom it is held for; null where it is nobody, or a person. */
  readonly subjectSpiffeId: string | null
  readonly subjectExpiresAt: Date | null
  readonly subjectProofFreshUntil: Date | null
}

interface Wanted {
  readonly role: string
  readonly identityId: IdentityId
  readonly taskId: TaskId | undefined
}

interface Delegated {
  /** For whom it is held. */
  readonly subject?: { readonly identityId: IdentityId | undefined; readonly attestationId: AttestationId } | undefined
}

interface TermsRow {
  readonly role: IssueTerms['role']
  readonly resource: IssueTerms['resource']
  readonly identity_expires_at: Date
  readonly identity_spiffe_id: string
  readonly task_deadline: Date | null
}

/** @throws MayflyError `resource_not_found` */
export async function getIssueTerms(tx: Tx, of: Wanted): Promise<IssueTerms> {
  const { rows } = await sql<TermsRow>`select ${termsOf(of)} ${sourceOf(of)}`.execute(tx.query)
  return termsOfRow(rows[0], of)
}

/** @throws MayflyError `resource_not_found` */
export async function getIssueBounds(
  tx: Tx,
  of: Wanted & {
    readonly since: Date
    readonly rateCap: number
    readonly attestationId: AttestationId
  } & Delegated,
): Promise<IssueBounds> {
  const { rows } = await sql<
    TermsRow & {
      live: number
      recent: number
      oldest_uncovered: Date | null
      fingerprint_key: NonNullable<IssueBounds['fingerprintKey']> | null
      token_keys: IssueBounds['tokenKeys'] | null
      proof: {
        readonly fresh_until: string
        readonly token_binding: string | null
        readonly source_address: string | null
      } | null
      subject_spiffe_id: string | null
      subject_expires_at: Date | null
      subject_proof_fresh_until: Date | null
    }
  >`
    select ${termsOf(of)}, ${sql.raw(oldestUncovered)} as oldest_uncovered,
           (select count(*)::int from (select from credential
             where credential.identity_id = identity.identity_id and credential.role_id = role.role_id
               and credential.state in ('requested', 'active', 'revoking') limit role.max_live_per_identity) l) as live,
           (select count(*)::int from (select from credential
             where credential.identity_id = identity.identity_id and requested_at > ${of.since}
             limit ${of.rateCap}) r) as recent,
           (select jsonb_build_object('key_id', key_id, 'sealed_private', sealed_private)
             from signing_key where purpose = 'fingerprint' and signing_key.state = 'active') as fingerprint_key,
           (select jsonb_object_agg(algorithm, key_id) from signing_key
             where purpose in ('access_token', 'federated_token') and signing_key.state = 'active') as token_keys,
           (select jsonb_build_object('fresh_until', a.fresh_until, 'token_binding', a.token_binding,
             'source_address', host(a.source_address))
             from attestation a where a.attestation_id = ${of.attestationId}) as proof,
           s.spiffe_id as subject_spiffe_id, s.expires_at as subject_expires_at,
           (select a.fresh_until from attestation a
             where a.attestation_id = ${of.subject?.attestationId ?? null}) as subject_proof_fresh_until
    ${sourceOf(of)}`.execute(tx.query)
  const row = rows[0]
  return {
    ...termsOfRow(row, of),
    live: row?.live ?? 0,
    recent: row?.recent ?? 0,
    oldestUncovered: row?.oldest_uncovered ?? undefined,
    fingerprintKey: row?.fingerprint_key ?? undefined,
    tokenKeys: row?.token_keys ?? {},
    proofFreshUntil: new Date(row?.proof?.fresh_until ?? 0),
    proofTokenBinding: row?.proof?.token_binding ?? null,
    proofSourceAddress: row?.proof?.source_address ?? null,
    subjectSpiffeId: row?.subject_spiffe_id ?? null,
    subjectExpiresAt: row?.subject_expires_at ?? null,
    subjectProofFreshUntil: row?.subject_proof_fresh_until ?? null,
  }
}

function termsOf({ taskId }: Wanted) {
  return sql`to_jsonb(role) as role, to_jsonb(resource) as resource, identity.expires_at as identity_expires_at,
    identity.spiffe_id as identity_spiffe_id,
    (select task.deadline from task where task.task_id = ${taskId ?? null}) as task_deadline`
}

function sourceOf({ role, identityId, subject }: Wanted & Pick<Delegated, 'subject'>) {
  const slash = role.indexOf('/')
  const whichRole = isId(role)
    ? sql`role.role_id = ${role}`
    : sql`resource.name = ${role.slice(0, Math.max(slash, 0))} and role.name = ${role.slice(slash + 1)}`
  return sql`from role join resource on resource.resource_id = role.resource_id, identity
    left join lateral (select * from identity s where s.identity_id = ${subject?.identityId ?? null} limit 1) s on true
    where ${whichRole} and identity.identity_id = ${identityId}`
}

function termsOfRow(row: TermsRow | undefined, { role }: Wanted): IssueTerms {
  if (row === undefined) throw notFound('role', role)
  return {
    role: row.role,
    resource: row.resource,
    identityExpiresAt: row.identity_expires_at,
    identitySpiffeId: row.identity_spiffe_id,
    taskDeadline: row.task_deadline ?? undefined,
  }
}
