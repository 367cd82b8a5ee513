/** `mayfly revoke`: ends everything of one thing, and tells how far it is until it is gone at the targets. */
import { answerOf, followRevocation, type MayflyClient, type Revocation } from '@mayfly/client'
import { type SelectorKind, selectorKinds, withDeadline } from '@mayfly/domain'
import { Argument, type Command } from 'commander'
import type { Cli } from '../cli.ts'
import type { Connection } from '../connect.ts'
import { addExamples } from '../examples.ts'
import { exitCodes } from '../exit-codes.ts'
import { formatTable } from '../format-table.ts'
import { formatMs, parseDuration } from '../parse-duration.ts'

interface RevokeOptions {
  readonly preview?: true
  readonly reason?: string
  readonly wait: boolean
  readonly timeout?: string
  readonly expectedTotal?: string
}

export function addRevokeCommand(program: Command, cli: Cli): void {
  const revoke = program
    .command('revoke')
    .description('end every credential of one thing: authority ends at once, then the accounts at the targets')
    .addArgument(new Argument('<kind>', 'of what').choices(selectorKinds.map((kind) => kind.replaceAll('_', '-'))))
    .argument('<ref>', 'its id, or its name where the kind has names')
    .option('--preview', 'only show what it would end')
    .option('--reason <text>', 'why, for people; goes into the log')
    .option('--expected-total <count>', 'refuse if more would end than the preview showed')
    .option('--wait', 'follow it until all is gone at the targets (this is so by default)', true)
    .option('--no-wait', 'return once authority has ended')
    .option('--timeout <span>', 'wait no longer than this; the removal goes on')
  addExamples(
    revoke,
    'mayfly revoke identity orders-api --preview',
    "mayfly revoke identity orders-api --reason 'key seen in a build log'",
    'mayfly revoke svid 4c1d0f0e8b7a69584736251403f2e1d0',
    'mayfly revoke environment staging --expected-total 40',
  )
  revoke.action(async (kind: string, ref: string, options: RevokeOptions) => {
    const connection = await cli.connect()
    const selector = { kind: kind.replaceAll('-', '_') as SelectorKind, ref }
    if (options.preview) return preview(cli, connection.api, selector)
    await revokeAll(cli, connection, selector, options)
  })
}

interface Selector {
  readonly kind: SelectorKind
  readonly ref: string
}

async function preview(cli: Cli, api: MayflyClient, selector: Selector): Promise<void> {
  const shown = await answerOf(api.POST('/v1/revocations/preview', { body: { selector } }))
  cli.out.result(shown, ({ total, svids, ending, environments, groups }) =>
    [
      `${total} live credentials${svids > 0 ? ` and ${svids} SVIDs` : ''} would end${ending > 0 ? `; ${ending} are ending already` : ''}`,
      ...environments.map(({ environment, would_end: would, live }) => `  ${environment}: ${would} of ${live}`),
      ...(groups.length === 0
        ? []
        : [
            '',
            formatTable(
              ['resource', 'identity', 'owner', 'environment', 'credentials', 'tasks'],
              groups.map((one) => [one.resource, one.identity, one.owner, one.environment, one.credentials, one.tasks]),
            ),
          ]),
    ].join('\n'),
  )
}

async function revokeAll(cli: Cli, connection: Connection, selector: Selector, options: RevokeOptions): Promise<void> {
  const { reason, expectedTotal } = options
  const startedMs = performance.now()
  const body = {
    selector,
    ...(reason !== undefined && { reason }),
    ...(expectedTotal !== undefined && { expected_total: Number(expectedTotal) }),
  }
  const requested = await answerOf(connection.api.POST('/v1/revocations', { body }))
  const { revocation_id: id, total } = requested
  cli.out.say(
    `authority of ${total} credentials has ended (${formatMs(performance.now() - startedMs)}), revocation ${id}`,
  )
  const last = options.wait ? await followToEnd(cli, connection, requested, startedMs, options.timeout) : requested
  cli.out.result(last, (revocation) => describe(revocation))
  if (options.wait && last.state !== 'complete') {
    cli.out.say(`hint: it goes on; see \`mayfly finding list --state open\` for what stands in the way`)
    cli.exitWith(exitCodes.later)
  }
}

async function followToEnd(
  cli: Cli,
  { client }: Connection,
  requested: Revocation,
  startedMs: number,
  timeout: string | undefined,
): Promise<Revocation> {
  const limitMs = timeout === undefined ? Number.POSITIVE_INFINITY : parseDuration(timeout) * 1000
  let last = requested
  let cutTold = false
  const follow = async (signal: AbortSignal) => {
    for await (const revocation of followRevocation(client, requested.revocation_id, signal)) {
      last = revocation
      const after = formatMs(performance.now() - startedMs)
      if (!cutTold && revocation.total > 0 && revocation.cut === revocation.total) {
        cutTold = true
        cli.out.say(`no login and no session is left at the targets after ${after}`)
      } else
        cli.out.progress(`${revocation.cut} of ${revocation.total} cut, ${revocation.removed} removed after ${after}`)
      if (revocation.state === 'complete')
        cli.out.say(`all ${revocation.total} are absent at their targets after ${after}`)
    }
  }
  await withDeadline([cli.signal], limitMs, (limit) =>
    follow(limit).catch((error: unknown) => {
      // Its own limit, not an interruption: what was reached by then is told.
      if (cli.signal.aborted || !limit.aborted) throw error
    }),
  )
  return last
}

function describe({ revocation_id: id, state, total, cut, removed }: Revocation): string {
  return `${id}  ${state}  ${total} credentials, ${cut} cut, ${removed} removed`
}
