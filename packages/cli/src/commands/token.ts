/** `mayfly token get`: a token for an API, for people and programs that send one. */
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { addExamples } from '../examples.ts'
import { collect, parseTextPairs } from '../parse-pairs.ts'
import { UsageError } from '../usage-error.ts'

interface GetOptions {
  readonly resourceRole: string
  readonly audience?: readonly string[]
  readonly task?: string
  readonly parameter?: readonly string[]
}

export function addTokenCommands(program: Command, cli: Cli): void {
  const group = program.command('token').description('signed tokens for APIs that trust this server')
  const get = group
    .command('get')
    .description('be issued one token and print it, once: the token on standard output, the rest on standard error')
    .requiredOption('--resource-role <resource/role>', 'the role, of a resource of kind `jwt`')
    .option('--audience <uri>', 'refuse unless the token is for this audience; several times', collect)
    .option('--task <id>', 'within this task')
    .option('--parameter <name=value>', 'what the role lets its holder choose; several times', collect)
  addExamples(
    get,
    'mayfly token get --resource-role orders-api/reader --as orders-web --key-file orders-web.jwk',
    'curl -H "Authorization: Bearer $(mayfly token get --resource-role orders-api/reader)" https://orders.example.com/',
  )
  get.action(async ({ resourceRole, audience, task, parameter }: GetOptions) => {
    if (!/^[^/]+\/[^/]+$/.test(resourceRole)) {
      throw new UsageError(`\`${resourceRole}\` does not name a role`, 'write it as `resource/role`')
    }
    const { tokens } = await cli.connect()
    const detail = {
      type: 'mayfly_role',
      identifier: resourceRole,
      ...(audience !== undefined && { locations: audience }),
      ...(parameter !== undefined && { parameters: parseTextPairs(parameter, '--parameter') }),
    }
    const token = await tokens.issue({
      authorization_details: JSON.stringify([detail]),
      ...(task !== undefined && { task_id: task }),
    })
    cli.out.result(token, () => token.access_token)
    cli.out.say(`token ${token.credential_id} for ${token.expires_in} s`)
    cli.out.say(`end it with \`mayfly revoke credential ${token.credential_id}\``)
  })
}
