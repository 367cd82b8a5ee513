/** `mayfly federation …`: other trust domains whose SVIDs are believed. */
import { answerOf } from '@mayfly/client'
import { type Command, Option } from 'commander'
import type { Cli } from '../cli.ts'
import { addExamples } from '../examples.ts'
import { formatRecord, formatTable } from '../format-table.ts'
import { readText } from '../read-text.ts'
import { UsageError } from '../usage-error.ts'

interface AddOptions {
  readonly endpoint: string
  readonly profile: 'https_web' | 'https_spiffe'
  readonly endpointId?: string
  readonly caFile?: string
  readonly bundleFile?: string
}

export function addFederationCommands(program: Command, cli: Cli): void {
  const group = program.command('federation').description('other trust domains whose SVIDs are believed')
  const list = group.command('list').description('list them')
  addExamples(list, 'mayfly federation list')
  list.action(async () => {
    const { api } = await cli.connect()
    cli.out.result(await answerOf(api.GET('/v1/federations')), ({ items }) =>
      formatTable(
        ['trust_domain', 'profile', 'keys', 'spiffe_sequence', 'answered_at', 'last_error'],
        items.map((each) => [
          each.trust_domain,
          each.profile,
          each.keys,
          each.spiffe_sequence,
          each.answered_at,
          each.last_error,
        ]),
      ),
    )
  })

  const add = group
    .command('add')
    .description('believe a trust domain, by the bundle that its endpoint publishes')
    .argument('<trust-domain>', 'e.g. `partner.example`')
    .requiredOption('--endpoint <url>', 'where it publishes its bundle, https')
    .addOption(
      new Option('--profile <profile>', 'how the endpoint identifies itself')
        .choices(['https_web', 'https_spiffe'])
        .default('https_web'),
    )
    .option('--endpoint-id <spiffe-id>', 'with https_spiffe: who the endpoint is')
    .option('--ca-file <file>', 'with https_web: the authority of its certificate, where it is not a public one; PEM')
    .option('--bundle-file <file>', 'a bundle that came another way, to begin with; https_spiffe needs one')
  addExamples(
    add,
    'mayfly federation add partner.example --endpoint https://partner.example/spiffe/bundle',
    'mayfly federation add partner.example --profile https_spiffe --endpoint https://partner.example:8443/spiffe/bundle --endpoint-id spiffe://partner.example/mayfly/server --bundle-file partner.json',
  )
  add.action(async (trustDomain: string, options: AddOptions) => {
    const { profile, endpoint: url, endpointId, caFile, bundleFile } = options
    const body = {
      trust_domain: trustDomain,
      url,
      profile,
      ...(endpointId !== undefined && { endpoint_spiffe_id: endpointId }),
      ...(caFile !== undefined && { ca_pem: await readText(cli, caFile) }),
      ...(bundleFile !== undefined && { bundle: parseBundle(await readText(cli, bundleFile)) }),
    }
    const { api } = await cli.connect()
    cli.out.result(await answerOf(api.POST('/v1/federations', { body })), (made) => formatRecord(made, ['entry']))
  })

  for (const { name, what, example } of [
    { name: 'show', what: 'show one', example: 'mayfly federation show partner.example' },
    { name: 'refresh', what: 'ask for its bundle now', example: 'mayfly federation refresh partner.example' },
    { name: 'retire', what: 'believe nothing of it any more', example: 'mayfly federation retire partner.example' },
  ] as const) {
    const command = group.command(name).description(what).argument('<trust-domain>', 'which')
    addExamples(command, example)
    command.action(async (trustDomain: string) => {
      const { api } = await cli.connect()
      const init = { params: { path: { trust_domain: trustDomain } } }
      const path = '/v1/federations/{trust_domain}' as const
      const answer =
        name === 'show'
          ? await answerOf(api.GET(path, init))
          : name === 'refresh'
            ? await answerOf(api.POST(`${path}/refresh`, init))
            : await answerOf(api.POST(`${path}/retire`, init))
      cli.out.result(answer, (shown) => formatRecord(shown, ['entry']))
    })
  }
}

function parseBundle(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Said below, as for every other text that is no object.
  }
  throw new UsageError('the bundle is not a JSON object', 'give what its endpoint publishes')
}
