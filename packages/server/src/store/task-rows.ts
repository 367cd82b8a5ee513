/** The SQL of tasks. */
import {
  type AttestationId,
  type IdentityId,
  MayflyError,
  type RoleId,
  type TaskId,
  type TaskState,
} from '@mayfly/domain'
import { type Insertable, type Selectable, sql } from 'kysely'
import type { Tx } from './database.ts'
import type { PageRequest } from './page.ts'
import type { TaskRoleTable, TaskTable } from './schema.gen.ts'

export type TaskRow = Selectable<TaskTable>
export type TaskRoleRow = Selectable<TaskRoleTable>
export type NewTaskRow = Omit<Insertable<TaskTable>, 'tenant_id' | 'version' | 'state' | 'ended_at' | 'outcome_note'>

export async function insertTask(
  tx: Tx,
  row: NewTaskRow,
  roleIds: readonly RoleId[],
): Promise<{ task: TaskRow; roles: readonly TaskRoleRow[] }> {
  const task = await tx.query.insertInto('task').values(row).returningAll().executeTakeFirstOrThrow()
  const roles = await tx.query
    .insertInto('task_role')
    .values(roleIds.map((roleId) => ({ task_id: row.task_id, role_id: roleId })))
    .returningAll()
    .execute()
  return { task, roles }
}

export type TaskWithNames = TaskRow & {
  readonly identity_name: string
  /** `resource/role`, in order. */
  readonly role_names: readonly string[]
  /** Accounts under it that are not yet gone. */
  readonly live_credentials: number
}

function withNames(tx: Tx) {
  return tx.query
    .selectFrom('task')
    .innerJoin('identity', 'identity.identity_id', 'task.identity_id')
    .selectAll('task')
    .select([
      'identity.name as identity_name',
      sql<string[]>`array(
        select resource.name || '/' || role.name from task_role
        join role using (role_id) join resource using (resource_id)
        where task_role.task_id = task.task_id order by 1)`.as('role_names'),
      sql<number>`(
        select count(*)::int from credential c
        where c.task_id = task.task_id and c.state in ('requested', 'active', 'revoking'))`.as('live_credentials'),
    ])
}

/** @throws MayflyError `resource_not_found` */
export async function getTask(tx: Tx, taskId: TaskId): Promise<TaskWithNames> {
  const row = await withNames(tx).where('task_id', '=', taskId).executeTakeFirst()
  if (row === undefined) throw taskNotFound(taskId)
  return row
}

export function taskNotFound(taskId: TaskId): MayflyError {
  return new MayflyError('resource_not_found', { publicDetail: `there is no task \`${taskId}\`` })
}

/** @returns undefined where it is not active: it has ended already, or there is none */
export async function endIfActive(
  tx: Tx,
  end: { taskId: TaskId; state: Exclude<TaskState, 'active'>; note: string | undefined; now: Date },
): Promise<TaskRow | undefined> {
  return tx.query
    .updateTable('task')
    .set({ state: end.state, ended_at: end.now, outcome_note: end.note ?? null })
    .where('task_id', '=', end.taskId)
    .where('state', '=', 'active')
    .returningAll()
    .executeTakeFirst()
}

/** Tasks past their deadline; those that another worker has in hand are left out. */
export async function claimOverdueTasks(tx: Tx, now: Date, limit: number): Promise<readonly TaskRow[]> {
  return tx.query
    .selectFrom('task')
    .selectAll()
    .where('state', '=', 'active')
    .where('deadline', '<=', now)
    .orderBy('deadline')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute()
}

export interface TaskFilter {
  readonly identityId?: IdentityId | undefined
  readonly attestationId?: AttestationId | undefined
  readonly state?: TaskState | undefined
}

export async function listTasks(tx: Tx, filter: TaskFilter, page: PageRequest): Promise<TaskWithNames[]> {
  let query = withNames(tx)
  if (filter.identityId !== undefined) query = query.where('task.identity_id', '=', filter.identityId)
  if (filter.attestationId !== undefined) query = query.where('task.attestation_id', '=', filter.attestationId)
  if (filter.state !== undefined) query = query.where('task.state', '=', filter.state)
  if (page.after !== undefined) query = query.where('task.task_id', '>', page.after as TaskId)
  return query.orderBy('task.task_id').limit(page.limit).execute()
}
