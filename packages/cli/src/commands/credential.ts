/** `mayfly credential …`: what was issued, never its secret. */
import { answerOf } from '@mayfly/client'
import { credentialStates, environments } from '@mayfly/domain'
import { type Command, Option } from 'commander'
import type { Cli } from '../cli.ts'
import { addExamples } from '../examples.ts'
import { formatRecord, formatTable, formatValue } from '../format-table.ts'
import { addPageOptions, listPages, type PageOptions } from '../list-pages.ts'
import { parseDuration } from '../parse-duration.ts'

const exampleId = '0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f'

interface ListOptions extends PageOptions {
  readonly identity?: string
  readonly task?: string
  readonly environment?: string
  readonly state?: string
}

export function addCredentialCommands(program: Command, cli: Cli): void {
  const group = program.command('credential').description('credentials: what was issued, never its secret')
  const list = group
    .command('list')
    .description('list credentials')
    .option('--identity <ref>', 'only those of this identity')
    .option('--task <id>', 'only those of this task')
    .addOption(new Option('--environment <environment>', 'only those').choices(environments))
    .addOption(new Option('--state <state>', 'only those').choices(credentialStates))
  addPageOptions(list)
  addExamples(list, 'mayfly credential list --environment production --state active')
  list.action(async ({ identity, task, environment, state, ...page }: ListOptions) => {
    const { api } = await cli.connect()
    const columns = ['credential_id', 'identity', 'role', 'account_name', 'state', 'use', 'expires_at']
    const filters = { identity, task_id: task, environment, state }
    cli.out.result(await listPages(api, '/v1/credentials', filters, page), ({ items }) =>
      formatTable(
        columns,
        items.map((item) => columns.map((name) => formatValue(item[name]))),
      ),
    )
  })

  const show = group.command('show').description('show a credential').argument('<id>', 'id of the credential')
  addExamples(show, `mayfly credential show ${exampleId}`)
  show.action(async (id: string) => {
    const { api } = await cli.connect()
    cli.out.result(await answerOf(api.GET('/v1/credentials/{id}', { params: { path: { id } } })), formatRecord)
  })

  const renew = group
    .command('renew')
    .description('move the end of a credential that the caller holds')
    .argument('<id>', 'id of the credential')
    .option('--for <span>', 'the life asked for, e.g. `15m`; what is granted may be shorter')
  addExamples(renew, `mayfly credential renew ${exampleId} --for 15m --as orders-api --key-file orders-api.jwk`)
  renew.action(async (id: string, { for: span }: { for?: string }) => {
    const { api } = await cli.connect()
    const body = span === undefined ? {} : { ttl_seconds: parseDuration(span) }
    cli.out.result(
      await answerOf(api.POST('/v1/credentials/{id}/renew', { params: { path: { id } }, body })),
      formatRecord,
    )
  })
}
