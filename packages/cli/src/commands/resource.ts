/** `mayfly resource check`, `rotate-login`, `rotate-secret`, `document` and `guide`. */
import { answerOf, type MayflyClient } from '@mayfly/client'
import { isId } from '@mayfly/domain'
import type { Command } from 'commander'
import { boundedFetch } from '../bounded-fetch.ts'
import type { Cli } from '../cli.ts'
import { addExamples } from '../examples.ts'
import { exitCodes } from '../exit-codes.ts'
import { formatValue } from '../format-table.ts'
import { addResourceGuided } from '../guided/add-resource.ts'
import { checkRegistered, findingsTable } from '../guided/check-registered.ts'
import { collect, parsePairs } from '../parse-pairs.ts'
import { UsageError } from '../usage-error.ts'
import { readFields } from './registry-fields.ts'
import type { Field } from './registry-nouns.ts'

const documentTimeoutMs = 30_000

export function addGuidedOptions(add: Command): void {
  add
    .description('register a resource: by its name and all options, or step by step by its kind, e.g. `postgres`')
    .option('--name <name>', 'step by step: the name of the resource')
    .option('--role <name>', 'step by step: the name of its first role')
    .option('--permission <name=value>', 'step by step: what the first role permits, in the words of the kind', collect)
    .option('--yes', 'step by step: what the guide says has been run at the target')
}

/** `mayfly resource add KIND`: asks for what the options leave out. */
export async function addByKind(
  cli: Cli,
  fields: readonly Field[],
  kind: string,
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { providerForms } = await import('@mayfly/server')
  const forms = providerForms()
  const form = forms.get(kind)
  if (form === undefined) {
    throw new UsageError(
      `\`${kind}\` is not a kind of resource`,
      `give a kind to be led through it (${[...forms.keys()].join(', ')}), or a name with \`--provider <kind>\``,
    )
  }
  const { name, role, permission, yes } = options
  const { api } = await cli.connect()
  await addResourceGuided(cli, api, {
    form,
    forms,
    given: { ...(typeof name === 'string' && { name }), ...(await readFields(cli, fields, options)) },
    role: {
      name: typeof role === 'string' ? role : undefined,
      permission: Array.isArray(permission) ? parsePairs(permission.map(String), '--permission') : undefined,
    },
    yes: yes === true,
  })
}

/**
 * Where what a resource publishes is, after the address of the server, which says so itself.
 *
 * @param tenant another one than that of who asks: nothing can be looked up there by its name
 */
async function findPublished(api: MayflyClient, ref: string, document: string, tenant?: string): Promise<string> {
  if (tenant !== undefined) {
    const id = isId(ref) ? ref : (await getResource(api, ref)).resource_id
    return `/t/${encodeURIComponent(tenant)}/published/${id}`
  }
  const { published, provider, resource_id: id } = await getResource(api, ref)
  // A server of the release before does not say.
  if (published === undefined) return `/published/${id}`
  const names = published?.documents.map(({ name }) => name) ?? []
  if (published === null || !names.includes(document)) {
    throw new UsageError(
      `\`${ref}\`, a resource of the kind \`${provider}\`, publishes no \`${document}\``,
      names.length === 0 ? 'its kind publishes nothing' : `it publishes ${names.map((one) => `\`${one}\``).join(', ')}`,
    )
  }
  return published.path
}

async function getResource(api: MayflyClient, ref: string) {
  return answerOf(api.GET('/v1/resources/{ref}', { params: { path: { ref } } }))
}

export function addResourceCommands(group: Command, cli: Cli): void {
  const check = group
    .command('check')
    .description('prove at the target, by doing, that the settings and rights suffice')
    .argument('<ref>', 'id or name')
  addExamples(check, 'mayfly resource check orders-db')
  check.action(async (ref: string) => {
    const { api } = await cli.connect()
    cli.out.progress(`checking \`${ref}\` at its target`)
    const resource = await checkRegistered(api, ref)
    const findings = resource.check ?? []
    cli.out.result(resource, () => findingsTable(findings))
    const failed = findings.filter(({ outcome }) => outcome === 'failed')
    if (failed.length > 0) {
      cli.out.say(`${failed.length} of ${findings.length} failed: ${formatValue(failed.map((one) => one.check))}`)
      cli.exitWith(exitCodes.failed)
    }
  })

  const rotate = group
    .command('rotate-login')
    .description("change the password of Mayfly's own login at the target to a new one that only Mayfly knows")
    .argument('<ref>', 'id or name')
  addExamples(rotate, 'mayfly resource rotate-login orders-db')
  rotate.action(async (ref: string) => {
    const { api } = await cli.connect()
    cli.out.result(
      await answerOf(api.POST('/v1/resources/{ref}/rotate-login', { params: { path: { ref } } })),
      (resource) => `the login of \`${resource.name}\` was changed at ${resource.login_adopted_at ?? '-'}`,
    )
  })

  const rotateSecret = group
    .command('rotate-secret')
    .description('rotate a static secret at its system, now; who reads it again goes on')
    .argument('<ref>', 'id or name of a resource of the kind `static`')
    .option('--leaked', 'it was seen where it does not belong: raises a finding, and no version outlives its notice')
    .option('--end-now', 'end the version before at once, whoever uses it still')
    .option('--reason <text>', 'why, for the log')
  addExamples(
    rotateSecret,
    'mayfly resource rotate-secret legacy-db',
    "mayfly resource rotate-secret legacy-db --leaked --end-now --reason 'found in a public repository'",
  )
  rotateSecret.action(
    async (ref: string, options: { readonly leaked?: true; readonly endNow?: true; readonly reason?: string }) => {
      const { api } = await cli.connect()
      const body = {
        leaked: options.leaked === true,
        end_now: options.endNow === true,
        ...(options.reason === undefined ? {} : { reason: options.reason }),
      }
      cli.out.result(
        await answerOf(api.POST('/v1/resources/{ref}/rotate-secret', { params: { path: { ref } }, body })),
        (resource) =>
          options.endNow === true
            ? `the secret of \`${resource.name}\` was rotated, and what came before is refused`
            : `the secret of \`${resource.name}\` was rotated; \`mayfly finding list\` says where a version has notice`,
      )
    },
  )

  const document = group
    .command('document')
    .description('print what a resource publishes: an authority, a list of what has ended')
    .argument('<ref>', 'id or name')
    .argument('<name>', 'e.g. `ca.pem` and `crl` of `x509`, `user-ca.pub` and `krl` of `ssh`')
    .option('--tenant <name>', 'of this tenant, where it is not your own; the resource then by its id')
  addExamples(
    document,
    'mayfly resource document orders-hosts user-ca.pub > /etc/ssh/mayfly-user-ca.pub',
    'mayfly resource document orders-pki crl > orders.crl',
  )
  document.action(async (ref: string, name: string, { tenant }: { readonly tenant?: string }) => {
    const { api, url } = await cli.connect()
    const place = await findPublished(api, ref, name, tenant)
    const answer = await boundedFetch(cli.signal, documentTimeoutMs)(`${url}${place}/${encodeURIComponent(name)}`)
    if (!answer.ok) {
      throw new UsageError(
        tenant === undefined
          ? `the server did not give out \`${name}\` of \`${ref}\` (HTTP ${answer.status})`
          : `there is no \`${name}\` of \`${ref}\` in the tenant \`${tenant}\``,
        tenant === undefined
          ? 'try again; `mayfly resource check` says how it stands with it'
          : 'check the name of the tenant; without `--tenant` it is your own',
      )
    }
    cli.out.bytes(new Uint8Array(await answer.arrayBuffer()))
  })

  const guide = group
    .command('guide')
    .description('print what to run at a target so that Mayfly gets the least rights that it needs')
    .argument('<kind>', 'the kind of system, e.g. `postgres`')
  addExamples(guide, 'mayfly resource guide postgres > mayfly.sql')
  guide.action(async (kind: string) => {
    const { providerGuides } = await import('@mayfly/server')
    const guides = providerGuides()
    const text = guides.get(kind)
    if (text === undefined) {
      throw new UsageError(`there is no provider \`${kind}\``, `there are ${[...guides.keys()].join(', ')}`)
    }
    cli.out.result({ kind, guide: text }, () => text)
  })
}
