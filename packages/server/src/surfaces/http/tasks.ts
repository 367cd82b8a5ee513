/** Tasks: declare, read, end. */
import { type IdentityId, taskKinds, taskStates, type TaskId } from '@mayfly/domain'
import { z } from 'zod'
import type { AuthorityDeps } from '../../application/decision/authority-deps.ts'
import { declareTask } from '../../application/task/declare-task.ts'
import { type EndedTask, endTask } from '../../application/task/end-task.ts'
import type { CoreDeps } from '../../application/context.ts'
import { getIdentity } from '../../store/identity-rows.ts'
import { getTask, listTasks, type TaskRow, type TaskWithNames } from '../../store/task-rows.ts'
import { defineRoute, defineSelfGatedRoute, type Route } from './define-route.ts'
import { readPage } from './pages.ts'
import { id, page, pageQuery, ref, timestamp } from './wire.ts'

const purpose = z
  .string()
  .trim()
  .min(3, { error: 'at least 3 characters: say what the task is for' })
  .max(1_000)
  .meta({ examples: ['nightly settlement of 2026-11-21'] })

const task = z
  .object({
    task_id: id<TaskId>(),
    kind: z.enum(taskKinds),
    identity_id: id<IdentityId>(),
    identity: z.string(),
    declared_by: z.object({ kind: z.enum(['person', 'identity']), id: id() }),
    purpose: z.string(),
    environment: z.string(),
    roles: z.array(z.string()).meta({ description: '`resource/role`' }),
    deadline: timestamp,
    state: z.enum(taskStates),
    declared_at: timestamp,
    ended_at: timestamp.nullable(),
    note: z.string().nullable(),
    live_credentials: z.int().meta({ description: 'Accounts under it that are not yet gone' }),
  })
  .meta({ id: 'Task', description: 'A declared piece of work' })

function taskWire(row: TaskWithNames): z.output<typeof task> {
  return {
    task_id: row.task_id,
    kind: row.kind,
    identity_id: row.identity_id,
    identity: row.identity_name,
    declared_by: declarerOf(row),
    purpose: row.purpose,
    environment: row.environment,
    roles: [...row.role_names],
    deadline: row.deadline,
    state: row.state,
    declared_at: row.declared_at,
    ended_at: row.ended_at,
    note: row.outcome_note,
    live_credentials: row.live_credentials,
  }
}

function declarerOf(row: TaskRow): { kind: 'person' | 'identity'; id: string } {
  return row.declared_by_person === null
    ? { kind: 'identity', id: row.declared_by_identity ?? row.identity_id }
    : { kind: 'person', id: row.declared_by_person }
}

const endedTask = task
  .extend({
    revocation_id: id()
      .nullable()
      .meta({ description: 'The revocation of what was issued for it; null where nothing lived' }),
  })
  .meta({ id: 'EndedTask' })

const endBody = z.strictObject({
  note: z.string().max(1_000).optional().meta({ description: 'What came of it, for people' }),
})
const taskParams = z.strictObject({ id: id<TaskId>() })

function endRoute(outcome: 'completed' | 'failed', verb: 'complete' | 'fail'): Route<CoreDeps> {
  return defineRoute({
    method: 'POST',
    path: `/v1/tasks/{id}/${verb}`,
    name: `${verb}Task`,
    summary: `end a task as ${outcome}, and with it what was issued for it`,
    action: 'task.end',
    params: taskParams,
    body: endBody,
    resource: ({ params }) => ({ type: 'Task', id: params.id }),
    changes: true,
    response: endedTask,
    problems: ['task_not_active'],
    handle: async (deps: CoreDeps, ctx, { params, body }, tx) => {
      const ended: EndedTask = await endTask(tx, ctx, { taskId: params.id, outcome, note: body.note }, deps.clock.now())
      return {
        ...taskWire(await getTask(tx, params.id)),
        revocation_id: ended.revocation?.revocationId ?? null,
        entry: ended.receipt,
      }
    },
  })
}

export const taskRoutes: readonly Route<AuthorityDeps>[] = [
  defineSelfGatedRoute({
    method: 'POST',
    path: '/v1/tasks',
    name: 'declareTask',
    summary: 'declare a task: for what, by which identity, on which roles, until when',
    action: 'task.declare',
    status: 201,
    body: z.strictObject({
      identity: ref.meta({ description: 'The identity that will do it' }),
      kind: z.enum(taskKinds).default('declared').meta({
        description: '`running_instance`: of a service, declared by itself, at most 24 h, ends when its proof lapses',
      }),
      purpose,
      roles: z
        .array(ref)
        .min(1, { error: 'name at least one role: a task without roles may be issued nothing' })
        .max(50)
        .meta({ examples: [['orders-db/readonly']] }),
      deadline: timestamp,
    }),
    changes: true,
    response: task,
    handle: async (deps: AuthorityDeps, ctx, { body }) => {
      const { taskId, receipt } = await declareTask(deps, ctx, body)
      const row = await deps.database.transaction(ctx.tenantId, (tx) => getTask(tx, taskId))
      return { ...taskWire(row), entry: receipt }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/tasks',
    name: 'listTasks',
    summary: 'list tasks',
    action: 'task.read',
    query: pageQuery.extend({ identity: ref.optional(), state: z.enum(taskStates).optional() }),
    resource: ({ query }) =>
      query.identity === undefined ? { type: 'Tenant' } : { type: 'Identity', id: query.identity },
    response: page(task),
    handle: async (_deps: CoreDeps, _ctx, { query }, tx) => {
      const identityId = query.identity === undefined ? undefined : (await getIdentity(tx, query.identity)).identity_id
      return readPage(
        'tasks',
        query,
        (asked) => listTasks(tx, { identityId, state: query.state }, asked),
        (row) => row.task_id,
        taskWire,
      )
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/tasks/{id}',
    name: 'getTask',
    summary: 'read a task',
    action: 'task.read',
    params: taskParams,
    resource: ({ params }) => ({ type: 'Task', id: params.id }),
    response: task,
    handle: async (_deps: CoreDeps, _ctx, { params }, tx) => taskWire(await getTask(tx, params.id)),
  }),
  endRoute('completed', 'complete'),
  endRoute('failed', 'fail'),
]
