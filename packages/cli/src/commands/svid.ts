/** `mayfly svid …`: SVIDs of the identity that asks, for where no host agent keeps them. */
import { generateKeyPairSync } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { answerOf, type MayflyClient } from '@mayfly/client'
import { writePrivateFile } from '@mayfly/client/login'
import { encodePem } from '@mayfly/domain'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { addExamples } from '../examples.ts'
import { formatRecord, formatTable, formatValue } from '../format-table.ts'
import { addPageOptions, listPages, type PageOptions } from '../list-pages.ts'
import { parseDuration } from '../parse-duration.ts'
import { collect } from '../parse-pairs.ts'

export function addSvidCommands(program: Command, cli: Cli): void {
  const group = program.command('svid').description('SVIDs: certificates and tokens that say who a workload is')
  addX509(group, cli)
  addJwt(group, cli)
  addBundle(group, cli)

  const list = group
    .command('list')
    .description('list SVIDs that were issued; none of them is kept')
    .option('--identity <id>', 'only those of this identity')
    .option('--live', 'only those that have neither ended nor been revoked')
  addPageOptions(list)
  addExamples(list, 'mayfly svid list --live')
  list.action(async ({ identity, live, ...page }: PageOptions & { identity?: string; live?: true }) => {
    const { api } = await cli.connect()
    const columns = ['spiffe_id', 'kind', 'serial_number', 'expires_at', 'state']
    const filters = { identity, ...(live && { live: 'true' }) }
    cli.out.result(await listPages(api, '/v1/svids', filters, page), ({ items }) =>
      formatTable(
        columns,
        items.map((item) => columns.map((name) => formatValue(item[name]))),
      ),
    )
  })
}

function addX509(group: Command, cli: Cli): void {
  const command = group
    .command('x509')
    .description('get an X509-SVID: writes svid.pem, svid_key.pem and bundle.pem; the key never leaves this machine')
    .requiredOption('--out <dir>', 'where to')
    .option('--for <span>', 'the life asked for')
    .option(
      '--dns-name <name>',
      'a name that the registry lists for the identity; more than once for more',
      collect,
      [],
    )
  addExamples(command, 'mayfly svid x509 --out ./tls --as orders-api --key-file orders-api.jwk')
  command.action(async (options: { out: string; for?: string; dnsName: string[] }) => {
    const { api } = await cli.connect()
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const body = {
      public_key: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      ...(options.for !== undefined && { ttl_seconds: parseDuration(options.for) }),
      ...(options.dnsName.length > 0 && { dns_names: options.dnsName }),
    }
    const svid = await answerOf(api.POST('/v1/svids/x509', { body }))
    const dir = resolve(cli.cwd, options.out)
    await mkdir(dir, { recursive: true })
    const pem = (ders: readonly string[]) =>
      ders.map((der) => encodePem('CERTIFICATE', Buffer.from(der, 'base64'))).join('')
    await writePrivateFile(join(dir, 'bundle.pem'), pem(await readRoots(api)))
    await writePrivateFile(join(dir, 'svid_key.pem'), privateKey.export({ format: 'pem', type: 'pkcs8' }).toString())
    await writePrivateFile(join(dir, 'svid.pem'), pem(svid.certificates))
    const { spiffe_id, serial_number, not_after } = svid
    cli.out.result({ dir, spiffe_id, serial_number, not_after }, formatRecord)
  })
}

function addJwt(group: Command, cli: Cli): void {
  const command = group
    .command('jwt')
    .description('get a JWT-SVID, on standard output')
    .requiredOption('--audience <name>', 'whom it is for; more than once for more', collect, [])
    .option('--for <span>', 'the life asked for')
  addExamples(command, 'mayfly svid jwt --audience orders-api --as billing --key-file billing.jwk')
  command.action(async ({ audience, for: span }: { audience: string[]; for?: string }) => {
    const { api } = await cli.connect()
    const body = { audiences: audience, ...(span !== undefined && { ttl_seconds: parseDuration(span) }) }
    cli.out.result(await answerOf(api.POST('/v1/svids/jwt', { body })), ({ token }) => token)
  })
}

function addBundle(group: Command, cli: Cli): void {
  const command = group
    .command('bundle')
    .description('print the trust bundle of the trust domain: the keys that its SVIDs are verified with')
    .option('--pem', 'only the X.509 authorities, PEM')
  addExamples(command, 'mayfly svid bundle > bundle.json', 'mayfly svid bundle --pem')
  command.action(async ({ pem }: { pem?: true }) => {
    const { api } = await cli.connect()
    const { items } = await answerOf(api.GET('/v1/trust-bundles'))
    const bundle = items[0]?.bundle ?? { keys: [] }
    const roots = async () =>
      (await readRoots(api)).map((der) => encodePem('CERTIFICATE', Buffer.from(der, 'base64'))).join('')
    const text = pem ? (await roots()).trimEnd() : JSON.stringify(bundle, null, 2)
    cli.out.result(bundle, () => text)
  })
}

/** DER, base64. */
async function readRoots(api: MayflyClient): Promise<readonly string[]> {
  const { items } = await answerOf(api.GET('/v1/trust-bundles'))
  return (items[0]?.bundle.keys ?? []).flatMap((key) =>
    key['use'] === 'x509-svid' && Array.isArray(key['x5c']) ? (key['x5c'] as string[]) : [],
  )
}
