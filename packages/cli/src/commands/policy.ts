/** `mayfly policy …`: the versions of the policies. */
import { answerOf, type components } from '@mayfly/client'
import type { Command } from 'commander'
import { basename } from 'node:path'
import { parse as parseYaml } from 'yaml'
import type { Cli } from '../cli.ts'
import { addExamples } from '../examples.ts'
import { exitCodes } from '../exit-codes.ts'
import { formatRecord, formatTable } from '../format-table.ts'
import { addPageOptions, listPages, type PageOptions } from '../list-pages.ts'
import { readText } from '../read-text.ts'
import { UsageError } from '../usage-error.ts'

type Schemas = components['schemas']

export function addPolicyCommands(program: Command, cli: Cli): void {
  const group = program.command('policy').description('policies: what is permitted, in Cedar')
  addList(group, cli)
  addShow(group, cli)
  addUpload(group, cli)
  addPreview(group, cli)
  addActivate(group, cli)
  addTest(group, cli)
  const standard = group.command('default').description('print the policies that a new tenant begins with')
  addExamples(standard, 'mayfly policy default > policies.cedar')
  standard.action(async () => {
    const { readDefaultPolicy } = await import('@mayfly/server')
    cli.out.result({ text: await readDefaultPolicy() }, ({ text }) => text)
  })
}

function addList(group: Command, cli: Cli): void {
  const list = group.command('list').description('list the versions, newest last')
  addPageOptions(list)
  addExamples(list, 'mayfly policy list')
  list.action(async (options: PageOptions) => {
    const { api } = await cli.connect()
    const page = await listPages(api, '/v1/policies', {}, options)
    const columns = ['policy_version_id', 'number', 'state', 'note', 'activated_at']
    cli.out.result(page, ({ items }) =>
      formatTable(
        columns,
        items.map((item) => columns.map((name) => item[name] as string)),
      ),
    )
  })
}

function addShow(group: Command, cli: Cli): void {
  const show = group.command('show').description('print the text of a version').argument('<id>', 'id of the version')
  addExamples(show, 'mayfly policy show 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f > policies.cedar')
  show.action(async (id: string) => {
    const { api } = await cli.connect()
    cli.out.result(await answerOf(api.GET('/v1/policies/{id}', { params: { path: { id } } })), ({ text }) => text)
  })
}

function addUpload(group: Command, cli: Cli): void {
  const upload = group
    .command('upload')
    .description('take a text as a new version, checked, not yet in force')
    .argument('<file>', 'Cedar policies; `-` reads standard input')
    .option('--note <text>', 'what is new')
  addExamples(upload, "mayfly policy upload policies.cedar --note 'payroll only at night'")
  upload.action(async (file: string, { note }: { note?: string }) => {
    const text = await readText(cli, file)
    const { api } = await cli.connect()
    const version = await answerOf(api.POST('/v1/policies', { body: { text, ...(note !== undefined && { note }) } }))
    for (const { line, column, message } of version.warnings)
      cli.out.say(`warning: ${basename(file)}:${line}:${column}: ${message}`)
    cli.out.result(version, (made) => formatRecord(made, ['entry', 'warnings']))
    cli.out.say(`see what it would end: \`mayfly policy preview ${version.policy_version_id}\``)
  })
}

function addPreview(group: Command, cli: Cli): void {
  const preview = group
    .command('preview')
    .description('show what the activation of a version would end')
    .argument('<id>', 'id of the version')
  addExamples(preview, 'mayfly policy preview 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f')
  preview.action(async (id: string) => {
    const { api } = await cli.connect()
    const shown = await answerOf(api.POST('/v1/policies/{id}/preview', { params: { path: { id } } }))
    cli.out.result(shown, formatPreview)
    const { would_end: credentials, would_end_svids: svids } = shown
    cli.out.say(
      `put it into force: \`mayfly policy activate ${id} --expected-to-end ${credentials} --expected-svids-to-end ${svids}\``,
    )
  })
}

function formatPreview(shown: Schemas['PolicyPreview']): string {
  const why = ({ reasons }: { reasons: { detail: string }[] }) => reasons.map(({ detail }) => detail).join('; ')
  const tableOf = (columns: string[], rows: string[][]) => (rows.length === 0 ? [] : ['', formatTable(columns, rows)])
  return [
    ...shown.added.map((name) => `+ ${name}`),
    ...shown.changed.map((name) => `~ ${name}`),
    ...shown.removed.map((name) => `- ${name}`),
    `${shown.would_end} live credentials would end; it concerns ${shown.concerned}`,
    `${shown.would_end_svids} live SVIDs would end; it concerns ${shown.concerned_svids}`,
    ...tableOf(
      ['credential', 'identity', 'role', 'why'],
      shown.ending.map((one) => [one.credential_id, one.identity, one.role, why(one)]),
    ),
    ...tableOf(
      ['SVIDs of', 'X.509', 'JWT', 'why'],
      shown.ending_svids.map((one) => [one.identity, String(one.x509), String(one.jwt), why(one)]),
    ),
  ].join('\n')
}

function addActivate(group: Command, cli: Cli): void {
  const activate = group
    .command('activate')
    .description('put a version into force; what it no longer permits ends')
    .argument('<id>', 'id of the version')
    .option('--expected-to-end <count>', 'refuse if more credentials would end than the preview showed')
    .option('--expected-svids-to-end <count>', 'refuse if more SVIDs would end than the preview showed')
  addExamples(
    activate,
    'mayfly policy activate 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f --expected-to-end 0 --expected-svids-to-end 0',
  )
  activate.action(async (id: string, options: { expectedToEnd?: string; expectedSvidsToEnd?: string }) => {
    const body = {
      ...expectedCount('expected_to_end', '--expected-to-end', options.expectedToEnd),
      ...expectedCount('expected_svids_to_end', '--expected-svids-to-end', options.expectedSvidsToEnd),
    }
    const { api } = await cli.connect()
    cli.out.result(
      await answerOf(api.POST('/v1/policies/{id}/activate', { params: { path: { id } }, body })),
      formatRecord,
    )
  })
}

/** @throws UsageError naming the flag */
function expectedCount<Name extends string>(name: Name, flag: string, text: string | undefined) {
  if (text === undefined) return {}
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`\`${text}\` is not a whole number (${flag})`)
  return { [name]: Number(text) } as Record<Name, number>
}

function addTest(group: Command, cli: Cli): void {
  const test = group
    .command('test')
    .description('run cases against a policy text; changes nothing')
    .argument('[file]', 'Cedar policies (default: those in force)')
    .requiredOption('-f, --cases <file>', 'the cases, YAML (docs/guides/write-a-policy.md)')
  addExamples(test, 'mayfly policy test policies.cedar -f cases.yaml')
  test.action(async (file: string | undefined, { cases }: { cases: string }) => {
    const given = parseCases(await readText(cli, cases), cases)
    const { api } = await cli.connect()
    const text = file === undefined ? await readActive(api) : await readText(cli, file)
    const body = { ...given, text } as never
    const report = await answerOf(api.POST('/v1/policies/test', { body }))
    cli.out.result(report, ({ results }) =>
      results
        .flatMap(({ name, passed, differences }) => [
          `${passed ? 'ok  ' : 'FAIL'}  ${name}`,
          ...differences.map((one) => `        ${one}`),
        ])
        .join('\n'),
    )
    const failed = report.results.filter(({ passed }) => !passed).length
    cli.out.say(`${report.results.length - failed} passed, ${failed} failed`)
    if (failed > 0) cli.exitWith(exitCodes.failed)
  })
}

async function readActive(api: Awaited<ReturnType<Cli['connect']>>['api']): Promise<string> {
  const { items } = await listPages(api, '/v1/policies', {}, { limit: 200, all: true })
  const active = (items as unknown as Schemas['PolicyVersion'][]).find(({ state }) => state === 'active')
  if (active === undefined) throw new UsageError('no policy version is active')
  const { text } = await answerOf(api.GET('/v1/policies/{id}', { params: { path: { id: active.policy_version_id } } }))
  return text
}

function parseCases(text: string, file: string): object {
  try {
    const cases: unknown = parseYaml(text, { maxAliasCount: 0, schema: 'core' })
    if (typeof cases === 'object' && cases !== null && !Array.isArray(cases)) return cases
  } catch (error) {
    throw new UsageError(
      `\`${file}\` is not YAML: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''}`,
    )
  }
  throw new UsageError(`\`${file}\` holds no cases`, 'begin it with `cases:`')
}
