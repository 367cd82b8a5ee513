/** `mayfly identity holds`: law 9, what an identity can do right now. */
import { answerOf } from '@mayfly/client'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { addExamples } from '../examples.ts'
import { formatTable } from '../format-table.ts'

export function addIdentityCommands(group: Command, cli: Cli): void {
  const holds = group
    .command('holds')
    .description('what it can do right now: live credentials, tasks and proofs')
    .argument('<ref>', 'id or name')
  addExamples(holds, 'mayfly identity holds orders-api')
  holds.action(async (ref: string) => {
    const { api } = await cli.connect()
    const held = await answerOf(api.GET('/v1/identities/{ref}/holds', { params: { path: { ref } } }))
    cli.out.result(held, ({ usable, why_not: whyNot, credentials, tasks, attestations, ending_count: ending }) =>
      [
        usable ? 'usable' : `not usable: ${whyNot.join(', ')}`,
        '',
        formatTable(
          ['credential', 'role', 'state', 'expires_at'],
          credentials.map((one) => [one.credential_id, one.role, one.state, one.expires_at]),
        ),
        '',
        formatTable(
          ['task', 'kind', 'purpose', 'deadline'],
          tasks.map((one) => [one.task_id, one.kind, one.purpose, one.deadline]),
        ),
        '',
        formatTable(
          ['proof', 'strength', 'fresh_until'],
          attestations.map((one) => [one.attestation_id, one.strength, one.fresh_until]),
        ),
        ...(ending > 0 ? ['', `${ending} ended, but not yet seen to be gone at the target`] : []),
      ].join('\n'),
    )
  })
}
