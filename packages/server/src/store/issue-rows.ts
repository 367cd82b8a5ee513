/** The SQL that an issue begins with: all that bounds it, in one look. */
import { type IdentityId, isId, type TaskId } from '@mayfly/domain'
import { type Selectable, sql } from 'kysely'
import type { Tx } from './database.ts'
import { notFound } from './registry-errors.ts'
import type { ResourceTable, RoleTable } from './schema.gen.ts'

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

/** @throws MayflyError `resource_not_found` */
export async function getIssueTerms(
  tx: Tx,
  of: { role: string; identityId: IdentityId; taskId: TaskId | undefined },
): Promise<IssueTerms> {
  const slash = of.role.indexOf('/')
  const whichRole = isId(of.role)
    ? sql`role.role_id = ${of.role}`
    : sql`resource.name = ${of.role.slice(0, Math.max(slash, 0))} and role.name = ${of.role.slice(slash + 1)}`
  const { rows } = await sql<{
    role: IssueTerms['role']
    resource: IssueTerms['resource']
    identity_expires_at: Date
    task_deadline: Date | null
  }>`
    select to_jsonb(role) as role, to_jsonb(resource) as resource, identity.expires_at as identity_expires_at,
           (select task.deadline from task where task.task_id = ${of.taskId ?? null}) as task_deadline
    from role join resource on resource.resource_id = role.resource_id, identity
    where ${whichRole} and identity.identity_id = ${of.identityId}`.execute(tx.query)
  const row = rows[0]
  if (row === undefined) throw notFound('role', of.role)
  return {
    role: row.role,
    resource: row.resource,
    identityExpiresAt: row.identity_expires_at,
    taskDeadline: row.task_deadline ?? undefined,
  }
}
