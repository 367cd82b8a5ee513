/** `mayfly trace`: who stands behind something, and how it ended, as a tree. */
import { answerOf, type components } from '@mayfly/client'
import { isId } from '@mayfly/domain'
import { Argument, type Command } from 'commander'
import type { Cli } from '../cli.ts'
import { addExamples } from '../examples.ts'
import { formatValue } from '../format-table.ts'
import { printable } from '../output.ts'
import { UsageError } from '../usage-error.ts'

type TraceNode = components['schemas']['TraceNode']

export function addTraceCommand(program: Command, cli: Cli): void {
  const trace = program
    .command('trace')
    .description('tell the story of a credential, a task or an identity: from the person to the end')
    .addArgument(new Argument('<kind>', 'of what').choices(['credential', 'task', 'identity']))
    .argument('<id>', 'its id; of an identity also its name')
  addExamples(
    trace,
    'mayfly trace credential 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f',
    'mayfly trace identity orders-api --json',
  )
  trace.action(async (kind: 'credential' | 'task' | 'identity', ref: string) => {
    if (kind !== 'identity' && !isId(ref)) throw new UsageError(`\`${ref}\` is not the id of a ${kind}`)
    const { api } = await cli.connect()
    const id = isId(ref)
      ? ref
      : (await answerOf(api.GET('/v1/identities/{ref}', { params: { path: { ref } } }))).identity_id
    cli.out.result(await answerOf(api.GET('/v1/trace/{kind}/{id}', { params: { path: { kind, id } } })), (tree) =>
      drawNode(tree, '', '').join('\n'),
    )
  })
}

/** What each kind of node says on its own line. */
const headline: Readonly<Record<TraceNode['kind'], readonly string[]>> = {
  person: ['name', 'because'],
  identity: ['name', 'identity_kind', 'environment', 'owner', 'state'],
  task: ['purpose', 'task_kind', 'state', 'deadline'],
  decision: ['outcome', 'determining'],
  credential: ['role', 'account_name', 'state', 'expires_at'],
  use: ['event', 'source_address', 'started_at'],
  end: ['cause', 'cut_at', 'removed_at'],
}

function drawNode(node: TraceNode, first: string, rest: string): string[] {
  const facts = headline[node.kind].flatMap((name) =>
    node.facts[name] === undefined || node.facts[name] === null ? [] : [formatValue(node.facts[name])],
  )
  const lines = [`${first}${node.kind} ${facts.join(' · ')}  (${printable(node.id)}${node.at ? `, ${node.at}` : ''})`]
  const children = node.children
  const bar = children.length > 0 ? '│' : ' '
  for (const { action, at, leaf_index: leaf } of node.entries) {
    lines.push(`${rest}${bar}   ${at} ${printable(action)}${leaf === null ? ' (not in the log yet)' : ` #${leaf}`}`)
  }
  for (const [index, child] of children.entries()) {
    const last = index === children.length - 1
    lines.push(...drawNode(child, `${rest}${last ? '└─ ' : '├─ '}`, `${rest}${last ? '   ' : '│  '}`))
  }
  return lines
}
