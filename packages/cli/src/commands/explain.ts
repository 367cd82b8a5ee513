/** `mayfly explain`: why something was permitted or denied. */
import { answerOf, type components } from '@mayfly/client'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { addExamples } from '../examples.ts'
import { formatRecord } from '../format-table.ts'
import { printable } from '../output.ts'

export function addExplainCommand(program: Command, cli: Cli): void {
  const explain = program
    .command('explain')
    .description('say why something was permitted or denied, and by which policies')
    .argument('<decision>', 'id of the decision, as a refusal names it')
    .option('--text', 'also print the deciding policies as they were')
  addExamples(explain, 'mayfly explain 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f --text')
  explain.action(async (id: string, { text }: { text?: true }) => {
    const { api } = await cli.connect()
    const decision = await answerOf(api.GET('/v1/decisions/{id}', { params: { path: { id } } }))
    cli.out.result(decision, () => describeDecision(decision, text === true))
  })
}

function describeDecision(decision: components['schemas']['Decision'], withText: boolean): string {
  const { outcome, action, decided_at: at, reasons, duties, policies, policy_version: version } = decision
  const lines = [
    `${outcome}  ${action}  at ${at}`,
    `  by   ${nameOf(decision.principal)}`,
    `  on   ${nameOf(decision.resource)}`,
    ...(version ? [`  policy version ${version.number}`] : ['  no policy version was in force']),
    '',
    ...reasons.map(
      ({ code, detail, policy }) => `because  ${detail}${policy === undefined ? '' : ` [${policy}]`} (${code})`,
    ),
    ...policies.map(({ id, effect, description }) => `policy   ${effect} ${id}: ${description}`),
  ].map(printable)
  if (outcome === 'permit' && Object.keys(duties).length > 0) {
    lines.push(
      '',
      'obliges to',
      ...formatRecord(duties)
        .split('\n')
        .map((line) => `  ${line}`),
    )
  }
  if (withText) lines.push(...policies.flatMap(({ id, text }) => ['', `// ${id}`, ...text.split('\n').map(printable)]))
  return lines.join('\n')
}

function nameOf(facts: Readonly<Record<string, unknown>>): string {
  const { type, name, id } = facts
  const shown = [type, name ?? id].filter((one) => typeof one === 'string')
  return shown.length > 0 ? shown.join(' ') : JSON.stringify(facts)
}
