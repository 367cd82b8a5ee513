/** `mayfly key …`: the keys that the server signs and seals with. */
import { answerOf, type components } from '@mayfly/client'
import { Argument, type Command } from 'commander'
import type { Cli } from '../cli.ts'
import { addExamples } from '../examples.ts'
import { formatRecord, formatTable } from '../format-table.ts'

const purposes = ['access_token', 'log_checkpoint', 'promise', 'offline_bundle', 'jwt_svid'] as const
type Purpose = components['schemas']['SigningKey']['purpose']

export function addKeyCommands(program: Command, cli: Cli): void {
  const group = program.command('key').description('the keys that the server signs and seals with')
  const list = group.command('list').description('list the signing keys')
  addExamples(list, 'mayfly key list')
  list.action(async () => {
    const { api } = await cli.connect()
    cli.out.result(await answerOf(api.GET('/v1/keys')), ({ items }) =>
      formatTable(
        ['key_id', 'purpose', 'algorithm', 'state', 'activated_at', 'trusted_until'],
        items.map((key) => [key.key_id, key.purpose, key.algorithm, key.state, key.activated_at, key.trusted_until]),
      ),
    )
  })

  const rotate = group
    .command('rotate')
    .description('take the next step in changing a key: publish the new one, then let it sign; `data` seals anew')
    .addArgument(new Argument('<purpose>', 'what the key is for').choices([...purposes, 'data']))
    .option('--compromised', 'the active key is in wrong hands: replace it at once')
  addExamples(rotate, 'mayfly key rotate access_token', 'mayfly key rotate data')
  rotate.action(async (purpose: Purpose | 'data', { compromised = false }: { compromised?: boolean }) => {
    const { api } = await cli.connect()
    if (purpose === 'data') return cli.out.result(await answerOf(api.POST('/v1/data-keys/rotate')), formatRecord)
    const init = { params: { path: { purpose } }, body: { compromised } }
    cli.out.result(await answerOf(api.POST('/v1/keys/{purpose}/rotate', init)), ({ key }) =>
      formatRecord(key, ['public_jwk']),
    )
  })
}
