/** `mayfly finding list`: what a person must know of. */
import { type Command, Option } from 'commander'
import type { Cli } from '../cli.ts'
import { addExamples } from '../examples.ts'
import { formatTable, formatValue } from '../format-table.ts'
import { addPageOptions, listPages, type PageOptions } from '../list-pages.ts'

export function addFindingCommands(program: Command, cli: Cli): void {
  const group = program.command('finding').description('findings: something wrong that a person must know of')
  const list = group
    .command('list')
    .description('list findings')
    .addOption(new Option('--state <state>', 'only those').choices(['open', 'closed']))
    .option('--kind <kind>', 'only those')
  addPageOptions(list)
  addExamples(list, 'mayfly finding list --state open')
  list.action(async ({ state, kind, ...page }: PageOptions & { state?: string; kind?: string }) => {
    const { api } = await cli.connect()
    const columns = ['severity', 'kind', 'detail', 'opened_at', 'closed_at']
    cli.out.result(await listPages(api, '/v1/findings', { state, kind }, page), ({ items }) =>
      formatTable(
        columns,
        items.map((item) => columns.map((name) => formatValue(item[name]))),
      ),
    )
  })
}
