/** `mayfly ca …`: the authority that signs X509-SVIDs. */
import { answerOf, type components } from '@mayfly/client'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { addExamples } from '../examples.ts'
import { formatRecord, formatTable } from '../format-table.ts'
import { readText } from '../read-text.ts'

type Authority = components['schemas']['X509Authority']

export function addCaCommands(program: Command, cli: Cli): void {
  const group = program.command('ca').description('the authority that signs X509-SVIDs')
  const list = group.command('list').description('list the authorities, present and former')
  addExamples(list, 'mayfly ca list')
  list.action(async () => {
    const { api } = await cli.connect()
    cli.out.result(await answerOf(api.GET('/v1/x509-authorities')), ({ items }) =>
      formatTable(
        ['key_id', 'state', 'signed_by', 'not_after', 'activated_at', 'trusted_until'],
        items.map((each) => [
          each.key_id,
          each.state,
          each.signed_by,
          each.not_after,
          each.activated_at,
          each.trusted_until,
        ]),
      ),
    )
  })

  const rotate = group
    .command('rotate')
    .description('take the next step in changing it: publish a new one, then let it sign')
    .option('--compromised', 'its key is in wrong hands: replace it at once, and revoke what it signed')
  addExamples(rotate, 'mayfly ca rotate', 'mayfly ca rotate --compromised')
  rotate.action(async ({ compromised = false }: { compromised?: boolean }) => {
    const { api } = await cli.connect()
    const answer = await answerOf(api.POST('/v1/x509-authorities/rotate', { body: { compromised } }))
    cli.out.result(answer, ({ authority }) => describe(authority))
    if (answer.authority.state === 'prepared') {
      cli.out.say('it is published, and signs when everybody has had the time to see it; it does so by itself')
    }
  })

  const request = group
    .command('request')
    .description('make the key of an authority that is signed elsewhere, and print the request for its certificate')
  addExamples(request, 'mayfly ca request > mayfly.csr')
  request.action(async () => {
    const { api } = await cli.connect()
    cli.out.result(await answerOf(api.POST('/v1/x509-authorities/request')), ({ csr }) => csr.trimEnd())
  })

  const take = group
    .command('import')
    .description('take the certificate that came back: PEM, ours first, then the path down to the root')
    .argument('<file>', 'the file; `-` reads standard input')
  addExamples(take, 'mayfly ca import signed.pem')
  take.action(async (file: string) => {
    const certificates = await readText(cli, file)
    const { api } = await cli.connect()
    const answer = await answerOf(api.POST('/v1/x509-authorities/import', { body: { certificates } }))
    cli.out.result(answer, ({ authority }) => describe(authority))
  })

  const abandon = group.command('abandon').description('give up the request for a certificate')
  addExamples(abandon, 'mayfly ca abandon')
  abandon.action(async () => {
    const { api } = await cli.connect()
    const answer = await answerOf(api.POST('/v1/x509-authorities/abandon-request'))
    cli.out.result(answer, ({ authority }) => describe(authority))
  })
}

function describe(authority: Authority): string {
  return formatRecord(authority, ['certificate', 'root'])
}
