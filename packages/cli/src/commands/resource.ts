/** `mayfly resource check`, `rotate-login` and `guide`. */
import { answerOf } from '@mayfly/client'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { addExamples } from '../examples.ts'
import { exitCodes } from '../exit-codes.ts'
import { formatTable, formatValue } from '../format-table.ts'
import { addResourceGuided } from '../guided/add-resource.ts'
import { collect, parsePairs } from '../parse-pairs.ts'
import { UsageError } from '../usage-error.ts'
import { readFields } from './registry-fields.ts'
import type { Field } from './registry-nouns.ts'

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
    given: { ...(typeof name === 'string' && { name }), ...(await readFields(cli, fields, options)) },
    role: {
      name: typeof role === 'string' ? role : undefined,
      permission: Array.isArray(permission) ? parsePairs(permission.map(String), '--permission') : undefined,
    },
    yes: yes === true,
  })
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
    const resource = await answerOf(api.POST('/v1/resources/{ref}/check', { params: { path: { ref } } }))
    const findings = resource.check ?? []
    cli.out.result(resource, () =>
      formatTable(
        ['outcome', 'check', 'what'],
        findings.map(({ outcome, check: name, detail, hint }) => [outcome, name, hint ? `${detail}; ${hint}` : detail]),
      ),
    )
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
