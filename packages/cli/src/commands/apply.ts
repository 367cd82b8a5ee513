/** `mayfly apply`: the registry from a file, the plan first. */
import { answerOf, type components, type MayflyClient } from '@mayfly/client'
import { expandManifest, type FieldProblem, type JsonObject, resolveManifestSecrets } from '@mayfly/domain'
import type { Command } from 'commander'
import { LineCounter, parseDocument } from 'yaml'
import { askPerson } from '../ask-person.ts'
import type { Cli } from '../cli.ts'
import { addExamples } from '../examples.ts'
import { formatValue } from '../format-table.ts'
import { readSecretSource } from '../read-secret.ts'
import { readText } from '../read-text.ts'
import { UsageError } from '../usage-error.ts'

type Plan = components['schemas']['PlanWithUnlisted']

interface ApplyOptions {
  readonly file: string
  readonly plan?: true
  readonly yes?: true
  readonly unlisted?: true
}

export function addApplyCommand(program: Command, cli: Cli): void {
  const apply = program
    .command('apply')
    .description('bring the registry to what a file says: shows the plan first, then asks; all or nothing')
    .requiredOption('-f, --file <file>', 'the manifest, YAML; `-` reads standard input')
    .option('--plan', 'show the plan and change nothing')
    .option('--yes', 'do not ask')
    .option('--unlisted', 'also tell what is registered and not in the file; it stays as it is')
  addExamples(apply, 'mayfly apply -f registry.yaml --plan', 'mayfly apply -f registry.yaml --yes')
  apply.action(async (options: ApplyOptions) => {
    const manifest = await readManifest(cli, options.file)
    const { api } = await cli.connect()
    const plan = await planOf(api, manifest, options.unlisted === true)
    const { created, updated } = plan
    if (options.plan || created + updated === 0) return cli.out.result(plan, formatPlan)
    if (!options.yes) {
      cli.out.say(`the plan for \`${options.file}\`:`)
      for (const line of formatPlan(plan).split('\n')) cli.out.say(line)
      if (!(await askPerson('apply it?'))) throw new UsageError('nothing was applied', 'answer `yes`, or give `--yes`')
    }
    const body = { manifest, plan_digest: plan.digest } as never
    cli.out.result(await answerOf(api.POST('/v1/apply', { body })), formatPlan)
  })
}

async function planOf(api: MayflyClient, manifest: JsonObject, listUnlisted: boolean): Promise<Plan> {
  const body = { manifest, list_unlisted: listUnlisted } as never
  return answerOf(api.POST('/v1/apply/plan', { body }))
}

/** @throws UsageError it cannot be read, is no YAML, or a secret is missing; every fault with its line */
async function readManifest(cli: Cli, file: string): Promise<JsonObject> {
  const text = await readText(cli, file)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, schema: 'core' })
  const [broken] = document.errors
  if (broken !== undefined) throw new UsageError(`\`${file}\` is not YAML: ${broken.message.split('\n')[0] ?? ''}`)
  const manifest: unknown = document.toJS({ maxAliasCount: 100 })
  if (typeof manifest !== 'object' || manifest === null || Array.isArray(manifest)) {
    throw new UsageError(`\`${file}\` is not a manifest`, 'begin it with `version: 1`')
  }
  const place = ({ pointer, detail }: FieldProblem) => {
    const path = pointer
      .split('/')
      .slice(1)
      .map((step) => (/^\d+$/.test(step) ? Number(step) : step))
    const range = (document.getIn(path, true) as { range?: readonly number[] } | undefined)?.range
    const line = range?.[0] === undefined ? '' : `:${lines.linePos(range[0]).line}`
    return `${file}${line}: \`${pointer}\` ${detail}`
  }
  const { faults: misshapen } = expandManifest(manifest as JsonObject)
  const resolved = resolveManifestSecrets(manifest as JsonObject, (source) => readSecretSource(cli, source))
  const faults = [...misshapen, ...resolved.faults]
  if (faults.length > 0) throw new UsageError('the manifest is not usable', undefined, faults.map(place))
  return resolved.manifest
}

const signs = { created: '+', updated: '~', unchanged: ' ' } as const

function formatPlan(plan: Plan | components['schemas']['Plan']): string {
  const lines = plan.items
    .filter(({ outcome }) => outcome !== 'unchanged')
    .flatMap(({ outcome, section, name, changes }) => [
      `${signs[outcome]} ${section} ${name}`,
      ...(outcome === 'updated'
        ? changes.map(({ field, from, to }) => `    ${field}: ${formatValue(from)} -> ${formatValue(to)}`)
        : []),
    ])
  const ends = plan.ends_credentials > 0 ? `; ${plan.ends_credentials} credentials end at once` : ''
  const unlisted = 'unlisted' in plan ? (plan.unlisted ?? []) : []
  return [
    ...lines,
    ...unlisted.map(({ section, name }) => `? ${section} ${name} is registered and not in the file`),
    `${plan.created} created, ${plan.updated} changed, ${plan.unchanged} as they are${ends}`,
  ].join('\n')
}
