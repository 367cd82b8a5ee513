/** The SQL that an issue begins with: all that bounds it, in one look. */
import { type IdentityId, isId, type TaskId } from '@mayfly/domain'
import { type Selectable, sql } from 'kysely'
import type { Tx } from './database.ts'
import { oldestUncovered } from './log-rows.ts'
import { notFound } from './registry-errors.ts'
import type { ResourceTable, RoleTable, SigningKeyTable } from './schema.gen.ts'

/** What an issue needs of its role and resource; no column that a trip through JSON would change. */
export interface IssueTerms {
  readonly role: Pick<
    Selectable<RoleTable>,
    'role_id' | 'permission' | 'parameters' | 'max_ttl_seconds' | 'max_live_per_identity'
  >
  readonly resource: Pick<
    Selectable<ResourceTable>,
    'resource_id' | 'version' | 'provider_kind' | 'environment' | 'settings' | 'sealed_secret' | 'sealed_next_secret'
  >
  readonly identityExpiresAt: Date
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
}

interface Wanted {
  readonly role: string
  readonly identityId: IdentityId
  readonly taskId: TaskId | undefined
}

interface TermsRow {
  readonly role: IssueTerms['role']
  readonly resource: IssueTerms['resource']
  readonly identity_expires_at: Date
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
  of: Wanted & { readonly since: Date; readonly rateCap: number },
): Promise<IssueBounds> {
  const { rows } = await sql<
    TermsRow & {
      live: number
      recent: number
      oldest_uncovered: Date | null
      fingerprint_key: NonNullable<IssueBounds['fingerprintKey']> | null
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
             from signing_key where purpose = 'fingerprint' and signing_key.state = 'active') as fingerprint_key
    ${sourceOf(of)}`.execute(tx.query)
  const row = rows[0]
  return {
    ...termsOfRow(row, of),
    live: row?.live ?? 0,
    recent: row?.recent ?? 0,
    oldestUncovered: row?.oldest_uncovered ?? undefined,
    fingerprintKey: row?.fingerprint_key ?? undefined,
  }
}

function termsOf({ taskId }: Wanted) {
  return sql`to_jsonb(role) as role, to_jsonb(resource) as resource, identity.expires_at as identity_expires_at,
    (select task.deadline from task where task.task_id = ${taskId ?? null}) as task_deadline`
}

function sourceOf({ role, identityId }: Wanted) {
  const slash = role.indexOf('/')
  const whichRole = isId(role)
    ? sql`role.role_id = ${role}`
    : sql`resource.name = ${role.slice(0, Math.max(slash, 0))} and role.name = ${role.slice(slash + 1)}`
  return sql`from role join resource on resource.resource_id = role.resource_id, identity
    where ${whichRole} and identity.identity_id = ${identityId}`
}

function termsOfRow(row: TermsRow | undefined, { role }: Wanted): IssueTerms {
  if (row === undefined) throw notFound('role', role)
  return {
    role: row.role,
    resource: row.resource,
    identityExpiresAt: row.identity_expires_at,
    taskDeadline: row.task_deadline ?? undefined,
  }
}
