/**
 * `mayfly resource add KIND`: asks, prints the least-rights setup, checks by doing, registers.
 *
 * Promise: nothing is registered that the target has refused. Every answer can be given as an option instead, so that the
 * same command runs where nobody sits at a terminal; then all that is missing is told at once.
 */
import { dataClasses, environments, exposures, reaches } from '@mayfly/domain'
import { answerOf, type MayflyClient } from '@mayfly/client'
import type { FormPart, ProviderForm } from '@mayfly/server'
import type { Cli } from '../cli.ts'
import { formatRecord } from '../format-table.ts'
import { UsageError } from '../usage-error.ts'
import { type Checked, checkRegistered, findingsTable } from './check-registered.ts'
import { fillAfterwards } from './fill-afterwards.ts'
import { type FormFiller, type Members, openForm } from './fill-form.ts'
import { type Forms, lenderOf, lenderSetting, schemaOf } from './form-parts.ts'
import { faultOfName, faultOfOwner } from './name-faults.ts'
import { askedAfterwards, missingQuestions } from './questions.ts'
import { openTerminal, type Terminal } from './terminal.ts'

export interface GuidedInput {
  readonly form: ProviderForm
  /** Of all kinds: one may be asked for in the words of another. */
  readonly forms: Forms
  /** Members of the request that options have given. */
  readonly given: Members
  /** The first role: name and permission, as options have given them; absent: asked for. */
  readonly role: { readonly name: string | undefined; readonly permission: Members | undefined }
  /** Take it that what the guide says has been run. */
  readonly yes: boolean
}

const plain = [
  { member: 'name', flag: '--name', question: 'name of the resource, e.g. orders-db', faultOf: faultOfName },
  { member: 'owner', flag: '--owner', question: 'owner, the team that answers for it', faultOf: faultOfOwner },
] as const
const chosen = [
  { member: 'environment', flag: '--environment', question: 'environment', choices: environments },
  { member: 'reach', flag: '--reach', question: 'what its credentials can do to it', choices: reaches },
  { member: 'data_class', flag: '--data-class', question: 'what it holds', choices: dataClasses },
  { member: 'exposure', flag: '--exposure', question: 'who can reach it', choices: exposures },
] as const

/** The terminal, where somebody sits there, and what is asked at it. */
interface Asking {
  readonly terminal: Terminal
  readonly filler: FormFiller
}

export async function addResourceGuided(cli: Cli, api: MayflyClient, input: GuidedInput): Promise<void> {
  const { form, forms } = input
  const terminal = openTerminal()
  try {
    if (terminal === undefined) refuseIncomplete(input)
    const asking = terminal && { terminal, filler: openForm(terminal, forms, form, (text) => cli.out.say(text)) }
    const settings = structuredClone(input.given['settings'] ?? {}) as Members
    const later = asking === undefined ? [] : askedAfterwards(form.settings, settings)
    if (later.length > 0)
      cli.out.say(`${form.title}: what it publishes comes first; its setup is printed once it is registered`)
    else await prepare(cli, input, settings, asking)
    const body = await complete(cli, api, { ...input.given, provider: form.kind, settings }, input, asking)
    const role = await completeRole(input, asking)
    await tryOut(cli, api, body, role.permission)
    let resource = await register(cli, api, body, role)
    if (asking !== undefined && later.length > 0)
      resource = await fillAfterwards(cli, api, input, asking, resource, later)
    const { name, provider, owner, environment, login_adopted_at } = resource
    cli.out.result(resource, () => formatRecord({ name, provider, owner, environment, login_adopted_at }))
    cli.out.say(`registered: issue a credential with \`mayfly issue ${name}/${role.name}\``)
  } finally {
    terminal?.close()
  }
}

/** Where nobody can be asked: everything that is missing, at once, as the options that give it. */
function refuseIncomplete({ form, forms, given, role, yes }: GuidedInput): void {
  const missing = (part: FormPart, value: unknown) =>
    missingQuestions(schemaOf(forms, form, part, given['settings']), value ?? {}).filter(
      ({ fallback }) => fallback === undefined,
    )
  const pathsOf = (part: FormPart, value: unknown, flag: string) =>
    missing(part, value).map(({ path }) => `${flag} ${path.join('.')}=…`)
  const flags: readonly string[] = [
    ...[...plain, ...chosen].filter(({ member }) => given[member] === undefined).map(({ flag }) => flag),
    ...pathsOf('settings', given['settings'], '--setting'),
    // A secret that has members is one file.
    ...new Set(missing('secret', given['secret']).map(({ path }) => `--secret ${path[0]}=…`)),
    ...(role.name === undefined ? ['--role'] : []),
    ...pathsOf('permission', role.permission, '--permission'),
    ...(yes ? [] : ['--yes']),
  ]
  if (flags.length === 0) return
  throw new UsageError(
    `nobody is at a terminal to be asked; missing: ${flags.join(', ')}`,
    `\`mayfly resource guide ${form.kind}\` prints what to run at the target first`,
  )
}

/** What gives Mayfly the least rights; where the kind stands upon another one, what that one needs too. */
async function prepare(
  cli: Cli,
  { form, forms, yes }: GuidedInput,
  settings: Members,
  asking: Asking | undefined,
): Promise<void> {
  const wanted = lenderSetting(form)
  if (wanted !== undefined && settings[wanted] === undefined) await asking?.filler.ask(wanted, settings)
  cli.out.say(
    `${form.title}: run this at the target, as somebody who may; it gives Mayfly the least rights that it needs`,
  )
  for (const one of [form, lenderOf(forms, form, settings)]) if (one !== undefined) cli.out.log(one.guide)
  if (yes || (await asking?.terminal.yes('has it been run?')) === true) return
  throw new UsageError('nothing was registered', 'run it, then call this again, with `--yes` if nobody is to be asked')
}

async function complete(
  cli: Cli,
  api: MayflyClient,
  body: Members,
  { given }: GuidedInput,
  asking: Asking | undefined,
): Promise<Members> {
  if (asking === undefined) return body
  const { terminal, filler } = asking
  for (const { member, question, faultOf } of plain) {
    while (body[member] === undefined) {
      const answer = await terminal.text(question)
      const fault = await faultOf(api, answer)
      if (fault === undefined) body[member] = answer
      else cli.out.say(`\`${member}\`: ${fault}`)
    }
  }
  for (const { member, question, choices } of chosen) body[member] ??= await terminal.choice(question, choices)
  body['settings'] = await filler.fill('settings', body['settings'])
  body['secret'] = await filler.fill('secret', given['secret'], body['settings'])
  return body
}

async function completeRole({ role }: GuidedInput, asking: Asking | undefined) {
  const { name, permission } = role
  if (asking === undefined) return { name: name ?? '', permission: permission ?? {} }
  return {
    name: name ?? (await asking.terminal.text('name of its first role', 'readonly')),
    permission: await asking.filler.fill('permission', permission),
  }
}

async function tryOut(cli: Cli, api: MayflyClient, body: Members, permission: Members): Promise<void> {
  cli.out.progress('trying it at the target: a login is made, used, cut and seen dead')
  const { provider, owner, settings, secret } = body
  const asked = { provider, owner, settings, secret, permission }
  // The server checks every member against the schemas that the questions were made from.
  const { check: findings } = await answerOf(api.POST('/v1/resources/try', { body: asked as never }))
  cli.out.log(findingsTable(findings))
  const failed = findings.filter(({ outcome }) => outcome === 'failed')
  if (failed.length === 0) return
  throw new UsageError(
    `${failed.length} of ${findings.length} checks failed at the target; nothing was registered`,
    failed[0]?.hint ?? 'mend what they name, then call this again',
  )
}

async function register(
  cli: Cli,
  api: MayflyClient,
  body: Members,
  role: { readonly name: string; readonly permission: Members },
): Promise<Checked> {
  const resource = await answerOf(api.POST('/v1/resources', { body: body as never }))
  await answerOf(
    api.POST('/v1/roles', { body: { resource: resource.name, name: role.name, permission: role.permission as never } }),
  )
  cli.out.progress('checking it as it is registered')
  return checkRegistered(api, resource.name)
}
