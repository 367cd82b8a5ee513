/** `mayfly session …`: who has signed in, and the end of it. */
import { answerOf } from '@mayfly/client'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { addExamples } from '../examples.ts'
import { formatTable, formatValue } from '../format-table.ts'
import { addPageOptions, listPages, type PageOptions } from '../list-pages.ts'
import { UsageError } from '../usage-error.ts'

export function addSessionCommands(program: Command, cli: Cli): void {
  const group = program.command('session').description('sessions: people who have signed in')
  addList(group, cli)
  addEnd(group, cli)
}

function addList(group: Command, cli: Cli): void {
  const list = group
    .command('list')
    .description('list your own sessions, or those of others where policy permits it')
    .option('--person <ref>', 'those of this person, by id or email', 'me')
    .option('--everyone', 'those of everybody')
    .option('--ended', 'also those that have ended')
  addPageOptions(list)
  addExamples(list, 'mayfly session list', 'mayfly session list --everyone')
  list.action(
    async ({ person, everyone, ended, ...page }: PageOptions & { person: string; everyone?: true; ended?: true }) => {
      const { api } = await cli.connect()
      const filters = { person: everyone ? undefined : person, state: ended ? 'all' : undefined }
      const columns = ['session_id', 'name', 'email', 'provider', 'signed_in_at', 'expires_at', 'source_address', 'own']
      cli.out.result(await listPages(api, '/v1/sessions', filters, page), ({ items }) =>
        formatTable(
          columns,
          items.map((item) => columns.map((name) => formatValue(item[name]))),
        ),
      )
    },
  )
}

function addEnd(group: Command, cli: Cli): void {
  const end = group
    .command('end')
    .description('end a session, or all those of a person')
    .argument('[session]', 'its id')
    .option('--person <ref>', 'all those of this person, by id or email')
    .option('--reason <text>', 'why, for people; goes into the log')
  addExamples(
    end,
    'mayfly session end 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f',
    "mayfly session end --person grace@example.com --reason 'laptop lost'",
  )
  end.action(async (session: string | undefined, { person, reason }: { person?: string; reason?: string }) => {
    if ((session === undefined) === (person === undefined)) {
      throw new UsageError('it is not said what to end', 'give the id of a session, or `--person`, but not both')
    }
    const { api } = await cli.connect()
    const selector =
      session === undefined
        ? ({ kind: 'person', ref: person ?? '' } as const)
        : ({ kind: 'attestation', ref: session } as const)
    const body = { selector, ...(reason !== undefined && { reason }) }
    const ended = await answerOf(api.POST('/v1/revocations', { body }))
    cli.out.result(ended, ({ revocation_id: id }) => `ended (revocation ${id})`)
  })
}
