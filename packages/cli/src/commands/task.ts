/** `mayfly task …`: declared pieces of work. */
import { answerOf } from '@mayfly/client'
import { type TaskState, taskStates } from '@mayfly/domain'
import { type Command, Option } from 'commander'
import type { Cli } from '../cli.ts'
import { addExamples } from '../examples.ts'
import { formatRecord, formatTable, formatValue } from '../format-table.ts'
import { addPageOptions, listPages, type PageOptions } from '../list-pages.ts'
import { parseMoment } from '../parse-duration.ts'
import { collect } from '../parse-pairs.ts'

const exampleId = '0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f'

interface DeclareOptions {
  readonly identity: string
  readonly purpose: string
  readonly role: readonly string[]
  readonly deadline: string
}

export function addTaskCommands(program: Command, cli: Cli): void {
  const group = program.command('task').description('tasks: for what, by which identity, on which roles, until when')
  const declare = group
    .command('declare')
    .description('declare a task')
    .requiredOption('--identity <ref>', 'the identity that will do it')
    .requiredOption('--purpose <text>', 'what it is for')
    .requiredOption('--role <resource/role>', 'a role that it needs; several times', collect)
    .requiredOption('--deadline <moment>', 'until when: `2h` from now, or a time')
  addExamples(
    declare,
    "mayfly task declare --identity settlement --purpose 'nightly settlement' --role orders-db/readonly --deadline 2h",
  )
  declare.action(async ({ identity, purpose, role, deadline }: DeclareOptions) => {
    const { api } = await cli.connect()
    const body = { identity, purpose, roles: [...role], deadline: parseMoment(deadline, cli.now()) }
    cli.out.result(await answerOf(api.POST('/v1/tasks', { body })), formatRecord)
  })

  for (const [verb, what] of [
    ['complete', 'end a task that is done; what was issued for it ends at once'],
    ['fail', 'end a task that came to nothing; what was issued for it ends at once'],
  ] as const) {
    const end = group
      .command(verb)
      .description(what)
      .argument('<id>', 'id of the task')
      .option('--note <text>', 'what came of it')
    addExamples(end, `mayfly task ${verb} ${exampleId}`)
    end.action(async (id: string, { note }: { note?: string }) => {
      const { api } = await cli.connect()
      const init = { params: { path: { id } }, body: note === undefined ? {} : { note } }
      const ended = await answerOf(
        verb === 'complete' ? api.POST('/v1/tasks/{id}/complete', init) : api.POST('/v1/tasks/{id}/fail', init),
      )
      cli.out.result(ended, formatRecord)
    })
  }

  const show = group.command('show').description('show a task').argument('<id>', 'id of the task')
  addExamples(show, `mayfly task show ${exampleId}`)
  show.action(async (id: string) => {
    const { api } = await cli.connect()
    cli.out.result(await answerOf(api.GET('/v1/tasks/{id}', { params: { path: { id } } })), formatRecord)
  })

  const list = group
    .command('list')
    .description('list tasks')
    .option('--identity <ref>', 'only those of this identity')
    .addOption(new Option('--state <state>', 'only those').choices(taskStates))
  addPageOptions(list)
  addExamples(list, 'mayfly task list --identity settlement --state active')
  list.action(async ({ identity, state, ...page }: PageOptions & { identity?: string; state?: TaskState }) => {
    const { api } = await cli.connect()
    const columns = ['task_id', 'identity', 'kind', 'purpose', 'roles', 'deadline', 'state']
    cli.out.result(await listPages(api, '/v1/tasks', { identity, state }, page), ({ items }) =>
      formatTable(
        columns,
        items.map((item) => columns.map((name) => formatValue(item[name]))),
      ),
    )
  })
}
