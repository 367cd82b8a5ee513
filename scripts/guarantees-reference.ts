/** docs/reference/guarantees.md: what each kind promises, from the providers themselves and the last measurement. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DeadLine, Percentiles } from '../bench/bench.ts'
import { ownProviders } from '../packages/server/src/composition/own-providers.ts'

/** What `npm run bench -- time-to-dead --json` printed last. */
const measuredIn = 'docs/reference/time-to-dead.jsonl'

export function guaranteesReference(root: string): { readonly path: string; readonly text: string } {
  const lines = readFileSync(join(root, measuredIn), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as DeadLine)
  const rows = ownProviders.map(({ kind, title, guarantees }) => {
    const { expiryEnforcedBy, revokeCutsOpenSessions, bindings, holderKeys } = guarantees
    const cells = [
      `\`${kind}\` (${title})`,
      expiryEnforcedBy === 'target' ? 'the target' : 'Mayfly, while it runs',
      revokeCutsOpenSessions ? 'ended' : 'go on to their own end',
      bindings.map((one) => `\`${one}\``).join(', ') + (holderKeys ? ` (keys as ${holderKeys.join(', ')})` : ''),
      dead(lines, kind, 1),
      dead(lines, kind, 1_000),
    ]
    return `| ${cells.join(' | ')} |`
  })
  const limits = ownProviders.map(({ kind, guarantees }) =>
    [`### \`${kind}\``, '', ...guarantees.limits.map((limit) => `- ${limit}`)].join('\n'),
  )
  const mixed = lines.filter(({ kind }) => kind.includes('+'))
  const text = `<!-- Made by \`npm run generate\` from the providers and ${measuredIn}; do not edit. -->

# Guarantees

What Mayfly promises of each kind of target, and what it cannot promise. The words are those of the providers, which the
conformance suite judges on real servers; the times are the last measurement of \`npm run bench -- time-to-dead\`.

| kind | who ends it at \`expires_at\` | a revocation and open sessions | what it can be bound to | one credential is dead after | 1,000 of one identity are dead after |
|---|---|---|---|---|---|
${rows.join('\n')}

A time is the median from the request of the revocation until a client of the target's own is refused, until its session
is ended, and until the target says absent; in brackets what 99 of 100 stay under. The request, its transaction, the
workers and the provider are in it; Mayfly, its store, the clients and the target share two cores.

${mixed.map(({ kind, n, ...times }) => `${n.toLocaleString('en')} credentials of one identity over ${kind.split('+').join(', ')} at once: ${timesText(times)}.`).join('\n\n')}

## What stays possible

${limits.join('\n\n')}
`
  return { path: 'docs/reference/guarantees.md', text }
}

function dead(lines: readonly DeadLine[], kind: string, n: number): string {
  const line = lines.find((one) => one.kind === kind && one.n === n)
  return line === undefined ? 'not measured' : timesText(line)
}

function timesText({
  no_login_ms: login,
  no_session_ms: session,
  absent_ms: absent,
}: Pick<DeadLine, 'no_login_ms' | 'no_session_ms' | 'absent_ms'>): string {
  const part = (what: string, times: Percentiles | null) =>
    times === null ? [] : [`${what} ${ms(times.p50)} (${ms(times.p99)})`]
  return [...part('no login', login), ...part('no session', session), ...part('absent', absent)].join(', ')
}

function ms(value: number): string {
  return value < 1_000 ? `${Math.round(value)} ms` : `${(value / 1_000).toFixed(1)} s`
}
