/** `mayfly person|owner|identity|resource|role|trust-provider|binding …`: the registry, by one table. */
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { addExamples } from '../examples.ts'
import { formatRecord, formatTable, formatValue } from '../format-table.ts'
import { addPageOptions, listPages, type PageOptions } from '../list-pages.ts'
import { callApi } from '../call-api.ts'
import { UsageError } from '../usage-error.ts'
import { addBindingCommands } from './binding.ts'
import { addIdentityCommands } from './identity.ts'
import { addField, readFields, requireFields } from './registry-fields.ts'
import { type Field, type Noun, nouns } from './registry-nouns.ts'
import { addByKind, addGuidedOptions, addResourceCommands } from './resource.ts'

type Given = Readonly<Record<string, unknown>>

export function addRegistryCommands(program: Command, cli: Cli): void {
  for (const noun of nouns) {
    const group = program.command(noun.name).summary(noun.title).description(noun.title)
    addAdd(group, cli, noun)
    addList(group, cli, noun)
    addShow(group, cli, noun)
    addUpdate(group, cli, noun)
    for (const [verb, what] of Object.entries(noun.moves)) addMove(group, cli, noun, verb, what)
    if (noun.name === 'identity') addIdentityCommands(group, cli)
    if (noun.name === 'resource') addResourceCommands(group, cli)
    if (noun.name === 'binding') addBindingCommands(group, cli)
  }
}

function addAdd(group: Command, cli: Cli, noun: Noun): void {
  const { naming } = noun
  const fields = noun.fields.filter(({ only }) => only !== 'update')
  const add = group.command('add').description(`register a ${spoken(noun)}`)
  if (naming !== undefined) add.argument(naming.argument)
  const guided = noun.name === 'resource'
  for (const field of fields) addField(add, field, { required: field.required === true && !guided })
  if (guided) addGuidedOptions(add)
  addExamples(add, ...(noun.examples.add ?? []))
  add.action(async (...given: unknown[]) => {
    const [options] = given.slice(-2) as [Given]
    if (guided && options['provider'] === undefined) return addByKind(cli, fields, String(given[0]), options)
    if (guided) requireFields(fields, options)
    const named = naming === undefined ? {} : nameMembers(noun, String(given[0]))
    const { api } = await cli.connect()
    const added = await callApi(api, 'POST', noun.path, {
      body: { ...named, ...(await readFields(cli, fields, options)) },
    })
    cli.out.result(added, formatRecord)
  })
}

function addList(group: Command, cli: Cli, noun: Noun): void {
  const list = group.command('list').description(`list ${noun.title.split(':')[0] ?? ''}`)
  for (const field of noun.filters) addField(list, field, { required: false })
  addPageOptions(list)
  addExamples(list, ...(noun.examples.list ?? [`mayfly ${noun.name} list`]))
  list.action(async (options: Given & PageOptions) => {
    const { api } = await cli.connect()
    const page = await listPages(api, noun.path, await readFields(cli, noun.filters, options), options)
    cli.out.result(page, ({ items }) =>
      formatTable(
        noun.columns,
        items.map((item) => noun.columns.map((column) => formatValue(item[column]))),
      ),
    )
  })
}

function addShow(group: Command, cli: Cli, noun: Noun): void {
  const show = group
    .command('show')
    .description(`show a ${spoken(noun)}`)
    .argument(noun.ref.argument, noun.ref.help)
  addExamples(show, `mayfly ${noun.name} show ${exampleRef(noun)}`)
  show.action(async (ref: string) => {
    const { api } = await cli.connect()
    cli.out.result(await callApi(api, 'GET', itemPath(noun), { path: { [noun.ref.parameter]: ref } }), formatRecord)
  })
}

function addUpdate(group: Command, cli: Cli, noun: Noun): void {
  const fields = noun.fields.filter(({ only }) => only !== 'add')
  const update = group
    .command('update')
    .description(`change a ${spoken(noun)}`)
    .argument(noun.ref.argument, noun.ref.help)
  for (const field of fields) addField(update, field, { required: false })
  addField(update, seenVersion, { required: false })
  addExamples(
    update,
    ...(noun.examples.update ?? [`mayfly ${noun.name} update ${exampleRef(noun)} ${fields[0]?.flags ?? ''}`]),
  )
  update.action(async (ref: string, options: Given) => {
    const body = await readFields(cli, [...fields, seenVersion], options)
    if (Object.keys(body).length === 0) {
      throw new UsageError(
        'nothing to change is given',
        `give one of ${fields.map(({ flags }) => `\`${flags.split(' ')[0] ?? ''}\``).join(', ')}`,
      )
    }
    const { api } = await cli.connect()
    cli.out.result(
      await callApi(api, 'PATCH', itemPath(noun), { path: { [noun.ref.parameter]: ref }, body }),
      formatRecord,
    )
  })
}

function addMove(group: Command, cli: Cli, noun: Noun, verb: string, what: string): void {
  const fields = noun.name === 'binding' ? [seenVersion] : [reason, seenVersion]
  const move = group.command(verb).description(`${verb}: ${what}`).argument(noun.ref.argument, noun.ref.help)
  for (const field of fields) addField(move, field, { required: false })
  addExamples(move, `mayfly ${noun.name} ${verb} ${exampleRef(noun)}`)
  move.action(async (ref: string, options: Given) => {
    const body = await readFields(cli, fields, options)
    const { api } = await cli.connect()
    const path = { [noun.ref.parameter]: ref }
    cli.out.result(await callApi(api, 'POST', `${itemPath(noun)}/${verb}`, { path, body }), formatRecord)
  })
}

const reason: Field = { flags: '--reason <text>', member: 'reason', help: 'why; recorded with the revocation' }
const seenVersion: Field = {
  flags: '--seen-version <number>',
  member: 'version',
  help: 'refuse if it has been changed since this version',
  as: 'whole',
}

/** A role is named within its resource. */
function nameMembers({ name, naming }: Noun, argument: string): Record<string, string> {
  if (name !== 'role') return { [naming?.member ?? 'name']: argument }
  const [resource, role, ...rest] = argument.split('/')
  if (!resource || !role || rest.length > 0) {
    throw new UsageError(
      `\`${argument}\` does not name a role`,
      'write it as `resource/role`, e.g. `orders-db/readonly`',
    )
  }
  return { resource, name: role }
}

function itemPath(noun: Noun): string {
  return `${noun.path}/{${noun.ref.parameter}}`
}

function spoken(noun: Noun): string {
  return noun.name.replace('-', ' ')
}

function exampleRef(noun: Noun): string {
  const refs: Record<string, string> = {
    person: 'grace@example.com',
    owner: 'payments',
    identity: 'orders-api',
    resource: 'orders-db',
    role: 'orders-db/readonly',
    'trust-provider': 'github',
    'offline-site': 'depot',
  }
  return refs[noun.name] ?? '0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f'
}
