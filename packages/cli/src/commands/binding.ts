/** `mayfly binding recover`: beside what every noun of the registry has. */
import { answerOf } from '@mayfly/client'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { addExamples } from '../examples.ts'
import { formatRecord } from '../format-table.ts'

export function addBindingCommands(group: Command, cli: Cli): void {
  const recover = group
    .command('recover')
    .description('let a key that counts its logins begin anew, after a clone was seen or its count was lost')
    .argument('<id>', 'id')
    .requiredOption('--reason <text>', 'why, for whoever looks later')
    .option('--resume', 'also let the suspended identity act again')
  addExamples(
    recover,
    "mayfly binding recover 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f --reason 'restored from a backup' --resume",
  )
  recover.action(async (id: string, { reason, resume = false }: { reason: string; resume?: boolean }) => {
    const { api } = await cli.connect()
    const init = { params: { path: { id } }, body: { reason, resume } }
    cli.out.result(await answerOf(api.POST('/v1/bindings/{id}/recover', init)), formatRecord)
  })
}
