import type { Command } from 'commander'

const known = new WeakMap<Command, readonly string[]>()

/** Shown below a command's help and in docs/reference/cli.md. */
export function addExamples(command: Command, ...lines: readonly string[]): Command {
  known.set(command, lines)
  return command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`)
}

export function examplesOf(command: Command): readonly string[] {
  return known.get(command) ?? []
}
