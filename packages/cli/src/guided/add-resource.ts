/**
 * `mayfly resource add KIND`: asks, prints the least-rights setup, checks by doing, registers.
 *
 * Promise: nothing is registered that the target has refused. Every answer can be given as an option instead, so that the
 * same command runs where nobody sits at a terminal; then all that is missing is told at once.
 */
import { dataClasses, environments, exposures, reaches } from '@mayfly/domain'
import { answerOf, type MayflyClient } from '@mayfly/client'
import type { ProviderForm } from '@mayfly/server'
import type { Cli } from '../cli.ts'
import { formatRecord, formatTable } from '../format-table.ts'
import { UsageError } from '../usage-error.ts'
import { missingQuestions } from './questions.ts'
import { askQuestion, openTerminal, type Terminal } from './terminal.ts'

type Members = Record<string, unknown>

export interface GuidedInput {
  readonly form: ProviderForm
  /** Members of the request that options have given. */
  readonly given: Members
  /** The first role: name and permission, as options have given them; absent: asked for. */
  readonly role: { readonly name: string | undefined; readonly permission: Members | undefined }
  /** Take it that what the guide says has been run. */
  readonly yes: boolean
}

const plain = [
  { member: 'name', flag: '--name', question: 'name of the resource, e.g. orders-db' },
  { member: 'owner', flag: '--owner', question: 'owner, the team that answers for it' },
] as const
const chosen = [
  { member: 'environment', flag: '--environment', question: 'environment', choices: environments },
  { member: 'reach', flag: '--reach', question: 'what its credentials can do to it', choices: reaches },
  { member: 'data_class', flag: '--data-class', question: 'what it holds', choices: dataClasses },
  { member: 'exposure', flag: '--exposure', question: 'who can reach it', choices: exposures },
] as const

export async function addResourceGuided(cli: Cli, api: MayflyClient, input: GuidedInput): Promise<void> {
  const terminal = openTerminal()
  try {
    if (terminal === undefined) refuseIncomplete(input)
    const { form } = input
    cli.out.say(
      `${form.title}: run this at the target, as somebody who may; it gives Mayfly the least rights that it needs`,
    )
    cli.out.log(form.guide)
    if (!input.yes && (await terminal?.yes('has it been run?')) !== true) {
      throw new UsageError(
        'nothing was registered',
        'run it, then call this again, with `--yes` if nobody is to be asked',
      )
    }
    const body = await complete(input, terminal)
    const role = await completeRole(input, terminal)
    await tryOut(cli, api, body, role.permission)
    await register(cli, api, body, role)
  } finally {
    terminal?.close()
  }
}

/** Where nobody can be asked: everything that is missing, at once, as the options that give it. */
function refuseIncomplete({ form, given, role, yes }: GuidedInput): void {
  const pathsOf = (schema: ProviderForm['settings'], value: unknown, flag: string): readonly string[] =>
    missingQuestions(schema, value ?? {}).map(({ path }) => `${flag} ${path.join('.')}=…`)
  const flags: readonly string[] = [
    ...[...plain, ...chosen].filter(({ member }) => given[member] === undefined).map(({ flag }) => flag),
    ...pathsOf(form.settings, given['settings'], '--setting'),
    ...pathsOf(form.secret, given['secret'], '--secret'),
    ...(role.name === undefined ? ['--role'] : []),
    ...pathsOf(form.permission, role.permission, '--permission'),
    ...(yes ? [] : ['--yes']),
  ]
  if (flags.length === 0) return
  throw new UsageError(
    `nobody is at a terminal to be asked; missing: ${flags.join(', ')}`,
    `\`mayfly resource guide ${form.kind}\` prints what to run at the target first`,
  )
}

async function complete({ form, given }: GuidedInput, terminal: Terminal | undefined): Promise<Members> {
  const body: Members = { ...given, provider: form.kind }
  for (const { member, question } of plain) body[member] ??= await terminal?.text(question)
  for (const { member, question, choices } of chosen) body[member] ??= await terminal?.choice(question, choices)
  body['settings'] = await fill(form.settings, given['settings'], terminal, false)
  body['secret'] = await fill(form.secret, given['secret'], terminal, true)
  return body
}

async function completeRole({ form, role }: GuidedInput, terminal: Terminal | undefined) {
  const name = role.name ?? (await terminal?.text('name of its first role', 'readonly')) ?? ''
  return { name, permission: await fill(form.permission, role.permission, terminal, false) }
}

/** Asks until nothing required is missing: an answer may open further questions. */
async function fill(
  schema: ProviderForm['settings'],
  given: unknown,
  terminal: Terminal | undefined,
  secret: boolean,
): Promise<Members> {
  const value = structuredClone(given ?? {}) as Members
  for (;;) {
    const [question] = missingQuestions(schema, value)
    if (question === undefined || terminal === undefined) return value
    place(value, question.path, await askQuestion(terminal, question, secret))
  }
}

function place(value: Members, path: readonly string[], answer: unknown): void {
  let at = value
  for (const step of path.slice(0, -1)) at = (at[step] ??= {}) as Members
  at[path.at(-1) ?? ''] = answer
}

async function tryOut(cli: Cli, api: MayflyClient, body: Members, permission: Members): Promise<void> {
  cli.out.progress('trying it at the target: a login is made, used, cut and seen dead')
  const { provider, owner, settings, secret } = body
  const asked = { provider, owner, settings, secret, permission }
  // The server checks every member against the schemas that the questions were made from.
  const { check } = await answerOf(api.POST('/v1/resources/try', { body: asked as never }))
  cli.out.log(
    formatTable(
      ['outcome', 'check', 'what'],
      check.map(({ outcome, check: name, detail, hint }) => [outcome, name, hint ? `${detail}; ${hint}` : detail]),
    ),
  )
  const failed = check.filter(({ outcome }) => outcome === 'failed')
  if (failed.length === 0) return
  throw new UsageError(
    `${failed.length} of ${check.length} checks failed at the target; nothing was registered`,
    failed[0]?.hint ?? 'mend what they name, then call this again',
  )
}

async function register(
  cli: Cli,
  api: MayflyClient,
  body: Members,
  role: { readonly name: string; readonly permission: Members },
): Promise<void> {
  const resource = await answerOf(api.POST('/v1/resources', { body: body as never }))
  await answerOf(
    api.POST('/v1/roles', { body: { resource: resource.name, name: role.name, permission: role.permission as never } }),
  )
  cli.out.progress('checking it as it is registered')
  const checked = await answerOf(api.POST('/v1/resources/{ref}/check', { params: { path: { ref: resource.name } } }))
  const { name, provider, owner, environment, login_adopted_at } = checked
  cli.out.result(checked, () => formatRecord({ name, provider, owner, environment, login_adopted_at }))
  cli.out.say(`registered: issue a credential with \`mayfly issue ${resource.name}/${role.name}\``)
}
